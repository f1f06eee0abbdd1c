package session

import (
	"slices"
	"time"
)

// How a fast sender is slowed. A strand stands still while its client's own answers are not taken (Congested), while its
// lane or the journal is full (Waitlist), or while somebody looks something up for it. What the client goes on sending
// waits in the strand's inbox, and when that holds Limits.readAhead bytes the socket is not read any more: the kernels'
// buffers fill, and TCP holds the client up. When the strand has taken half of that the socket is read again.

// waitBytes is what a message counts in a Waitlist before it is known how long its frame is: most are shorter.
const waitBytes = 1 << 10

// answerBytes is how much may be owed to a session, or not be taken by its kernel, before its strand stands still: half of
// the outbox, so that its own answers never close it. It goes on at half of that.
func (l *Limits) answerBytes() int { return l.OutboxBytes / 2 }

// Owe notes bytes of answers that will come with Ref.Answer, for what the session has sent. Strand.
func (s *Session) Owe(bytes int) { s.owed += int64(bytes) }

// Congested reports whether the session's answers, or its lane's, wait to be sent in such a number that it should do
// nothing that makes more of them. Strand.
func (s *Session) Congested() bool {
	return (s.crowded || s.owed-s.drained.Load()+s.unread.Load() > int64(s.lane.limits().answerBytes())) && !s.Gone()
}

// ParkCongested parks the strand until the session is not Congested any more, or is ending; then it resumes with what is
// given. Strand.
func (s *Session) ParkCongested(with any) {
	if s.crowded {
		s.crowded = false
		s.lane.room.Full(waitBytes).Park(s, with)
		return
	}
	s.parkUntilWritten(with, s.lane.limits().answerBytes()/2)
}

// sleeper is a session whose strand waits for a time.
type sleeper struct {
	session *Session
	until   int64 // Lane.now
	with    any   // what the strand is resumed with
}

// ParkFor parks the strand for about a time, to the next tick of the lane after it, or until the session is ending; then it
// resumes with what is given. It is how whoever sends too fast is slowed without being refused. Strand.
func (s *Session) ParkFor(d time.Duration, with any) {
	s.Park()
	s.awaiting, s.sleep = with, d
	s.lane.post(s.Ref(), opSleep, nil)
}

// resumeSleepers resumes the strands whose time has come. The sessions are still the same, because their strands hear of no
// end before.
func (l *Lane) resumeSleepers() {
	if len(l.sleepers) == 0 {
		return
	}
	l.sleepers = slices.DeleteFunc(l.sleepers, func(w sleeper) bool {
		if w.until > l.now && w.session.State() != Disconnecting {
			return false
		}
		w.session.Resume(w.with)
		return true
	})
}

// pauseReading stops reading a session's socket, and reports whether that can be done. Loop.
func (l *Lane) pauseReading(s *Session) bool {
	if s.conn == nil || s.ending || !s.conn.PauseReading(true) {
		return false
	}
	if s.held < 0 {
		s.held = int32(len(l.held))
		l.held = append(l.held, s)
		s.outbox = s.conn.OutboundBuffered()
		l.hub.held.Add(1)
		l.use(MemoryKernel, l.hub.config.ReceiveBufferBytes)
	}
	return true
}

// readAgain reads a session's socket again, if it is not read. The silence was not the client's. Loop.
func (l *Lane) readAgain(s *Session) {
	if s.held < 0 || s.conn == nil {
		return
	}
	l.unhold(s)
	s.seen = l.now
	s.conn.PauseReading(false)
}

func (l *Lane) unhold(s *Session) {
	if s.held < 0 {
		return
	}
	last := l.held[len(l.held)-1]
	l.held[s.held], last.held = last, s.held
	l.held[len(l.held)-1] = nil
	l.held = l.held[:len(l.held)-1]
	s.held = -1
	l.hub.held.Add(-1)
	l.use(MemoryKernel, -l.hub.config.ReceiveBufferBytes)
}

// tendHeld looks after the sessions whose sockets are not read: the loop is not told when their kernels take more, and
// their clients can't be heard. One that takes what waits for it is not silent; one that does not comes to its idle
// timeout, as a slow consumer.
func (l *Lane) tendHeld() {
	for i := len(l.held) - 1; i >= 0; i-- {
		if i < len(l.held) { // a flush that fails closes its connection underneath
			l.tend(l.held[i])
		}
	}
}

func (l *Lane) tend(s *Session) {
	defer l.guard(s)
	waiting := s.conn.OutboundBuffered()
	if waiting > 0 {
		if s.conn.Flush() != nil || s.conn == nil {
			return
		}
		waiting = s.conn.OutboundBuffered()
	}
	if waiting == 0 || waiting < s.outbox {
		s.seen = l.now
	}
	s.outbox = waiting
}
