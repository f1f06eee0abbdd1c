package session

import "testing"

// TestGoneIsNotCongested: nobody takes the answers of a connection that is gone, so its strand must not wait for that: it
// would be resumed and parked without end, and its name and slot never be free.
func TestGoneIsNotCongested(t *testing.T) {
	h := newTestHub(1)
	s, c := h.join(t, 0, 0, "a")
	c.stuck = true
	h.lanes[0].memberOf(s).descriptor = -1
	for !s.Congested() {
		s.Send(make([]byte, 64))
		h.settleAll()
		if s.Reason() != None {
			t.Fatalf("ended with %s", s.Reason())
		}
	}
	h.lanes[0].Closed(s, ClientClosed)
	if s.Congested() {
		t.Error("it waits for its kernel to take answers")
	}
}

// TestReadAgainTooLate: a socket that was paused anew since its strand asked for reading stays paused, or its inbox would
// grow without a bound.
func TestReadAgainTooLate(t *testing.T) {
	h := newTestHub(1)
	s, c := h.open(t, 0, 0)
	mark := h.limits.Load().readAhead()
	s.Receive(make([]byte, mark/2))
	s.Receive(make([]byte, mark/2))
	s.Take()
	s.Take()                      // asks for reading, which the loop has not heard of yet
	s.Receive(make([]byte, mark)) // gnet undid the pause
	c.PauseReading(true)          // as OnTraffic does then
	for h.step() {
	}
	if !c.paused || h.Held() != 1 {
		t.Errorf("paused %v, held %d", c.paused, h.Held())
	}
	s.Take()
	for s.Take(); h.step(); {
	}
	if c.paused || h.Held() != 0 {
		t.Errorf("its strand has taken all: paused %v, held %d", c.paused, h.Held())
	}
}

// TestOutboxOfASlowReader: what a reader that is always a little behind has taken counts no more, and it is listed once.
func TestOutboxOfASlowReader(t *testing.T) {
	h := newTestHub(1)
	l := h.lanes[0]
	s, c := h.join(t, 0, 0, "a")
	l.memberOf(s).descriptor = -1
	c.stuck = true
	send := func() {
		s.Send(make([]byte, 64))
		h.settleAll()
	}
	for range 10_000 {
		send()
		if len(c.buffered) > 1000 {
			c.buffered = c.buffered[:64]
		}
	}
	if most := 16 * len(c.buffered); int(s.outboxMemory) > most {
		t.Errorf("%d bytes are counted for %d that wait, want at most %d", s.outboxMemory, len(c.buffered), most)
	}
	for range 100 {
		c.unstick()
		send()
		c.stuck = true
		send()
		l.Tick(h.now)
	}
	if n := len(l.memory.outboxes); n != 1 {
		t.Errorf("it is listed %d times", n)
	}
}

// TestEvictedBesideItsEnd: a session whose connection is gone is evicted without words, because its strand may be reading
// them. The race detector sees when that is no longer so.
func TestEvictedBesideItsEnd(t *testing.T) {
	h := newTestHub(1)
	h.unchecked = true
	for range 300 {
		s, _ := h.open(t, 0, 0)
		s.Receive(make([]byte, 3<<10))
		h.lanes[0].Closed(s, ClientClosed)
		detail := make(chan string, 1)
		go func() {
			for e, ok := s.Take(); ok; e, ok = s.Take() {
				if e.Closed != None {
					s.Conclude(e.Closed)
					detail <- s.Detail()
					return // the session is not the strand's to touch any more
				}
			}
			detail <- "its end was not taken"
		}()
		h.lanes[0].end([]usage{{s.Ref(), s.ID(), 3 << 10}})
		if got := <-detail; got != "" {
			t.Fatalf("the detail is %q", got)
		}
		s.Leave()
		for h.step() {
		}
		h.ready = nil
	}
}
