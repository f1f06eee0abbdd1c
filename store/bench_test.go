package store_test

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/store"
)

// stored is how many messages BenchmarkFirstPage reads among: -stored 10000000 takes minutes to fill.
var stored = flag.Int("stored", 100_000, "messages that are stored before BenchmarkFirstPage")

// fill puts messages together: whispers between accounts, or what everybody gets.
func fill(batch []history.Message, next codec.ID, whispers bool) codec.ID {
	text := strings.Repeat("lorem ipsum ", 5)
	for i := range batch {
		next++
		m := history.Message{ID: next, From: history.Party{Account: int64(next%1000 + 1), Name: "somebody"}, Text: text}
		if whispers {
			m.To = history.Party{Account: int64(next/7%5000 + 1001), Name: "somebody else"}
		}
		batch[i] = m
	}
	return next
}

func onEach(b *testing.B, bench func(b *testing.B, s *store.Store)) {
	for _, engine := range engines {
		b.Run(engine.name, func(b *testing.B) { bench(b, engine.make(b).open(b)) })
	}
}

// cpu is what this process has used, in nanoseconds: with SQLite everything, with PostgreSQL the client's part.
func cpu(b *testing.B) int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// BenchmarkAppend keeps going in one database, so the whispers find more and more conversations there.
func BenchmarkAppend(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		var next codec.ID
		for _, size := range []int{1, 16, 256, 4096} {
			for _, kind := range []string{"lobby", "whispers"} {
				b.Run(fmt.Sprintf("%s/%d", kind, size), func(b *testing.B) {
					batch := make([]history.Message, size)
					b.ReportAllocs()
					before := cpu(b)
					for b.Loop() {
						next = fill(batch, next, kind == "whispers")
						if err := s.Append(context.Background(), batch); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/message")
					b.ReportMetric(float64(cpu(b)-before)/float64(b.N*size), "cpu-ns/message")
				})
			}
		}
	})
}

// BenchmarkFirstPage reads the newest 50 messages to everybody, and those of a conversation, when there are many of
// others. Every second message is a whisper, in one of 35,000 conversations.
func BenchmarkFirstPage(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		batch := make([]history.Message, 4096)
		var next codec.ID
		for i := 0; int(next) < *stored || i%2 == 1; i++ {
			next = fill(batch, next, i%2 == 1)
			if err := s.Append(context.Background(), batch); err != nil {
				b.Fatal(err)
			}
		}
		for name, c := range map[string]history.Conversation{"lobby": {}, "whispers": {A: batch[0].From, B: batch[0].To}} {
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					if page, _, err := s.Page(context.Background(), c, 0, 0, 50); err != nil || len(page) == 0 {
						b.Fatal(len(page), err)
					}
				}
			})
		}
	})
}
