package session

import (
	"fmt"
	"strings"
	"testing"
)

// path is a way through the package that is taken again and again.
type path struct {
	name    string
	steps   int // messages, deliveries or sessions of one run, by which the time is divided
	prepare func(t testing.TB) (run func())
}

// paths are what a busy server does all the time. Each is a benchmark, and held to no allocation at all.
var paths = []path{
	{"broadcast/members=1000/window=1", 1000, func(t testing.TB) func() { return broadcasting(t, 1000, 1) }},
	{"broadcast/members=1000/window=64", 64 * 1000, func(t testing.TB) func() { return broadcasting(t, 1000, 64) }},
	{"broadcast/members=10000/window=64", 64 * 10000, func(t testing.TB) func() { return broadcasting(t, 10000, 64) }},
	{"whisper", 64, func(t testing.TB) func() {
		h, _ := crowd(t, 1000)
		whisper := Whisper(private(frame))
		return h.draining(func() {
			for _, name := range names {
				_, _ = h.Whisper(nil, name, 0, whisper)
			}
		})
	}},
	{"answer", 64, func(t testing.TB) func() {
		h, s := crowd(t, 1000)
		return h.draining(func() {
			for range 64 {
				s.Send(frame)
			}
		})
	}},
	{"lookup", 64, func(t testing.TB) func() {
		h, _ := crowd(t, 1000)
		return func() {
			for _, name := range names {
				if _, ok := h.Lookup(name); !ok {
					t.Fatal(name, "is absent")
				}
			}
		}
	}},
	{"strand", 1, func(t testing.TB) func() {
		h, s := crowd(t, 1)
		h.ready = make([]*Session, 0, 1)
		return func() {
			h.ready = h.ready[:0]
			s.Receive(frame)
			for _, ok := s.Take(); ok; _, ok = s.Take() {
			}
		}
	}},
	{"login-logout", 1, func(t testing.TB) func() {
		h, _ := crowd(t, 1000)
		l, c := h.lanes[0], &discard{}
		h.ready = make([]*Session, 0, 1)
		return h.draining(func() {
			s, _ := l.Open(c, testAddress, None, 0)
			if h.Login(s, Login{Name: "newcomer", Welcome: frame}) != Claimed {
				t.Fatal("the name is not free")
			}
			drain(l)
			l.Closed(s, ClientClosed)
			for e, ok := s.Take(); ok; e, ok = s.Take() {
				s.Conclude(e.Closed)
				s.Leave()
				break
			}
			h.ready = h.ready[:0]
		})
	}},
}

func BenchmarkPath(b *testing.B) {
	for _, p := range paths {
		b.Run(p.name, func(b *testing.B) {
			run := p.prepare(b)
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*p.steps), "ns/step")
		})
	}
}

// BenchmarkLookupParallel shows what processors that look for names at the same time cost each other.
func BenchmarkLookupParallel(b *testing.B) {
	h, _ := crowd(b, 1000)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, ok := h.Lookup(names[i%len(names)]); !ok {
				b.Fatal("absent")
			}
		}
	})
}

// discard is a connection that costs nothing, so that what is measured is the lane.
type discard struct{ fakeConn }

func (*discard) Write(p []byte) (int, error) { return len(p), nil }
func (*discard) OutboundBuffered() int       { return 0 }

// frame is as long as a notification of 64 bytes.
var frame = []byte(strings.Repeat("x", 87))

// names are some of a crowd's.
var names = func() (out [64]string) {
	for i := range out {
		out[i] = fmt.Sprint(i * 10)
	}
	return out
}()

// crowd logs members in on one lane, and returns the last of them too.
func crowd(t testing.TB, members int) (*testHub, *Session) {
	h := newTestHub(1)
	h.unchecked = true
	l := h.lanes[0]
	var last *Session
	for i := range members {
		s, why := l.Open(&discard{}, testAddress, None, 0)
		if why != None {
			t.Fatal(why)
		}
		if h.Login(s, Login{Name: fmt.Sprint(i)}) == Gone {
			t.Fatal("no login")
		}
		last = s
	}
	h.settleAll()
	return h, last
}

func broadcasting(t testing.TB, members, window int) func() {
	h, sender := crowd(t, members)
	var message Broadcast = text(frame)
	return h.draining(func() {
		for range window {
			_ = h.Broadcast(sender, message)
		}
	})
}

// draining returns run with a drain of the one lane behind it, which must find something to do.
func (h *testHub) draining(run func()) func() {
	h.wakes = make([]*Lane, 0, 1000)
	return func() {
		run()
		if len(h.wakes) == 0 {
			panic("nothing was posted")
		}
		h.wakes = h.wakes[:0]
		drain(h.lanes[0])
	}
}

// drain sends all that waits.
func drain(l *Lane) {
	for paused := l.Drain(); paused; paused = l.Resume() {
	}
}
