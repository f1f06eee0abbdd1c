package session

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestAFastSenderIsNotRead: a socket is not read while much waits for its strand, and is read again when the strand has
// taken enough; nothing is refused and everything is taken, in order.
func TestAFastSenderIsNotRead(t *testing.T) {
	h := newTestHub(1)
	s, c := h.open(t, 0, 0)
	mark := h.limits.Load().readAhead()
	if mark != testLimits.StrandBytes/2 {
		t.Fatalf("the mark is %d", mark)
	}
	f := func(what string, paused bool) {
		t.Helper()
		for h.step() {
		}
		if c.paused != paused || h.Held() != map[bool]int{true: 1, false: 0}[paused] {
			t.Errorf("%s: paused %v, held %d; want paused %v", what, c.paused, h.Held(), paused)
		}
	}
	receive := func(bytes int, fill string) {
		if !s.Receive([]byte(strings.Repeat(fill, bytes))) {
			t.Error("refused")
		}
	}
	take := func(want string) {
		t.Helper()
		e, ok := s.Take()
		if got := string(e.Packets); got != want || ok != (want != "") {
			t.Errorf("%d bytes are taken, want %d", len(got), len(want))
		}
	}
	receive(mark-1, "a")
	f("below the mark", false)
	receive(1, "b")
	f("at the mark", true)
	receive(3*mark, "c") // what gnet had read already
	f("far above the mark", true)
	take(strings.Repeat("a", mark-1) + "b" + strings.Repeat("c", 3*mark))
	f("the worker holds it all", true)
	take("")
	f("all is handled", false)
	receive(mark/2, "d")
	take(strings.Repeat("d", mark/2))
	receive(mark/2, "e")
	f("what is held and what waits make the mark", true)
	take(strings.Repeat("e", mark/2))
	f("half of the mark is held", false)
	take("")
	f("idle", false)
	if len(h.ready) != 2 {
		t.Errorf("the strand was scheduled %d times, want 2", len(h.ready))
	}
}

// TestPausedSessionsEnd: however a session ends whose socket is not read, it hears why and what it sends goes to nobody.
func TestPausedSessionsEnd(t *testing.T) {
	f := func(what string, end func(*testHub, *Session, *fakeConn)) {
		t.Helper()
		h := newTestHub(1)
		s, c := h.join(t, 0, 0, "alice")
		s.Receive(make([]byte, testLimits.StrandBytes))
		s.Take()
		if !c.paused {
			t.Fatal("not paused")
		}
		end(h, s, c)
		h.settleAll()
		if h.Held() != 0 || len(h.lanes[0].held) != 0 || c.paused && s.conn != nil {
			t.Errorf("%s: %d sockets are not read", what, h.Held())
		}
		if s.conn != nil && (!strings.Contains(string(c.got), "<bye:") || !c.halfClosed) {
			t.Errorf("%s: it has got %q", what, c.got)
		}
		for range 3 {
			h.advance(time.Hour)
		}
		if s.conn != nil && !c.closed {
			t.Errorf("%s: it is never closed", what)
		}
	}
	f("a kick", func(h *testHub, s *Session, _ *fakeConn) { s.Ref().End(Kicked, "") })
	f("a shutdown", func(h *testHub, _ *Session, _ *fakeConn) { h.lanes[0].EndNext(1, ShuttingDown) })
	f("a violation before", func(_ *testHub, s *Session, _ *fakeConn) { s.End(Violation, "") })
	f("a break", func(h *testHub, s *Session, _ *fakeConn) { h.lanes[0].Closed(s, ConnectionError) })
	f("a flush that fails", func(h *testHub, s *Session, c *fakeConn) {
		c.stuck = true
		s.Send([]byte("x"))
		h.lanes[0].memberOf(s).descriptor = -1
		for h.step() {
		}
		c.broken = true
		h.lanes[0].Tick(h.now)
	})
}

// TestPausedIsNotIdle: a client that is not read can't be heard, and is not taken for silent, unless it is not read because
// it does not read itself.
func TestPausedIsNotIdle(t *testing.T) {
	h := newTestHub(1)
	s, c := h.join(t, 0, 0, "alice")
	slow, slowConn := h.join(t, 0, 0, "slow")
	frozen, frozenConn := h.join(t, 0, 0, "frozen")
	for _, session := range []*Session{s, slow, frozen} {
		session.Receive(make([]byte, testLimits.StrandBytes))
		h.lanes[0].memberOf(session).descriptor = -1
		session.Park()
	}
	slowConn.stuck, frozenConn.stuck = true, true
	slow.Send([]byte(strings.Repeat("x", 100)))
	frozen.Send([]byte(strings.Repeat("x", 100)))
	h.settleAll()
	for range 20 {
		h.now = h.now.Add(testLimits.IdleTimeout / 2)
		if n := len(slowConn.buffered); n > 1 {
			slowConn.buffered = slowConn.buffered[:n-1]
		}
		h.lanes[0].Tick(h.now)
		h.settleAll()
	}
	if s.Reason() != None || slow.Reason() != None || frozen.Reason() != SlowConsumer {
		t.Errorf("%s, slow: %s, frozen: %s", s.Reason(), slow.Reason(), frozen.Reason())
	}
	if !c.paused {
		t.Error("not paused")
	}
	s.Resume(true)
	h.ready = append(h.ready, s)
	h.settleAll()
	h.advance(testLimits.IdleTimeout - time.Nanosecond)
	if s.Reason() != None {
		t.Error("its silence counts from before it was read again")
	}
	h.advance(testLimits.IdleTimeout)
	if s.Reason() != IdleTimeout {
		t.Errorf("%s", s.Reason())
	}
}

// TestAPausedOutboxIsFlushed: the loop is not told when the kernel of a socket that is not read takes more, so the lane
// looks: at each tick, and before it finds the session too slow.
func TestAPausedOutboxIsFlushed(t *testing.T) {
	h := newTestHub(1)
	s, c := h.join(t, 0, 0, "alice")
	h.lanes[0].memberOf(s).descriptor = -1
	s.Receive(make([]byte, testLimits.StrandBytes))
	s.Take()
	c.stuck = true
	s.Send([]byte("one"))
	for h.step() {
	}
	c.stuck = false
	h.lanes[0].Tick(h.now)
	if string(c.got) != "one" {
		t.Errorf("after a tick it has got %q", c.got)
	}
	c.stuck = true
	s.Send(make([]byte, testLimits.OutboxBytes-1))
	for h.step() {
	}
	c.stuck = false
	s.Send(make([]byte, testLimits.OutboxBytes-1))
	for h.step() {
	}
	if s.Reason() != None {
		t.Errorf("it ended for %s though its kernel takes everything", s.Reason())
	}
}

// TestCongested: a session whose answers are not taken makes no more of them, and goes on when they are.
func TestCongested(t *testing.T) {
	h := newTestHub(1)
	s, c := h.join(t, 0, 0, "alice")
	c.stuck = true
	half := testLimits.OutboxBytes / 2
	answer := make([]byte, half/4)
	for i := range 4 {
		s.Send(answer)
		for h.step() {
		}
		if s.Congested() {
			t.Errorf("congested after %d answers", i+1)
		}
	}
	s.Owe(1)
	if !s.Congested() {
		t.Error("half of the outbox waits and more is owed")
	}
	s.ParkCongested("on")
	for h.step() {
	}
	resumed := func() bool { e, _ := s.Take(); return e.Resumed == "on" }
	c.buffered = c.buffered[:half/2]
	h.lanes[0].Tick(h.now)
	if resumed() {
		t.Error("it goes on though what is owed is still too much")
	}
	s.Ref().Answer([]byte("x")) // which was owed
	c.unstick()
	for h.step() {
	}
	if !resumed() || s.Congested() || s.owed != s.drained.Load() {
		t.Errorf("it does not go on; %d bytes are owed", s.owed-s.drained.Load())
	}
}

// TestCrowded: when a lane's answers are many, strands wait for it, instead of ending sessions.
func TestCrowded(t *testing.T) {
	h := newTestHub(1)
	limits := testLimits
	limits.LaneBytes, limits.OutboxBytes = 1000, 1<<20
	h.SetLimits(limits)
	s, _ := h.join(t, 0, 0, "alice")
	s.Receive([]byte("x"))
	s.Take()
	for n := 0; !s.Congested(); n++ {
		if n == 20 {
			t.Fatal("never congested")
		}
		s.Send(make([]byte, 100))
	}
	s.ParkCongested("on")
	if _, ok := s.Take(); ok {
		t.Error("it does not wait")
	}
	for h.step() {
	}
	if e, _ := s.Take(); e.Resumed != "on" || s.Reason() != None {
		t.Errorf("%+v, %s", e, s.Reason())
	}
	s.Release()
	if s.Congested() {
		t.Error("still congested")
	}
}

// line is a queue of some bytes with a Waitlist before it, and who got in, in order.
type line struct {
	*Waitlist
	used, limit int
	in          []string
}

func newLine(limit int) *line {
	l := &line{limit: limit}
	l.Waitlist = NewWaitlist(func() (int, bool) { return l.limit - l.used, l.used == 0 }, nil)
	return l
}

// try is what a session does with a message: it gets in, or waits.
func (l *line) try(s *Session, name string, bytes int) {
	if l.Claimed(s) || l.used > 0 && l.used+bytes > l.limit {
		l.Full(bytes).Park(s, func() { l.try(s, name, bytes) })
		return
	}
	l.used += bytes
	l.in = append(l.in, name)
}

// leave empties the queue of some bytes.
func (l *line) leave(bytes int) {
	l.used -= bytes
	l.Wake()
}

// run lets the strands that were resumed go on.
func (h *testHub) run() {
	for len(h.ready) > 0 {
		s := h.ready[0]
		h.ready = h.ready[1:]
		for e, ok := s.Take(); ok; e, ok = s.Take() {
			if e.Resumed != nil {
				e.Resumed.(func())()
				s.Release()
			}
		}
	}
}

// TestWaitlist: who waits gets in in order as there is room, nobody overtakes, and no room is left unused.
func TestWaitlist(t *testing.T) {
	h := newTestHub(1)
	l := newLine(100)
	try := func(name string, bytes int) *Session {
		s, _ := h.open(t, 0, 0)
		l.try(s, name, bytes)
		h.run()
		return s
	}
	f := func(what string, want ...string) {
		t.Helper()
		h.run()
		if !slices.Equal(l.in, want) {
			t.Errorf("%s: %q got in, want %q", what, l.in, want)
		}
	}
	if !errors.Is(l.Full(1), ErrBusy) {
		t.Error("to be full is to be busy")
	}
	try("large", 500)
	f("one that is alone may have any size", "large")
	try("a", 60)
	try("b", 50)
	try("c", 30)
	f("while it is full", "large")
	l.leave(500)
	f("there is room for a, but not for b; c does not overtake", "large", "a")
	try("d", 10)
	f("nor does who comes later", "large", "a")
	l.leave(60)
	f("there is room for all of them", "large", "a", "b", "c", "d")
	if l.Waiting() != 0 || l.claims.Load() != 0 || l.promised != 0 {
		t.Errorf("%d wait, %d claim %d bytes", l.Waiting(), l.claims.Load(), l.promised)
	}

	// Whoever is woken and does not use the room leaves it to the next.
	l.used, l.in = 100, nil
	s, _ := h.open(t, 0, 0)
	l.Full(100).Park(s, func() {})
	try("next", 100)
	l.leave(100)
	f("the first gives up", "next")

	// Who has to wait again, even elsewhere, does so before those who came later.
	other := newLine(10)
	other.used = 10
	l.used, l.in = 100, nil
	old, _ := h.open(t, 0, 0)
	l.Full(50).Park(old, func() { other.try(old, "old", 10) })
	young, _ := h.open(t, 0, 0)
	other.try(young, "young", 10)
	l.leave(100)
	h.run()
	other.leave(10)
	h.run()
	other.leave(10)
	h.run()
	if !slices.Equal(other.in, []string{"old", "young"}) {
		t.Errorf("%q got in", other.in)
	}

	// All are woken when nothing more will get in.
	l.used, l.in = 100, nil
	try("x", 10)
	try("y", 10)
	l.limit = 1000
	l.WakeAll()
	f("woken", "x", "y")
}

// TestFullLanesMakeSendersWait: who sends what a lane has no room for waits until it is drained.
func TestFullLanesMakeSendersWait(t *testing.T) {
	h := newTestHub(2)
	limits := testLimits
	limits.LaneBytes = 1000
	h.SetLimits(limits)
	a, _ := h.join(t, 0, 0, "a")
	_, c := h.join(t, 1, 0, "b")
	frame := strings.Repeat("x", 600)
	f := func(what string, send func() error) {
		t.Helper()
		var again func()
		sent := 0
		again = func() {
			var full *Full
			switch err := send(); {
			case err == nil:
				sent++
			case errors.As(err, &full):
				full.Park(a, again)
			default:
				t.Error(err)
			}
		}
		h.ready = nil
		a.Receive([]byte("x"))
		a.Take()
		for range 2 {
			again()
		}
		again()
		if h.Waiting() != 1 || sent != 2 {
			t.Fatalf("%s: %d wait after %d messages", what, h.Waiting(), sent)
		}
		for range 3 {
			for h.step() {
			}
			h.ready = append(h.ready, a)
			h.run()
		}
		if h.Waiting() != 0 || sent != 3 || len(c.got) != 3*601 {
			t.Errorf("%s: %d wait after %d messages; the receiver has %d bytes", what, h.Waiting(), sent, len(c.got))
		}
		c.got = nil
	}
	f("broadcast", func() error { return h.Broadcast(a, text(frame)) })
	f("whisper", func() error { _, err := h.Whisper(a, "b", 0, private(frame)); return err })
}
