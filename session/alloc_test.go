//go:build !race

package session

import (
	"fmt"
	"testing"
)

// discard is a connection that costs nothing, so that what is measured is the lane.
type discard struct{ fakeConn }

func (*discard) Write(p []byte) (int, error) { return len(p), nil }

func crowd(t testing.TB, members int) (*testHub, *Session) {
	h := newTestHub(1)
	l := h.lanes[0]
	var last *Session
	for i := range members {
		s, why := l.Open(&discard{}, testAddress, None, 0)
		if why != None {
			t.Fatal(why)
		}
		if _, alive := h.Login(s, fmt.Sprint(i), false, nil); !alive {
			t.Fatal("no login")
		}
		last = s
	}
	h.settleAll()
	return h, last
}

// drain sends all that waits.
func drain(l *Lane) {
	for paused := l.Drain(); paused; paused = l.Resume() {
	}
}

// TestDeliveryAllocatesNothing holds the hot path to no allocation at all, from posting to writing.
func TestDeliveryAllocatesNothing(t *testing.T) {
	h, sender := crowd(t, 500)
	to, _ := h.Lookup("0")
	frame := []byte("a whisper")
	var message Broadcast = text("a broadcast")
	f := func(what string, run func()) {
		t.Helper()
		h.wakes = make([]*Lane, 0, 1000)
		if n := testing.AllocsPerRun(200, func() {
			run()
			h.wakes = h.wakes[:0]
			drain(h.lanes[0])
		}); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
	f("a broadcast to 500", func() { _ = h.Broadcast(sender, message) })
	f("a whisper", func() { _ = to.Send(frame) })
	f("an answer", func() { sender.Send(frame) })
}

func BenchmarkBroadcast(b *testing.B) {
	for _, members := range []int{1000, 10000} {
		for _, window := range []int{1, 64} {
			b.Run(fmt.Sprintf("members=%d/window=%d", members, window), func(b *testing.B) {
				h, sender := crowd(b, members)
				var message Broadcast = text("0123456789012345678901234567890123456789012345678901234567890123")
				h.wakes = make([]*Lane, 0, 1000)
				b.ReportAllocs()
				for b.Loop() {
					for range window {
						_ = h.Broadcast(sender, message)
					}
					h.wakes = h.wakes[:0]
					drain(h.lanes[0])
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*window*members), "ns/delivery")
			})
		}
	}
}

func BenchmarkWhisper(b *testing.B) {
	h, _ := crowd(b, 1000)
	frame := make([]byte, 87)
	h.wakes = make([]*Lane, 0, 1000)
	b.ReportAllocs()
	for b.Loop() {
		for i := range 64 {
			to, _ := h.Lookup(benchNames[i])
			_ = to.Send(frame)
		}
		h.wakes = h.wakes[:0]
		drain(h.lanes[0])
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*64), "ns/whisper")
}

var benchNames = func() (names [64]string) {
	for i := range names {
		names[i] = fmt.Sprint(i * 10)
	}
	return names
}()

func BenchmarkLookup(b *testing.B) {
	h, _ := crowd(b, 1000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := h.Lookup(benchNames[i%64]); !ok {
			b.Fatal("absent")
		}
	}
}

func BenchmarkStrand(b *testing.B) {
	h, s := crowd(b, 1)
	packets := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		h.ready = h.ready[:0]
		s.Receive(packets)
		for _, ok := s.Take(); ok; _, ok = s.Take() {
		}
	}
}
