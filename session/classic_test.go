package session

import (
	"testing"
	"time"
)

// TestSilence: a connection that has said nothing has the longest of the login timeouts, measured from its beginning; one that
// has, its own, measured from its first bytes. Where half of the places are taken by connections that are not logged in,
// silence has the shortest.
func TestSilence(t *testing.T) {
	f := func(name string, others, sessionsMax int, encoding Encoding, spoken time.Duration, limits [Encodings]time.Duration, want time.Duration) {
		t.Helper()
		h := newTestHub(1)
		l := testLimits
		l.LoginTimeouts, l.SessionsMax = limits, sessionsMax
		h.SetLimits(l)
		for range others {
			h.open(t, 0, 1)
		}
		c := &fakeConn{lane: h.lanes[0], hub: h}
		s, _ := h.lanes[0].Open(c, testAddress, None, 0)
		c.session = s
		took := time.Duration(0)
		for ; s.State() == Connected && took < 10*time.Minute; took += time.Second {
			if spoken >= 0 && took == spoken {
				s.SetEncoding(encoding)
			}
			h.advance(time.Second)
		}
		if ended := s.State() != Connected; ended != (want > 0) || ended && (took != want || s.Reason() != LoginTimeout) {
			t.Errorf("%s: %s after %v with %s, want %v", name, s.State(), took, s.Reason(), want)
		}
	}
	both := [Encodings]time.Duration{10 * time.Second, 2 * time.Minute, 2 * time.Minute}
	const never = -1
	f("silent", 0, 100, 0, never, both, 2*time.Minute)
	f("native at once", 0, 100, 0, 0, both, 10*time.Second)
	f("native after 30 s", 0, 100, 0, 30*time.Second, both, 40*time.Second)
	f("classic at once", 0, 100, 1, 0, both, 2*time.Minute)
	f("classic after 12 s", 0, 100, 2, 12*time.Second, both, 132*time.Second)
	f("silent among half", 49, 100, 0, never, both, 2*time.Minute)
	f("silent among more than half", 50, 100, 0, never, both, 10*time.Second)
	f("no limit for classic", 0, 100, 0, never, [Encodings]time.Duration{10 * time.Second, 0, 0}, 0)
	f("no limit for classic, among more than half", 50, 100, 0, never, [Encodings]time.Duration{10 * time.Second, 0, 0}, 10*time.Second)
	f("no limit for native", 0, 100, 0, never, [Encodings]time.Duration{0, time.Minute, time.Minute}, 0)
	f("no limit", 50, 100, 0, never, [Encodings]time.Duration{}, 0)
}

// TestSilenceWhenItGetsCrowded: who was silent already when the others came goes as soon.
func TestSilenceWhenItGetsCrowded(t *testing.T) {
	h := newTestHub(1)
	l := testLimits
	l.SessionsMax = 10
	h.SetLimits(l)
	c := &fakeConn{lane: h.lanes[0], hub: h}
	s, _ := h.lanes[0].Open(c, testAddress, None, 0)
	c.session = s
	for range 15 {
		h.advance(time.Second)
	}
	if s.State() != Connected {
		t.Fatalf("%s, %s before it was crowded", s.State(), s.Reason())
	}
	for range 6 {
		h.open(t, 0, 1)
	}
	for range 10 {
		h.advance(time.Second)
	}
	if s.Reason() != LoginTimeout {
		t.Errorf("%s, %s", s.State(), s.Reason())
	}
}

// TestRefuse: a connection without a place hears why once it is known which frames it reads, or after two seconds; what it
// sends is thrown away.
func TestRefuse(t *testing.T) {
	f := func(name string, spoken time.Duration) {
		t.Helper()
		h := newTestHub(1)
		c := &fakeConn{lane: h.lanes[0], hub: h}
		s, why := h.lanes[0].Open(c, testAddress, AddressLimit, 1)
		c.session = s
		s.Refuse(why, "too many")
		took := time.Duration(0)
		for ; s.State() == Connected && took < time.Minute; took += 500 * time.Millisecond {
			if took == spoken {
				s.SetEncoding(1)
				break
			}
			h.advance(500 * time.Millisecond)
		}
		h.settleAll()
		want := min(spoken, refusalWait)
		if took != want || s.Reason() != AddressLimit || s.Detail() != "too many" || !s.Deaf() || string(c.got) != "<bye:address_limit>" {
			t.Errorf("%s: after %v %s, %q, deaf: %v, heard %q", name, took, s.Reason(), s.Detail(), s.Deaf(), c.got)
		}
	}
	f("who speaks at once", 0)
	f("who speaks soon", time.Second)
	f("who says nothing", time.Hour)
}

// TestFormer: the end tells what the session was before.
func TestFormer(t *testing.T) {
	h := newTestHub(1)
	stranger, _ := h.open(t, 0, 0)
	known, _ := h.join(t, 0, 0, "alice")
	for _, s := range []*Session{stranger, known} {
		s.End(Kicked, "")
	}
	if stranger.Former() != Connected || known.Former() != Authenticated || known.Reason() != Kicked || known.State() != Disconnecting {
		t.Errorf("%s, %s, %s, %s", stranger.Former(), known.Former(), known.Reason(), known.State())
	}
}

// TestParkFor: a strand stands still for its time, and no longer than its session is there.
func TestParkFor(t *testing.T) {
	h := newTestHub(1)
	type done struct{ n int }
	next := func(s *Session) any {
		t.Helper()
		e, _ := s.Take()
		return e.Resumed
	}
	a, _ := h.open(t, 0, 1)
	b, _ := h.open(t, 0, 1)
	a.Receive([]byte("packet"))
	a.Take()
	a.ParkFor(time.Second, &done{1})
	a.Take()
	b.Receive([]byte("packet"))
	b.Take()
	b.ParkFor(time.Hour, &done{2})
	b.Take()
	h.drainAll()
	h.ready = nil
	h.tick(900 * time.Millisecond)
	if len(h.ready) != 0 {
		t.Fatal("a strand goes on early")
	}
	h.tick(100 * time.Millisecond)
	if len(h.ready) != 1 || h.ready[0] != a || *next(a).(*done) != (done{1}) {
		t.Fatalf("%d strands go on", len(h.ready))
	}
	h.ready = nil
	b.end(Kicked, "")
	h.tick(100 * time.Millisecond)
	if len(h.ready) != 1 || h.ready[0] != b || *next(b).(*done) != (done{2}) {
		t.Fatalf("%d strands go on when the session has ended", len(h.ready))
	}
	if n := len(h.lanes[0].sleepers); n != 0 {
		t.Errorf("%d sessions still sleep", n)
	}
}

func (h *testHub) drainAll() {
	for h.step() {
	}
}

func (h *testHub) tick(d time.Duration) {
	h.now = h.now.Add(d)
	for _, l := range h.lanes {
		l.Tick(h.now)
	}
}

// TestWait: what Wait says is when Take succeeds.
func TestWait(t *testing.T) {
	const interval, burst = int64(50 * time.Millisecond), 4
	var r Rate
	now := int64(0)
	for range burst {
		if w := r.Wait(now, interval, burst); w != 0 || !r.Take(now, interval, burst) {
			t.Fatalf("a full bucket has no token: %v", w)
		}
	}
	for range 100 {
		w := r.Wait(now, interval, burst)
		if w <= 0 || r.Take(now+int64(w)-1, interval, burst) {
			t.Fatalf("a token comes before %v", w)
		}
		now += int64(w)
		if r.Wait(now, interval, burst) != 0 || !r.Take(now, interval, burst) {
			t.Fatalf("no token after %v", w)
		}
	}
	if w := r.Wait(0, 0, 0); w != 0 {
		t.Errorf("no limit, and %v to wait", w)
	}
	var shared SharedRate
	shared.Take(0, interval, 1)
	if w := shared.Wait(0, interval, 1); w != time.Duration(interval) {
		t.Errorf("a shared bucket: %v", w)
	}
}
