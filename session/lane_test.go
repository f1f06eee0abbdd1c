package session

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestSlowConsumer shows that a full outbox ends its session with the reason, that whole frames and then the farewell
// are all it gets, and that nobody else notices.
func TestSlowConsumer(t *testing.T) {
	h := newTestHub(1)
	_, good := h.join(t, 0, 0, "good")
	slow, stuck := h.join(t, 0, 0, "slow")
	stuck.stuck = true
	frame := text(strings.Repeat("x", 999))
	for range 10 {
		if err := h.Broadcast(nil, frame); err != nil {
			t.Fatal(err)
		}
		h.settleAll()
	}
	if slow.State() != Disconnecting || slow.Reason() != SlowConsumer {
		t.Errorf("the slow session is %s for %s", slow.State(), slow.Reason())
	}
	if len(stuck.buffered) > testLimits.OutboxBytes+100 {
		t.Errorf("%d bytes are buffered for it", len(stuck.buffered))
	}
	if stuck.halfClosed {
		t.Error("its connection was closed with bytes in the outbox")
	}
	stuck.unstick()
	h.advance(100 * time.Millisecond)
	if want := strings.Repeat(string(frame)+"0", 4) + "<bye:slow_consumer>"; string(stuck.got) != want || !stuck.halfClosed {
		t.Errorf("it got %d bytes and not %d, half-closed: %v", len(stuck.got), len(want), stuck.halfClosed)
	}
	if len(good.got) != 10*1000 {
		t.Errorf("the other one got %d bytes", len(good.got))
	}
}

// TestBatchAboveOutbox shows that a batch larger than the outbox closes nobody who keeps up.
func TestBatchAboveOutbox(t *testing.T) {
	h := newTestHub(1)
	s, c := h.join(t, 0, 0, "a")
	for range 4 {
		if err := h.Broadcast(nil, text(strings.Repeat("x", 1999))); err != nil && !errors.Is(err, ErrBusy) {
			t.Fatal(err)
		}
	}
	h.settleAll()
	if s.State() != Authenticated || len(c.got) < testLimits.OutboxBytes {
		t.Errorf("after %d bytes at once the session is %s", len(c.got), s.State())
	}
}

// TestBusy shows that full lanes are said, and that an answer still has room when others have none.
func TestBusy(t *testing.T) {
	h := newTestHub(2)
	limits := testLimits
	limits.LaneBytes = 1000
	h.SetLimits(limits)
	a, got := h.join(t, 0, 0, "a")
	_, other := h.join(t, 1, 0, "b")
	frame := make([]byte, 600)
	for i, want := range []error{nil, nil, ErrBusy} {
		if _, err := h.Whisper(nil, "a", 0, private(frame)); !errors.Is(err, want) {
			t.Errorf("frame %d: %v", i, err)
		}
	}
	a.Send([]byte("answer"))
	for i, want := range []error{nil, nil, ErrBusy} {
		if err := h.Broadcast(nil, text(frame)); !errors.Is(err, want) {
			t.Errorf("broadcast %d: %v", i, err)
		}
	}
	h.settleAll()
	if len(got.got) != 1202+6+1202 || len(other.got) != 1202 {
		t.Errorf("got %d and %d bytes", len(got.got), len(other.got))
	}
	for range 5 {
		a.Send(frame)
	}
	h.settleAll()
	if a.Reason() != Overloaded {
		t.Errorf("a session with more answers than can be queued has the reason %s", a.Reason())
	}
}

// TestTimeouts shows which silence ends which session, to the tick.
func TestTimeouts(t *testing.T) {
	h := newTestHub(1)
	silent, _ := h.open(t, 0, 0)
	idle, _ := h.join(t, 0, 0, "idle")
	busy, _ := h.join(t, 0, 0, "busy")
	classic, _ := h.join(t, 0, 1, "classic")
	state := func(want State, sessions ...*Session) {
		t.Helper()
		for _, s := range sessions {
			if s.State() != want {
				t.Errorf("at %v session %d is %s", h.now.Sub(time.Unix(1e9, 0)), s.slot, s.State())
			}
		}
	}
	h.advance(10*time.Second - time.Nanosecond)
	state(Connected, silent)
	h.advance(time.Nanosecond)
	state(Disconnecting, silent)
	if silent.Reason() != LoginTimeout {
		t.Errorf("reason: %s", silent.Reason())
	}
	h.lanes[0].Touch(busy)
	h.advance(65*time.Second - time.Nanosecond)
	state(Authenticated, idle, busy, classic)
	h.advance(time.Nanosecond)
	state(Disconnecting, idle)
	state(Authenticated, busy, classic)
	h.advance(10*time.Second - time.Nanosecond)
	state(Authenticated, busy)
	h.advance(time.Nanosecond)
	state(Disconnecting, busy)
	h.advance(time.Hour)
	state(Authenticated, classic)
}

// TestLinger shows that an ended session's connection waits for its last bytes, but not for ever.
func TestLinger(t *testing.T) {
	h := newTestHub(1)
	s, c := h.join(t, 0, 0, "a")
	c.stuck = true
	s.Send([]byte("last words"))
	s.End(LoggedOut, "")
	h.settleAll()
	h.advance(testLimits.Linger - time.Nanosecond)
	if c.halfClosed || c.closed {
		t.Error("it was closed with bytes in the outbox")
	}
	h.advance(time.Nanosecond)
	if !c.closed {
		t.Error("it was never closed")
	}

	s, c = h.join(t, 0, 0, "b")
	s.End(LoggedOut, "")
	h.settleAll()
	if !c.halfClosed || c.closed {
		t.Error("it was not closed, or not politely")
	}
	h.advance(parting)
	if !c.closed {
		t.Error("a client that never closes its end keeps its connection")
	}
}

// TestWriteBreaks shows that connections which break underneath a drain cost nobody else a frame or a second one.
func TestWriteBreaks(t *testing.T) {
	h := newTestHub(1)
	var conns []*fakeConn
	for i := range 50 {
		_, c := h.join(t, 0, 0, string(rune('a'+i)))
		c.broken = i%3 == 0
		conns = append(conns, c)
	}
	if err := h.Broadcast(nil, text("hello")); err != nil {
		t.Fatal(err)
	}
	h.settleAll()
	for i, c := range conns {
		if want := map[bool]string{true: "", false: "hello0"}[i%3 == 0]; string(c.got) != want {
			t.Errorf("connection %d got %q", i, c.got)
		}
	}
	if h.Open() != 33 || h.Names() != 33 {
		t.Errorf("%d sessions and %d names are left", h.Open(), h.Names())
	}
}

// TestFull shows that sessions above the limit come from the reserve, and then not at all.
func TestFull(t *testing.T) {
	h := newTestHub(1)
	limits := testLimits
	limits.SessionsMax = 2
	h.SetLimits(limits)
	l := h.lanes[0]
	for i, want := range []struct {
		session bool
		why     Reason
	}{{true, None}, {true, None}, {true, ServerFull}, {false, ServerFull}} {
		s, why := l.Open(&fakeConn{lane: l}, testAddress, None, 1)
		if (s != nil) != want.session || why != want.why {
			t.Errorf("connection %d: session %v, reason %s", i, s != nil, why)
		}
	}
}

// TestStrandIsBounded shows that a strand takes no more than its limit, but always one event, where its socket can't be
// paused.
func TestStrandIsBounded(t *testing.T) {
	h := newTestHub(1)
	s, c := h.open(t, 0, 0)
	c.deaf = true
	h.settleAll()
	if !s.Receive(make([]byte, 2*testLimits.StrandBytes)) {
		t.Error("an empty strand refused packets")
	}
	if s.Receive([]byte("x")) {
		t.Error("a full strand took more")
	}
	if len(h.ready) != 1 {
		t.Errorf("the strand was scheduled %d times", len(h.ready))
	}
}

func TestRate(t *testing.T) {
	var r Rate
	const interval = int64(100 * time.Millisecond)
	now := int64(0)
	f := func(after time.Duration, want bool) {
		t.Helper()
		now += int64(after)
		if r.Take(now, interval, 3) != want {
			t.Errorf("at %v: %v", time.Duration(now), !want)
		}
	}
	f(time.Hour, true)
	f(0, true)
	f(0, true)
	f(0, false)
	f(99*time.Millisecond, false)
	f(time.Millisecond, true)
	f(0, false)
	f(time.Hour, true)
	f(0, true)
	f(0, true)
	f(0, false)
}

// A lane that always has something to send lets its loop look at its sockets: after so many writes it does nothing until
// it is resumed. Then nothing is missing and nothing comes twice.
func TestADrainPauses(t *testing.T) {
	h, l, conns := pausing(t, 6)
	broadcast(t, h, "a")
	if paused := l.Drain(); !paused || writes(conns) != 4 {
		t.Fatalf("paused: %v", paused)
	}
	for range 3 {
		broadcast(t, h, "b")
		if paused := l.Drain(); paused || writes(conns) != 0 {
			t.Fatal("a wake goes on with a drain that has not been resumed")
		}
	}
	if paused := l.Resume(); !paused || writes(conns) != 4 { // the last 2 of the first batch, 2 of what came meanwhile
		t.Fatalf("paused again: %v", paused)
	}
	if paused := l.Resume(); paused || writes(conns) != 4 {
		t.Fatalf("paused for the third time: %v", paused)
	}
	for _, c := range conns {
		if want := "a0b0b0b0"; string(c.got) != want {
			t.Errorf("got %s and not %s", c.got, want)
		}
	}
}

// Small drains that follow each other without end pause like a large one, unless the loop reads in between.
func TestSmallDrainsPause(t *testing.T) {
	h, l, conns := pausing(t, 2)
	pauses := 0
	for range 10 {
		broadcast(t, h, "a")
		if l.Drain() {
			pauses++
			l.Resume()
		}
	}
	if n := writes(conns); n != 20 || pauses != 4 {
		t.Errorf("%d writes and %d pauses", n, pauses)
	}
	for range 10 {
		l.Touch(conns[0].session)
		broadcast(t, h, "b")
		if l.Drain() {
			t.Fatal("paused though the loop reads")
		}
	}
}

// What a burst of broadcasts to 1,000 members writes to each, some KiB, is one write; of longer ones there are fewer before
// the loop reads.
func TestLongWritesCountTwice(t *testing.T) {
	for _, test := range []struct{ bytes, writes int }{{20 << 10, 4}, {40 << 10, 2}} {
		h, l, conns := pausing(t, 4)
		broadcast(t, h, text(strings.Repeat("x", test.bytes)))
		if paused := l.Drain(); paused != (test.writes < 4) {
			t.Errorf("%d bytes: paused = %v", test.bytes, paused)
		}
		if n := writes(conns); n != test.writes {
			t.Errorf("%d bytes: %d writes before the loop reads, want %d", test.bytes, n, test.writes)
		}
	}
}

// pausing is a lane that pauses after 4 writes, and its members' connections.
func pausing(t *testing.T, members int) (h *testHub, l *Lane, conns []*fakeConn) {
	h = newTestHub(1)
	l = h.lanes[0]
	for i := range members {
		_, c := h.join(t, 0, 0, strings.Repeat("n", i+1))
		conns = append(conns, c)
	}
	l.slice, l.budget = 4, 4
	return h, l, conns
}

func broadcast(t *testing.T, h *testHub, b text) {
	t.Helper()
	if err := h.Broadcast(nil, b); err != nil {
		t.Fatal(err)
	}
}

// writes returns how many writes there were since it was asked before.
func writes(conns []*fakeConn) (n int) {
	for _, c := range conns {
		n += c.writes
		c.writes = 0
	}
	return n
}

// defective is a broadcast whose form can't be made.
type defective struct{ text }

func (defective) Append([]byte, Encoding) []byte { panic("a defect") }

// A broadcast that panics is its sender's trouble alone: the sequencer is free again.
func TestADefectiveBroadcastHoldsNobodyUp(t *testing.T) {
	h := newTestHub(1)
	a, _ := h.join(t, 0, 0, "a")
	_, c := h.join(t, 0, 0, "b")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost")
			}
		}()
		_ = h.Broadcast(a, defective{})
	}()
	if !h.seq.TryLock() {
		t.Fatal("the sequencer is held for ever")
	}
	h.seq.Unlock()
	broadcast(t, h, "next")
	h.settleAll()
	if string(c.got) != "next0" {
		t.Errorf("got %q", c.got)
	}
}

// A delivery is counted for each frame that goes out, and for no other: not for a farewell that has no words, nor for
// what a session that is closed for its slowness does not get.
func TestDeliveriesAreExact(t *testing.T) {
	h := newTestHub(1)
	h.config.Farewell = func(dst []byte, s *Session) []byte {
		if s.Reason() == LoggedOut {
			return dst
		}
		return append(dst, "<bye>"...)
	}
	f := func(want int, what string, run func(s *Session, c *fakeConn)) {
		t.Helper()
		s, c := h.join(t, 0, 0, "s")
		before := h.lanes[0].Stats()
		run(s, c)
		h.settleAll()
		after := h.lanes[0].Stats()
		if got := int(after.Deliveries - before.Deliveries); got != want {
			t.Errorf("%s: %d deliveries, want %d", what, got, want)
		}
		if got := int(after.Bytes - before.Bytes); got != len(c.got)+len(c.buffered) {
			t.Errorf("%s: %d bytes, want %d", what, got, len(c.got)+len(c.buffered))
		}
		h.lanes[0].Closed(s, ClientClosed)
		h.settleAll()
	}
	f(1, "an answer", func(s *Session, _ *fakeConn) { s.Send([]byte("pong")) })
	f(1, "a logout", func(s *Session, _ *fakeConn) { s.Finish(LoggedOut, []byte("done")) })
	f(0, "a logout without an answer", func(s *Session, _ *fakeConn) { s.Finish(LoggedOut, nil) })
	f(3, "an end behind an answer and a broadcast", func(s *Session, _ *fakeConn) {
		s.Send([]byte("pong"))
		broadcast(t, h, "b")
		s.End(ShuttingDown, "")
	})
	f(5, "a slow consumer", func(s *Session, c *fakeConn) {
		c.stuck = true
		for range 5 { // 4 fit
			broadcast(t, h, text(strings.Repeat("x", 999)))
			h.lanes[0].Drain()
		}
		s.Send([]byte("pong")) // in one batch with the end
	})
}

// Those who were refused take nobody's place while they hear why: a storm of them must not keep a full server full.
func TestTheRefusedTakeNoPlace(t *testing.T) {
	h := newTestHub(1)
	limits := testLimits
	limits.SessionsMax = 2
	h.SetLimits(limits)
	l := h.lanes[0]
	open := func(refuse, want Reason) *Session {
		t.Helper()
		s, why := l.Open(&fakeConn{lane: l}, testAddress, refuse, 4)
		if s == nil || why != want {
			t.Fatalf("session: %v, reason: %s and not %s", s != nil, why, want)
		}
		return s
	}
	first := open(None, None)
	refused := []*Session{open(AddressLimit, AddressLimit), open(ShuttingDown, ShuttingDown)}
	second := open(None, None)
	refused = append(refused, open(None, ServerFull), open(None, ServerFull))
	if s, why := l.Open(&fakeConn{lane: l}, testAddress, None, 4); s != nil || why != ServerFull {
		t.Fatal("more than the reserve")
	}
	l.Closed(first, ClientClosed)
	third := open(None, None)
	l.Closed(refused[0], ClientClosed)
	open(None, ServerFull)
	if h.Open() != 6 || h.Placed() != 2 {
		t.Errorf("%d sessions are open, %d have a place", h.Open(), h.Placed())
	}
	for _, s := range append(refused[1:], second, third) {
		l.Closed(s, ClientClosed)
	}
	h.settleAll()
	if s := open(None, None); s.refused || h.Open() != 2 {
		t.Errorf("refused: %v, %d sessions are open", s.refused, h.Open())
	}
}

// What a lane holds is bounded by what it takes, not by the bytes of the frames alone: most are shorter than what says
// where they go.
func TestSmallFramesFillALane(t *testing.T) {
	h := newTestHub(1)
	h.join(t, 0, 0, "a")
	n := 0
	for _, err := h.Whisper(nil, "a", 0, private("pong")); err == nil; n++ {
		_, err = h.Whisper(nil, "a", 0, private("pong"))
	}
	l := h.lanes[0]
	if held := len(l.inbox.private) + len(l.inbox.ops)*opBytes; held > testLimits.LaneBytes+2*opBytes {
		t.Errorf("after %d frames the lane holds %d bytes and not %d", n, held, testLimits.LaneBytes)
	}
}

// TestNobodyIsWokenUnderALock: whatever wakes a lane does so when it has let go of its locks. The hub of all tests here
// panics otherwise; this one goes through every method that wakes.
func TestNobodyIsWokenUnderALock(t *testing.T) {
	h := newTestHub(2)
	s, _ := h.open(t, 0, 0)
	h.Login(s, Login{Name: "alice", Account: 7, Later: true, Welcome: []byte("hello")})
	f := func(what string, wakes int, run func()) {
		t.Helper()
		h.settleAll()
		run()
		if len(h.wakes) != wakes {
			t.Errorf("%s: %d lanes are woken, want %d", what, len(h.wakes), wakes)
		}
	}
	other, _ := h.join(t, 1, 1, "bob")
	f("a join that is too early", 0, func() { h.Join(s, func(dst []byte) ([]byte, bool) { return dst, false }) })
	f("a join", 1, func() { h.Join(s, func(dst []byte) ([]byte, bool) { return dst, true }) })
	f("a broadcast", 2, func() { broadcast(t, h, "b") })
	f("a whisper", 1, func() { _, _ = h.Whisper(nil, "alice", 0, private("w")) })
	f("a whisper to nobody", 0, func() { _, _ = h.Whisper(nil, "nobody", 0, private("w")) })
	f("mail", 0, func() { _, _ = h.Whisper(nil, "nobody", 9, private("w")) })
	f("an answer", 1, func() { s.Send([]byte("a")) })
	f("an answer to another", 1, func() { other.Ref().Answer([]byte("a")) })
	f("a wait", 1, func() { s.ParkUntilWritten(true) })
	f("the end of an account", 1, func() { h.EndAccount(7, Kicked, "", Ref{}) })
	f("a login that replaces", 2, func() {
		newcomer, _ := h.open(t, 0, 0)
		h.Login(newcomer, Login{Name: "bob", Replace: true, Welcome: []byte("hello")})
	})
	f("a logout", 1, func() {
		bob, _ := h.Lookup("bob")
		bob.session.Finish(LoggedOut, []byte("done"))
	})
}
