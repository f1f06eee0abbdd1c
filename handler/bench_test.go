package handler

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"hubbub/codec"
	"hubbub/session"
)

// sink is a connection that costs nothing.
type sink struct{ recorder }

func (*sink) Write(p []byte) (int, error) { return len(p), nil }

// arrival is input that is there again and again.
type arrival struct{ packets, left []byte }

func (a *arrival) InboundBuffered() int { return len(a.left) }

func (a *arrival) Peek(n int) ([]byte, error) {
	if n > len(a.left) {
		return nil, io.ErrShortBuffer
	}
	return a.left[:n], nil
}

func (a *arrival) Discard(n int) (int, error) {
	a.left = a.left[n:]
	return n, nil
}

// newCycle logs ten users in and returns a function that has the last one's packets read, handled and written out:
// inFlight copies of a message at once.
func newCycle(t testing.TB, m codec.Request, inFlight int) func() {
	h := newHouse(func(*session.Session, codec.Message) {})
	h.ready = make([]*session.Session, 0, 1)
	var sender *session.Session
	for i := range 10 {
		s, why := h.lane.Open(&sink{}, netip.AddrPort{}, session.None, 0)
		if why != session.None {
			t.Fatal(why)
		}
		h.say(s, &codec.LoginRequest{User: fmt.Sprint("user", i)})
		sender = s
	}
	var in arrival
	for range inFlight {
		in.packets = codec.Native.Append(in.packets, m)
	}
	return func() {
		before := h.lane.Stats().Deliveries
		in.left = in.packets
		h.lane.Touch(sender)
		h.chat.Receive(sender, &in)
		h.ready = h.ready[:0]
		h.chat.Turn(sender)
		h.lane.Drain()
		if h.lane.Stats().Deliveries < before+uint64(inFlight) {
			t.Fatal("the packets had no effect")
		}
	}
}

var hello = strings.Repeat("hello ", 11)[:64]

// BenchmarkPacket is the whole way of a packet without the kernel, from the bytes that a loop has read to those that it
// writes, with as many packets in each read as a client has in flight.
func BenchmarkPacket(b *testing.B) {
	for _, bench := range []struct {
		name     string
		message  codec.Request
		inFlight int
	}{
		{"whisper/in-flight=1", &codec.WhisperRequest{To: "user7", Message: hello}, 1},
		{"whisper/in-flight=16", &codec.WhisperRequest{To: "user7", Message: hello}, 16},
		{"broadcast/in-flight=1", &codec.BroadcastRequest{Message: hello}, 1},
		{"ping/in-flight=1", &codec.Ping{Asked: codec.Asked{Ref: 1}}, 1},
	} {
		b.Run(bench.name, func(b *testing.B) {
			send := newCycle(b, bench.message, bench.inFlight)
			b.ReportAllocs()
			for b.Loop() {
				send()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*bench.inFlight), "ns/packet")
		})
	}
}
