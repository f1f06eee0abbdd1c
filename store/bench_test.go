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

// stored is how many messages BenchmarkRead reads among: -stored 10000000 takes minutes to fill.
var stored = flag.Int("stored", 100_000, "messages that are stored before BenchmarkRead")

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

// BenchmarkRead reads among many messages: the newest 50 to everybody, those of a conversation, the 50 that an account
// missed first, and what waits for it. Every second message is a whisper, in one of 35,000 conversations.
func BenchmarkRead(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		batch := make([]history.Message, 4096)
		var next codec.ID
		for i := 0; int(next) < *stored || i%2 == 1; i++ {
			next = fill(batch, next, i%2 == 1)
			if err := s.Append(context.Background(), batch); err != nil {
				b.Fatal(err)
			}
		}
		last := batch[len(batch)-1]
		for name, read := range map[string]func(ctx context.Context) error{
			"lobby": func(ctx context.Context) error {
				_, err := s.Page(ctx, []history.Conversation{{}}, 0, 0, 50)
				return err
			},
			"whispers": func(ctx context.Context) error {
				_, err := s.Page(ctx, []history.Conversation{{A: last.From, B: last.To}}, 0, 0, 50)
				return err
			},
			"missed": func(ctx context.Context) error {
				_, err := s.Missed(ctx, last.To, next/2, 50)
				return err
			},
			"mail": func(ctx context.Context) error {
				_, err := s.Mail(ctx, last.To.Account, 0, 50)
				return err
			},
		} {
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					if err := read(context.Background()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}
