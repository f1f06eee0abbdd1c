package history

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
)

// floor is a Store on which everything falls.
type floor struct{ Store }

func (floor) Append(context.Context, []Message) error { return nil }

var text = strings.Repeat("hello ", 11)[:64]

func newFloor(b *testing.B) *Journal {
	j := New(Config{
		Store: floor{}, Answer: func([]Receipt) {}, Failed: func(error) {}, Appended: func(int, time.Duration) {},
	})
	go j.Run()
	b.Cleanup(func() { j.Close(context.Background()) })
	return j
}

// BenchmarkAdd is what a message costs its sequencer while Run keeps what is added.
func BenchmarkAdd(b *testing.B) {
	j := newFloor(b)
	b.ReportAllocs()
	id := codec.ID(0)
	for b.Loop() {
		id++
		j.Add(Message{ID: id, From: ann, Text: text}, Receipt{Ref: 1})
	}
	b.StopTimer()
	j.Flush(b.Context())
	b.ReportMetric(float64(id)/float64(j.Stats().Commits), "msgs/commit")
}

// BenchmarkKeep is all that is done with a message, one group after the other.
func BenchmarkKeep(b *testing.B) {
	for _, n := range []int{1, 32, 1024} {
		b.Run(fmt.Sprint("group=", n), func(b *testing.B) {
			j := newFloor(b)
			b.ReportAllocs()
			id := codec.ID(0)
			for b.Loop() {
				for range n {
					id++
					j.Add(Message{ID: id, From: ann, Text: text}, Receipt{Ref: 1})
				}
				j.Flush(b.Context())
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(id), "ns/msg")
		})
	}
}

// BenchmarkTail reads the last messages of as many as are remembered.
func BenchmarkTail(b *testing.B) {
	j := newFloor(b)
	for id := range codec.ID(rememberedMessages) {
		j.Add(Message{ID: id + 1, From: ann, Text: text}, Receipt{})
	}
	j.Flush(b.Context())
	for _, n := range []int{0, 1, 100, rememberedMessages} {
		b.Run(fmt.Sprint("give=", n), func(b *testing.B) {
			b.ReportAllocs()
			var dst []Message
			for b.Loop() {
				dst, _, _ = j.Tail(dst[:0], bob, codec.ID(rememberedMessages-n), n)
			}
			if len(dst) != n {
				b.Errorf("got %d messages", len(dst))
			}
		})
	}
	// The reader's own messages are passed over one by one.
	b.Run("give=0/own=4096", func(b *testing.B) {
		for b.Loop() {
			j.Tail(nil, ann, 0, 100)
		}
	})
}
