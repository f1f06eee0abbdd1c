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
	resumed   any   // what ends a Park
	granted   grant // the room that comes with it
	full      bool  // the socket is not read until enough is taken
	scheduled bool  // a worker has the strand, or it waits for one
}

// runBytes is the memory of a run of packets that is used again: one read of a client that doesn't flood, and a strand
// that is idle has none. A longer run is left to the garbage collector.
const runBytes = 2 << 10

var runs = sync.Pool{New: func() any { return new([runBytes]byte) }}

// readAhead is how many bytes of packets may wait for a strand before its socket is not read any more: what gnet reads at
// a time, so that a strand always has the next read's packets while its loop does other things. Reading goes on when half
// of it waits. Less where StrandBytes is less than twice that.
const readAhead = 64 << 10

func (l *Limits) readAhead() int {
	if l.StrandBytes > 0 {
		return min(readAhead, l.StrandBytes/2)
	}
	return readAhead
}

// Receive queues a copy of whole packets for the session's strand. When much waits then, the socket is not read until the
// strand has taken it. Where that can't be had it reports false, and queues nothing, when more than Limits.StrandBytes
// would wait: the client sends faster than the server works. Loop.
func (s *Session) Receive(packets []byte) bool {
	limits := s.lane.limits()
	s.mu.Lock()
	in := &s.inbox
	if waiting := len(in.packets) + int(in.held); waiting+len(packets) >= limits.readAhead() && !in.full {
		s.mu.Unlock()
		full := s.lane.pauseReading(s)
		s.mu.Lock()
		waiting = len(in.packets) + int(in.held)
		if !full && limits.StrandBytes > 0 && waiting > 0 && waiting+len(packets) > limits.StrandBytes {
			s.mu.Unlock()
			return false
		}
		// The strand can't miss it: it has yet to take what is added now.
		in.full = full
	}
	if in.packets == nil && len(packets) <= runBytes {
		in.packets = runs.Get().(*[runBytes]byte)[:0]
	}
	before := runMemory(in.packets)
	in.packets = append(in.packets, packets...)
	more := runMemory(in.packets) - before
	if more > 0 { // before a worker can give it back
		s.lane.use(MemoryRequests, more)
	}
	s.unlockAndSchedule()
	if more > 0 {
		s.lane.grew(more)
	}
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
	} else if s.run != nil {
		s.lane.use(MemoryRequests, -runMemory(s.run))
	}
	s.run = nil
	s.mu.Lock()
	in := &s.inbox
	in.held = int32(len(in.packets))
	read := in.full && int(in.held) <= s.lane.limits().readAhead()/2
	if read {
		in.full = false
	}
	if len(in.packets) == 0 {
		e, ok := in.last()
		s.mu.Unlock()
		if read {
			s.lane.post(s.Ref(), opRead, nil)
		}
		return e, ok
	}
	s.run, in.packets = in.packets, nil
	s.mu.Unlock()
	if read {
		s.lane.post(s.Ref(), opRead, nil)
	}
	return Event{Packets: s.run}, true
}

// last takes what comes behind the packets. When there is nothing the strand is idle again. mu is held.
func (in *inbox) last() (e Event, ok bool) {
	switch {
	case in.fault != nil:
		e.Fault, in.fault = in.fault, nil
	case in.closed != None:
		e.Closed, in.closed = in.closed, None
	default:
		in.scheduled = false
		return Event{}, false
	}
	return e, true
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
func (s *Session) Resume(with any) { s.resume(with, grant{}) }

func (s *Session) resume(with any, room grant) {
	s.mu.Lock()
	s.inbox.resumed, s.inbox.granted = with, room
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
	s.granted = s.inbox.granted
	s.inbox.resumed, s.inbox.granted = nil, grant{}
	s.parked = false
	return e, true
}

// ParkUntilWritten parks the strand until the kernel has taken everything that was sent to the session before, or the
// session is ending; then it resumes with what is given. It is how whoever has much to send keeps to what the client
// reads. Strand.
func (s *Session) ParkUntilWritten(with any) { s.parkUntilWritten(with, 0) }

func (s *Session) parkUntilWritten(with any, unsent int) {
	s.Park()
	s.awaiting, s.awaited, s.expected = with, unsent, s.owed
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
		hub.directory.release(s)
		hub.leave(s)
	}
	s.lane.post(s.Ref(), opFree, nil)
}

// full reports whether so much waits again since an opRead was posted that the strand will post another one. Loop.
func (s *Session) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inbox.full
}
