package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/internal/pgtest"
)

// keepingOn starts servers that keep everything, each on processor 0 alone, for a benchmark whose own process is on another one.
func keepingOn(b *testing.B, bench func(b *testing.B, p *process, dir string)) {
	for _, name := range []string{"sqlite", "postgres"} {
		b.Run(name, func(b *testing.B) {
			url, dir := name, b.TempDir()
			if name == "postgres" {
				url = pgtest.Start(b).URL(b)
			}
			p := start(b, exec.Command("taskset", "-c", "0", binary, "serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
				"--log-format", "json", "--drain", "0s", "--data-dir", dir, "--database", url, "--message-rate", "0", "--outbox-bytes", "64MiB"))
			bench(b, p, dir)
		})
	}
}

// BenchmarkKeptWhispers is what a whisper costs the server in processor time until it is kept: 200 users whisper round a ring, with
// so many in flight each, and wait for no answer. TCP slows them to what the database takes. It ends when all are kept. bytes is
// by how much SQLite's file grows for one.
func BenchmarkKeptWhispers(b *testing.B) {
	keepingOn(b, func(b *testing.B, p *process, dir string) {
		for _, window := range []int{1, 16} {
			b.Run(fmt.Sprint(window), func(b *testing.B) { whisperRound(b, p, dir, window) })
		}
	})
}

func whisperRound(b *testing.B, p *process, dir string, window int) {
	const users, size = 200, 58
	text := string(slices.Repeat([]byte("lorem ipsum "), 5)[:size])
	peers := make([]*peer, users)
	for i := range peers {
		peers[i] = login(b, p.chat, fmt.Sprint("user", i))
	}
	file := func() int64 {
		info, err := os.Stat(filepath.Join(dir, "hubbub.db"))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	kept := func() float64 { return p.metric("hubbub_history_kept_total") }
	keptBefore, used, grown := kept(), p.processorTime(), file()
	var left atomic.Int64
	left.Store(int64(b.N))
	var ring sync.WaitGroup
	b.ResetTimer()
	for i, one := range peers {
		whisper := codec.Native.Append(nil, &codec.WhisperRequest{To: fmt.Sprint("user", (i+1)%users), Message: text})
		for range window {
			if left.Add(-1) >= 0 {
				_, _ = one.conn.Write(whisper) // the reader sees what becomes of the connection
			}
		}
		ring.Go(func() {
			for {
				if _, err := codec.Native.Next(one.in, one.packet[:0], codec.MaxPacket); err != nil {
					return
				}
				if left.Add(-1) >= 0 {
					_, _ = one.conn.Write(whisper)
				}
			}
		})
	}
	p.eventually("hubbub_history_kept_total", func(v float64) bool { return v-keptBefore >= float64(b.N) })
	b.StopTimer()
	b.ReportMetric(float64(p.processorTime()-used)/float64(b.N), "cpu-ns/whisper")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "kept/s")
	b.ReportMetric(float64(file()-grown)/float64(b.N), "bytes/whisper")
	for _, one := range peers {
		one.conn.Close()
	}
	ring.Wait()
	p.eventually("hubbub_names", equal(0))
}

const (
	replayMessages, replayClients = 10_000, 100
	// replayFrom names the server to the process with the clients of BenchmarkReplay.
	replayFrom = "E2E_REPLAY_FROM"
)

// BenchmarkReplayClients are the clients of BenchmarkReplay, in a process of their own that has less priority than the one that
// measures.
func BenchmarkReplayClients(b *testing.B) {
	address := os.Getenv(replayFrom)
	if address == "" {
		return // BenchmarkReplay starts it
	}
	var back sync.WaitGroup
	for i := range replayClients {
		c := dial(b, address)
		c.send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: fmt.Sprint("back", i), Since: 1})
		back.Go(func() {
			for got := 0; got < replayMessages; {
				m, err := c.next()
				if err != nil {
					b.Errorf("client %d got %d messages: %v", i, got, err)
					return
				}
				if m.Type() == codec.TypeBroadcastNotify {
					got++
				}
			}
		})
	}
	back.Wait()
}

// BenchmarkReplay is by how much a whisper is delayed while each of 100 clients that come back at once gets 10,000 messages that it
// missed: the p99 of 100 whispers a second between two others, without them and meanwhile.
func BenchmarkReplay(b *testing.B) {
	const every = 10 * time.Millisecond
	keepingOn(b, func(b *testing.B, p *process, _ string) {
		alice, bob := login(b, p.chat, "alice"), login(b, p.chat, "bob")
		speaker := login(b, p.chat, "speaker")
		for i := range replayMessages {
			speaker.send(&codec.BroadcastRequest{Message: fmt.Sprintf("message %d, of the usual length, which is some 58 bytes...", i)})
			for _, one := range []*peer{alice, bob} {
				one.read()
			}
		}
		p.eventually("hubbub_history_kept_total", func(v float64) bool { return v >= replayMessages })
		// delays sends whispers at their own moments until done, and returns how long each took from then on.
		delays := func(done func(n int) bool) (took []time.Duration) {
			begun, sent := time.Now(), make(chan time.Time, 1<<16)
			go func() {
				defer close(sent)
				for n := 0; !done(n); n++ {
					due := begun.Add(time.Duration(n) * every)
					<-time.After(time.Until(due))
					alice.send(&codec.WhisperRequest{To: "bob", Message: "now"})
					sent <- due
				}
			}()
			for due := range sent {
				bob.read()
				took = append(took, time.Since(due))
			}
			return took
		}
		p99 := func(took []time.Duration) time.Duration {
			slices.Sort(took)
			return took[(len(took)-1)*99/100]
		}
		var without, meanwhile []time.Duration
		for b.Loop() {
			without = append(without, delays(func(n int) bool { return n == 300 })...)
			back := exec.Command("nice", "-n", "19", os.Args[0], "-test.run", "^$", "-test.bench", "^BenchmarkReplayClients$", "-test.benchtime", "1x")
			back.Env = append(os.Environ(), replayFrom+"="+p.chat)
			if err := back.Start(); err != nil {
				b.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- back.Wait() }()
			var err error
			meanwhile = append(meanwhile, delays(func(int) bool {
				select {
				case err = <-ended:
					return true
				default:
					return false
				}
			})...)
			if err != nil {
				b.Fatal(err)
			}
			p.eventually("hubbub_names", equal(3))
		}
		b.ReportMetric(float64(p99(without).Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(p99(meanwhile).Microseconds())/1000, "p99-ms-meanwhile")
	})
}
