package server

import (
	"testing"
	"time"

	"go.uber.org/zap"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/store"
)

// TestPrune: what is too old goes, and of what is too many the oldest.
func TestPrune(t *testing.T) {
	for _, test := range []struct {
		age   time.Duration
		count int64
		left  int
	}{{0, 0, 10}, {time.Hour, 0, 7}, {0, 5, 5}, {time.Hour, 5, 5}, {time.Hour, 8, 7}} {
		kept, err := store.Open(t.Context(), "sqlite", t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer kept.Close()
		var messages []history.Message
		for i := range 10 {
			at := time.Now()
			if i < 3 {
				at = at.Add(-2 * time.Hour)
			}
			messages = append(messages, history.Message{
				ID: codec.MakeID(codec.TickAt(at)+uint64(i), 0), From: history.Party{Name: "alice"}, Text: "hello",
			})
		}
		if err := kept.Append(t.Context(), messages); err != nil {
			t.Fatal(err)
		}
		s := &Server{store: kept, log: zap.NewNop()}
		s.config.Store(&Config{HistoryAge: test.age, HistoryCount: test.count})
		if done, err := s.prune(t.Context(), time.Now()); err != nil || !done {
			t.Errorf("%+v: %v, %v", test, done, err)
		}
		page, err := kept.Page(t.Context(), []history.Conversation{{}}, 0, 0, 100)
		if n := len(page.Messages); err != nil || n != test.left || page.Messages[n-1].ID != messages[9].ID {
			t.Errorf("%+v: %d messages are left (%v)", test, n, err)
		}
	}
}
