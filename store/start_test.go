package store_test

import (
	"sync"
	"testing"

	"hubbub/codec"
	"hubbub/handler/history"
)

// TestReadersAtTheStart: of many who read as soon as a server has the database, none misses anything, while others append.
func TestReadersAtTheStart(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		const messages, readers = 3000, 16
		first := d.lead(t, nil)
		if err := first.Append(t.Context(), broadcasts(1, messages)); err != nil {
			t.Fatal(err)
		}
		first.end()
		for round := range 5 {
			s := d.lead(t, nil)
			var reading sync.WaitGroup
			begin := make(chan struct{})
			for i := range readers {
				reading.Go(func() {
					<-begin
					if i == readers/2 {
						if err := s.Append(t.Context(), broadcasts(codec.ID(messages+1+round), codec.ID(messages+1+round))); err != nil {
							t.Error(err)
						}
						return
					}
					missed, err := s.Missed(t.Context(), history.Party{Name: "nobody"}, 0, messages)
					if err != nil || len(missed.Messages) != messages {
						t.Errorf("round %d: reader %d gets %d messages of %d (%v)", round, i, len(missed.Messages), messages, err)
					}
				})
			}
			close(begin)
			reading.Wait()
			s.end()
		}
	})
}
