package store_test

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

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

// fillRing puts whispers together that 200 users say round a ring, as the load tester's do.
func fillRing(batch []history.Message, next codec.ID) codec.ID {
	text := strings.Repeat("lorem ipsum ", 5)[:58]
	for i := range batch {
		next++
		from, to := int64(next%200), int64((next+1)%200)
		batch[i] = history.Message{
			ID: next, From: history.Party{Account: from + 1, Name: "user" + strconv.FormatInt(from, 10)},
			To: history.Party{Account: to + 1, Name: "user" + strconv.FormatInt(to, 10)}, Text: text,
		}
	}
	return next
}

// BenchmarkPrune keeps the newest 100,000 messages of a database that is written to, a step of pruning after each group of
// 1,000: what pruning a message costs beside what writing one does, and the longest step, for which an Append may have to wait.
// The messages are whispers in 200 or in 35,000 conversations.
func BenchmarkPrune(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		var next codec.ID
		b.Run("200", func(b *testing.B) {
			benchmarkPrune(b, s, func(batch []history.Message) { next = fillRing(batch, next) })
		})
		b.Run("35000", func(b *testing.B) {
			benchmarkPrune(b, s, func(batch []history.Message) { next = fill(batch, next, true) })
		})
	})
}

func benchmarkPrune(b *testing.B, s *store.Store, fill func([]history.Message)) {
	const count, step = 100_000, 2000
	batch := make([]history.Message, step)
	appendOne := func() {
		fill(batch)
		if err := s.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	prune := func() (n int) {
		n, _, err := s.Prune(b.Context(), history.Retention{Count: count}, step)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	for range count / step {
		appendOne()
	}
	for prune() > 0 {
	}
	var pruned, writing, pruning int64
	var longest time.Duration
	for b.Loop() {
		begun := cpu(b)
		appendOne()
		wrote := cpu(b)
		start := time.Now()
		pruned += int64(prune())
		longest = max(longest, time.Since(start))
		writing, pruning = writing+wrote-begun, pruning+cpu(b)-wrote
	}
	b.ReportMetric(float64(writing)/float64(b.N*step), "cpu-ns/written")
	b.ReportMetric(float64(pruning)/float64(pruned), "cpu-ns/pruned")
	b.ReportMetric(float64(longest.Milliseconds()), "ms-longest")
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
