package server_test

import (
	"bufio"
	"net"
	"slices"
	"syscall"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/internal/chattest"
	"hubbub/internal/pgtest"
)

// databases are those that keep messages, with the flags of a server that uses one.
var databases = map[string]func(b *testing.B) []string{
	"sqlite":   func(b *testing.B) []string { return []string{"--database=sqlite", "--data-dir=" + b.TempDir()} },
	"postgres": func(b *testing.B) []string { return []string{"--database=" + pgtest.Start(b).URL(b)} },
}

// BenchmarkAcknowledged is a message's way through the whole server until its sender knows that it is kept, with 256 of
// them in flight: a time of 33 µs is 30,000 a second.
func BenchmarkAcknowledged(b *testing.B) {
	const window = 256
	for name, flags := range databases {
		b.Run(name, func(b *testing.B) {
			c := logIn(b, append(flags(b), "--message-rate=0")...)
			begun := processorTime(b)
			b.ResetTimer()
			for sent, answered := 0, 0; answered < b.N; answered++ {
				if due := min(b.N, answered+window/2); sent == 0 || due > sent {
					due = min(b.N, answered+window)
					c.say(b, due-sent)
					sent = due
				}
				c.heard(b)
			}
			b.ReportMetric(float64(processorTime(b)-begun)/float64(b.N), "cpu-ns/op")
		})
	}
}

// BenchmarkAcknowledgement is how long a sender waits until it knows that a message is kept, at 1,000 messages a second,
// counted from the moment at which each was to be sent.
func BenchmarkAcknowledgement(b *testing.B) {
	for name, flags := range databases {
		b.Run(name, func(b *testing.B) {
			c := logIn(b, append(flags(b), "--message-rate=0")...)
			latencies := make([]time.Duration, b.N)
			b.ResetTimer()
			begun := time.Now()
			heard := make(chan struct{})
			go func() {
				defer close(heard)
				for i := range b.N {
					c.heard(b)
					latencies[i] = time.Since(begun.Add(time.Duration(i) * time.Millisecond))
				}
			}()
			for i := range b.N {
				<-time.After(time.Until(begun.Add(time.Duration(i) * time.Millisecond)))
				c.say(b, 1)
			}
			<-heard
			slices.Sort(latencies)
			for label, at := range map[string]int{"p50-ms": 50, "p99-ms": 99} {
				b.ReportMetric(float64(latencies[(len(latencies)-1)*at/100])/1e6, label)
			}
		})
	}
}

// speaker is a client that is alone with a server.
type speaker struct {
	conn   net.Conn
	in     *bufio.Reader
	packet []byte
	buffer []byte
}

func logIn(b *testing.B, flags ...string) *speaker {
	b.Helper()
	conn, err := net.Dial("tcp", chattest.Serve(b, flags...).Address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	c := &speaker{conn: conn, in: bufio.NewReaderSize(conn, codec.MaxPacket)}
	c.packet = codec.Native.Append(nil, &codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "speaker"})
	c.say(b, 1)
	c.heard(b)
	const text = "a message of the usual length, which is some sixty-four bytes..."
	c.packet = codec.Native.Append(nil, &codec.BroadcastRequest{Asked: codec.Asked{Ref: 1}, Message: text})
	return c
}

// say sends the packet n times in one write.
func (c *speaker) say(b *testing.B, n int) {
	c.buffer = slices.Repeat(c.packet, n)
	if _, err := c.conn.Write(c.buffer); err != nil {
		b.Error(err)
	}
}

// heard waits for the next answer, which must be a success.
func (c *speaker) heard(b *testing.B) {
	packet, err := codec.Native.Next(c.in, c.buffer[:0:0], codec.MaxPacket)
	if err != nil {
		b.Error(err)
		return
	}
	m, err := codec.Native.Decode(packet)
	if answer, ok := m.(codec.Response); err == nil && ok {
		if _, result := answer.Outcome(); result == codec.Success {
			return
		}
	}
	b.Errorf("%x (%v) is no success", packet, err)
}

// processorTime returns what this process has used of its processors.
func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
