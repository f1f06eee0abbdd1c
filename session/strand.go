package session

import "sync"

// Event is one thing that happened to a session, in the order in which it happened. Exactly one field is set.
type Event struct {
	Packets []byte // whole packets, one behind the other, until the next Take
	Fault   error  // what came next breaks the protocol; nothing more will arrive
	Closed  Reason // the connection is gone; this is the last event
	Resumed any    // what Resume was given: the strand goes on after a Park
}

// inbox is what happened to a session and waits for its strand: first packets, then a fault, then the end, because after
// a fault the session is deaf. So it needs no list, and what was received in pieces is taken as one.
type inbox struct {
	packets   []byte
	held      int32 // bytes of the packets that were taken last, which a worker may not be through with
	fault     error
	closed    Reason
	resumed   any  // what ends a Park
	scheduled bool // a worker has the strand, or it waits for one
}

// runBytes is the memory of a run of packets that is used again: one read of a client that doesn't flood, and a strand
// that is idle has none. A longer run is left to the garbage collector.
const runBytes = 2 << 10

var runs = sync.Pool{New: func() any { return new([runBytes]byte) }}

// Receive queues a copy of whole packets for the session's strand. It reports false, and queues nothing, when more than
// Limits.StrandBytes would wait: the client sends faster than the server works. Loop.
func (s *Session) Receive(packets []byte) bool {
	limit := s.lane.limits().StrandBytes
	s.mu.Lock()
	if waiting := len(s.inbox.packets) + int(s.inbox.held); limit > 0 && waiting > 0 && waiting+len(packets) > limit {
		s.mu.Unlock()
		return false
	}
	if s.inbox.packets == nil && len(packets) <= runBytes {
		s.inbox.packets = runs.Get().(*[runBytes]byte)[:0]
	}
	s.inbox.packets = append(s.inbox.packets, packets...)
	s.unlockAndSchedule()
	return true
}

// Fault queues the news that what arrived breaks the protocol, behind the packets before it; the session is deaf from
// now on. Loop.
func (s *Session) Fault(err error) {
	s.deaf = true
	s.mu.Lock()
	s.inbox.fault = err
	s.unlockAndSchedule()
}

// receiveClosed queues the last event. Loop.
func (s *Session) receiveClosed(why Reason) {
	s.mu.Lock()
	s.inbox.closed = why
	s.unlockAndSchedule()
}

// unlockAndSchedule unlocks the inbox, to which something was added, and schedules the strand if it was idle.
func (s *Session) unlockAndSchedule() {
	idle := !s.inbox.scheduled
	s.inbox.scheduled = true
	s.mu.Unlock()
	if idle {
		s.lane.hub.config.Schedule(s)
	}
}

// Take returns the strand's next event. When there is none the strand is idle again, and whoever adds one schedules it:
// the caller must not touch the session any more. Strand.
func (s *Session) Take() (Event, bool) {
	if s.parked {
		return s.takeResumed()
	}
	if s.left > 0 {
		rest := s.run[len(s.run)-s.left:]
		s.left = 0
		return Event{Packets: rest}, true
	}
	if cap(s.run) == runBytes {
		runs.Put((*[runBytes]byte)(s.run[:runBytes]))
	}
	s.run = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	in := &s.inbox
	in.held = int32(len(in.packets))
	switch {
	case len(in.packets) > 0:
		s.run, in.packets = in.packets, nil
		return Event{Packets: s.run}, true
	case in.fault != nil:
		e := Event{Fault: in.fault}
		in.fault = nil
		return e, true
	case in.closed != None:
		e := Event{Closed: in.closed}
		in.closed = None
		return e, true
	}
	in.scheduled = false
	return Event{}, false
}

// Park makes the strand stand still behind the event that is being handled, for something that takes long and must not
// keep a worker: Take brings nothing until Resume. What arrives meanwhile waits, the end of the connection too, so that
// the session stays the same, and the packets that were taken stay as they are. Strand.
func (s *Session) Park() { s.parked = true }

// Parked reports whether the strand stands still. Strand.
func (s *Session) Parked() bool { return s.parked }

// Gone reports whether the connection is gone, which the strand hears of only behind all that came before it. What is
// sent from now on reaches nobody. Strand.
func (s *Session) Gone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inbox.closed != None
}

// Resume ends a Park: the strand's next event holds with, which must not be nil. Anyone, once for each Park.
func (s *Session) Resume(with any) {
	s.mu.Lock()
	s.inbox.resumed = with
	s.unlockAndSchedule()
}

// takeResumed is Take for a strand that is parked.
func (s *Session) takeResumed() (Event, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := Event{Resumed: s.inbox.resumed}
	if e.Resumed == nil {
		s.inbox.scheduled = false
		return Event{}, false
	}
	s.inbox.resumed = nil
	s.parked = false
	return e, true
}

// ParkUntilWritten parks the strand until the kernel has taken everything that was sent to the session before, or the
// session is ending; then it resumes with what is given. It is how whoever has much to send keeps to what the client
// reads. Strand.
func (s *Session) ParkUntilWritten(with any) {
	s.Park()
	s.awaiting = with
	s.lane.post(s.Ref(), opWritten, nil)
}

// PutBack returns the last n bytes of the packets that were taken, whole ones that this turn has no time for; the next
// Take brings them first. Strand.
func (s *Session) PutBack(n int) { s.left = n }

// Conclude ends the session, without a farewell, for the reason that came with Closed, unless it has ended before: the
// client went by itself. Strand.
func (s *Session) Conclude(why Reason) { s.end(why, "") }

// Leave clears away a session after its Closed event: its name is free, and its slot will be. The caller must not touch
// the session any more. Strand.
func (s *Session) Leave() {
	hub := s.lane.hub
	if s.name != "" {
		hub.directory.release(s.name, s)
		hub.leave(s)
	}
	s.lane.post(s.Ref(), opFree, nil)
}
