package session

import (
	"io"
	"net/netip"
	"testing"
	"time"
)

// fakeConn is a connection that keeps what is written to it. A stuck one has a kernel that takes nothing, a broken one
// fails the next write and closes underneath, as gnet's do.
type fakeConn struct {
	lane       *Lane
	session    *Session
	hub        *testHub // set: writes may go past Write
	takes      int      // how much of a direct write the kernel takes; 0: all
	got        []byte   // what the peer has
	buffered   []byte   // what waits while stuck
	stuck      bool
	writes     int // direct ones too
	broken     bool
	paused     bool // its socket is not read
	deaf       bool // its socket can't be paused
	flushes    int
	halfClosed bool
	closed     bool
	aborted    bool
	defects    map[string]bool // the methods that panic
}

// defect panics if the method is to.
func (c *fakeConn) defect(method string) {
	if c.defects[method] {
		panic("a defect in " + method)
	}
}

func (c *fakeConn) Write(p []byte) (int, error) {
	c.lane.hub.mustBeUnlocked("a socket is written to")
	c.defect("Write")
	c.writes++
	if c.broken {
		c.lane.Closed(c.session, ConnectionError)
		return 0, io.ErrClosedPipe
	}
	if c.stuck || len(c.buffered) > 0 {
		c.buffered = append(c.buffered, p...)
	} else {
		c.got = append(c.got, p...)
	}
	return len(p), nil
}

// Descriptor is where the connection stands in the hub's list, or -1 for one that is written to through Write only.
func (c *fakeConn) Descriptor() int32 {
	if c.hub == nil {
		return -1
	}
	c.hub.conns = append(c.hub.conns, c)
	return int32(len(c.hub.conns) - 1)
}

// Flush lets the kernel take what waits, unless it is stuck.
func (c *fakeConn) Flush() error {
	c.defect("Flush")
	c.flushes++
	if c.broken {
		c.lane.Closed(c.session, ConnectionError)
		return io.ErrClosedPipe
	}
	if !c.stuck {
		c.unstick()
	}
	return nil
}

func (c *fakeConn) PauseReading(pause bool) bool {
	c.defect("PauseReading")
	c.lane.hub.mustBeUnlocked("a socket is paused")
	if c.deaf {
		return false
	}
	c.paused = pause
	return true
}

func (c *fakeConn) OutboundBuffered() int { c.defect("OutboundBuffered"); return len(c.buffered) }
func (c *fakeConn) CloseWrite() error     { c.defect("CloseWrite"); c.halfClosed = true; return nil }
func (c *fakeConn) Close() error          { c.defect("Close"); c.closed = true; return nil }
func (c *fakeConn) Abort() error          { c.closed, c.aborted = true, true; return nil }

// unstick lets the kernel take what waits.
func (c *fakeConn) unstick() {
	c.got, c.buffered, c.stuck = append(c.got, c.buffered...), nil, false
}

var testAddress = netip.MustParseAddrPort("192.0.2.1:1")

// testHub is a hub whose strands and wakes the test runs itself.
type testHub struct {
	*Hub
	conns     []*fakeConn // by descriptor
	ready     []*Session
	wakes     []*Lane
	paused    []*Lane // their drains go on once they have looked at their sockets
	now       time.Time
	unchecked bool // locks are not looked at: other goroutines may hold them, or time is measured
}

var testLimits = Limits{
	SessionsMax: 1 << 16, OutboxBytes: 1 << 12, LaneBytes: 1 << 20, StrandBytes: 1 << 12,
	LoginTimeouts: [Encodings]time.Duration{10 * time.Second, 2 * time.Minute, 2 * time.Minute}, IdleTimeout: 75 * time.Second, Linger: 5 * time.Second,
}

func newTestHub(lanes int) *testHub {
	h := &testHub{now: time.Unix(1e9, 0)}
	h.Hub = NewHub(Config{
		Limits: testLimits, Lanes: lanes, Heartbeat: [Encodings]bool{0: true},
		WriteDirect: h.writeDirect,
		Schedule: func(s *Session) {
			h.mustBeUnlocked("a worker is scheduled")
			if !h.unchecked {
				if !s.mu.TryLock() {
					panic("a worker is scheduled while the strand is locked")
				}
				s.mu.Unlock()
			}
			h.ready = append(h.ready, s)
		},
		Farewell: func(dst []byte, s *Session) []byte { return append(dst, "<bye:"+s.Reason().String()+">"...) },
	})
	for range lanes {
		var l *Lane
		l = h.AddLane(h.now, func() {
			h.mustBeUnlocked("a lane is woken")
			h.wakes = append(h.wakes, l)
		})
	}
	return h
}

// mustBeUnlocked panics when a lock of the hub is held. A wake can be a system call, and a write always is one, so that
// everybody who needs the lock would wait for the kernel.
func (h *testHub) mustBeUnlocked(what string) {
	if !h.unchecked {
		h.Hub.mustBeUnlocked(what)
	}
}

func (h *Hub) mustBeUnlocked(what string) {
	free := func(mu interface {
		TryLock() bool
		Unlock()
	}, name string) {
		if !mu.TryLock() {
			panic(what + " while " + name + " is locked")
		}
		mu.Unlock()
	}
	free(&h.seq, "the sequencer")
	for i := range h.directory.shards {
		free(&h.directory.shards[i].mu, "a shard of the directory")
	}
	for _, l := range h.lanes {
		free(&l.mu, "a lane")
	}
}

func (h *testHub) writeDirect(descriptor int32, p []byte) int {
	c := h.conns[descriptor]
	if c.closed || c.session.conn != c {
		panic("a write to a connection that is gone")
	}
	h.mustBeUnlocked("a socket is written to")
	if c.stuck || c.broken {
		return 0
	}
	c.writes++
	if c.takes > 0 {
		p = p[:min(len(p), c.takes)]
	}
	c.got = append(c.got, p...)
	return len(p)
}

func (h *testHub) open(t testing.TB, lane int, e Encoding) (*Session, *fakeConn) {
	t.Helper()
	l := h.lanes[lane]
	c := &fakeConn{lane: l, hub: h}
	s, why := l.Open(c, testAddress, None, 0)
	if why != None {
		t.Fatal(why)
	}
	c.session = s
	s.SetEncoding(e)
	return s, c
}

// join opens a session and logs it in.
func (h *testHub) join(t testing.TB, lane int, e Encoding, name string) (*Session, *fakeConn) {
	t.Helper()
	s, c := h.open(t, lane, e)
	if h.Login(s, Login{Name: name}) != Claimed {
		t.Fatalf("%s could not log in", name)
	}
	h.settleAll()
	return s, c
}

// settleAll runs loops and strands until nothing is left to do.
func (h *testHub) settleAll() {
	for h.step() || len(h.ready) > 0 {
		h.settleStrands()
	}
}

// step does the next thing that a loop is to do, and reports whether there was anything. A paused drain goes on behind
// all that the loops were woken for before, as if they had come to look at their sockets then.
func (h *testHub) step() bool {
	if len(h.wakes) > 0 {
		l := h.wakes[0]
		h.wakes = h.wakes[1:]
		if l.Drain() {
			h.paused = append(h.paused, l)
		}
		return true
	}
	if len(h.paused) > 0 {
		l := h.paused[0]
		h.paused = h.paused[1:]
		if l.Resume() {
			h.paused = append(h.paused, l)
		}
		return true
	}
	return false
}

// settleStrands runs the strands that are ready.
func (h *testHub) settleStrands() {
	for ; len(h.ready) > 0; h.ready = h.ready[1:] {
		s := h.ready[0]
		for e, ok := s.Take(); ok; e, ok = s.Take() {
			if e.Closed != None {
				s.Conclude(e.Closed)
				s.Leave()
				break
			}
		}
	}
}

func (h *testHub) advance(d time.Duration) {
	h.now = h.now.Add(d)
	for _, l := range h.lanes {
		l.Tick(h.now)
	}
	h.settleAll()
}

// text is a broadcast whose frame is its text with the encoding behind it.
type text string

func (text) Sequence() error { return nil }

func (b text) Append(dst []byte, e Encoding) []byte {
	return append(append(dst, b...), '0'+byte(e))
}

// private is a whisper whose frame is its text with the encoding behind it.
type private string

func (private) Sequence(int64, string, bool) error { return nil }

func (w private) Append(dst []byte, e Encoding) []byte { return text(w).Append(dst, e) }
