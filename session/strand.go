package session

// Event is one thing that happened to a session, in the order in which it happened. Exactly one field is set.
type Event struct {
	Packets []byte // whole packets, one behind the other; the strand owns them
	Fault   error  // what came next breaks the protocol; nothing more will arrive
	Closed  Reason // the connection is gone; this is the last event
}

// eventOverhead is counted for each queued event beside its bytes, so that many small ones are bounded too.
const eventOverhead = 64

// Receive queues whole packets for the session's strand, which owns them from now on. It reports false, and queues
// nothing, when more than Limits.StrandBytes would wait: the client sends faster than the server works. Loop.
func (s *Session) Receive(packets []byte) bool {
	return s.push(Event{Packets: packets}, s.lane.limits().StrandBytes)
}

// Fault queues the news that what arrived breaks the protocol, behind the packets before it; the session is deaf from
// now on. Loop.
func (s *Session) Fault(err error) {
	s.deaf = true
	s.push(Event{Fault: err}, 0)
}

// push queues an event and schedules the strand if it was idle. A limit of 0 is none.
func (s *Session) push(e Event, limit int) bool {
	size := len(e.Packets) + eventOverhead
	s.mu.Lock()
	if limit > 0 && s.queued > 0 && s.queued+size > limit {
		s.mu.Unlock()
		return false
	}
	if s.head > len(s.inbox)/2 {
		// One who is always busy never comes to the end, where Take would begin anew.
		left := copy(s.inbox, s.inbox[s.head:])
		clear(s.inbox[left:])
		s.inbox, s.head = s.inbox[:left], 0
	}
	s.inbox = append(s.inbox, e)
	s.queued += size
	idle := !s.scheduled
	s.scheduled = true
	s.mu.Unlock()
	if idle {
		s.lane.hub.config.Schedule(s)
	}
	return true
}

// Take returns the strand's next event. When there is none the strand is idle again, and whoever pushes next schedules
// it: the caller must not touch the session any more. Strand.
func (s *Session) Take() (Event, bool) {
	if s.rest != nil {
		e := Event{Packets: s.rest}
		s.rest = nil
		return e, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.head == len(s.inbox) {
		s.scheduled = false
		if cap(s.inbox) > inboxKept {
			s.inbox = nil // a burst is over: give the memory back
		}
		s.inbox, s.head = s.inbox[:0], 0
		return Event{}, false
	}
	e := s.inbox[s.head]
	s.inbox[s.head] = Event{}
	s.head++
	s.queued -= len(e.Packets) + eventOverhead
	return e, true
}

// inboxKept is how many events an idle strand keeps room for.
const inboxKept = 4

// PutBack returns packets that this turn has no time for; the next Take brings them first. Strand.
func (s *Session) PutBack(packets []byte) {
	if len(packets) > 0 {
		s.rest = packets
	}
}

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
