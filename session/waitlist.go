package session

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// Waitlist is where strands wait for room in a queue that others empty, oldest first. A waiting strand is parked: it holds
// no worker, its client's requests stay behind it in order, and once enough of them wait its socket is not read, so that
// TCP slows the client down. Whoever makes room calls Wake.
type Waitlist struct {
	// Immutable.
	room func() (free int, any bool)
	wait func() // called when somebody waits; nil: nobody cares
	full *Full  // for waitBytes

	claims  atomic.Int64 // waiters, and those who were woken and have not tried yet
	waiting atomic.Int64 // waiters

	mu       sync.Mutex
	line     []waiter // the oldest ticket first
	promised int      // bytes of those who were woken and have not tried yet
}

// waiter is a strand in the line.
type waiter struct {
	session *Session
	ticket  uint64
	bytes   int
	with    any // what the strand is resumed with
}

// grant is room that is kept for a session that was woken. It belongs to the session's strand.
type grant struct {
	list  *Waitlist
	bytes int
}

// tickets gives waiters their order. Who has to wait again, in this line or in another, keeps the ticket.
var tickets atomic.Uint64

// NewWaitlist returns an empty one. room returns how many bytes are free, and whether one message would be let in whatever
// its size. wait, unless it is nil, is called after somebody began to wait. Both are called with no lock held.
func NewWaitlist(room func() (free int, any bool), wait func()) *Waitlist {
	w := &Waitlist{room: room, wait: wait}
	w.full = &Full{w, waitBytes}
	return w
}

// Waiting returns how many strands wait. Anyone.
func (w *Waitlist) Waiting() int { return int(w.waiting.Load()) }

// Claimed reports whether others were there first, so that a session must wait though there may be room. One that has
// waited is let through; nil never is. The session's strand.
func (w *Waitlist) Claimed(s *Session) bool {
	return w.claims.Load() > 0 && (s == nil || s.granted.list == nil)
}

// Full returns the error that sends a session into the line, for room of some bytes.
func (w *Waitlist) Full(bytes int) *Full {
	if bytes == waitBytes {
		return w.full
	}
	return &Full{w, bytes}
}

// Full is the error of a send for which there is no room yet: nobody got it. It is an ErrBusy too.
type Full struct {
	list  *Waitlist
	bytes int
}

func (f *Full) Error() string { return ErrBusy.Error() }

// Is implements what errors.Is looks for.
func (f *Full) Is(target error) bool { return target == ErrBusy }

// Park parks the session's strand until there is room; then it is resumed with what is given, to try again. Strand.
func (f *Full) Park(s *Session, with any) { f.list.park(s, f.bytes, with) }

func (w *Waitlist) park(s *Session, bytes int, with any) {
	s.Park()
	if s.ticket == 0 {
		s.ticket = tickets.Add(1)
	}
	w.mu.Lock()
	at := len(w.line)
	for at > 0 && w.line[at-1].ticket > s.ticket {
		at--
	}
	w.line = slices.Insert(w.line, at, waiter{s, s.ticket, bytes, with})
	w.claims.Add(1)
	w.waiting.Add(1)
	w.mu.Unlock()
	w.Wake() // room may have been made since it was looked for
	if w.wait != nil && w.waiting.Load() > 0 {
		w.wait()
	}
}

// Wake resumes the strands that there is room for. It must follow whatever made room. Anyone, with no lock held.
func (w *Waitlist) Wake() {
	if w.waiting.Load() > 0 {
		w.wake(w.room())
	}
}

// WakeAll resumes all strands, whether there is room for them or not: they try again and hear how it stands. Anyone, with
// no lock held.
func (w *Waitlist) WakeAll() { w.wake(math.MaxInt, true) }

func (w *Waitlist) wake(free int, any bool) {
	w.mu.Lock()
	n := 0
	for n < len(w.line) && (w.promised+w.line[n].bytes <= free || any && w.promised == 0) {
		w.promised += w.line[n].bytes
		n++
	}
	woken := slices.Clone(w.line[:n])
	w.line = slices.Delete(w.line, 0, n)
	w.waiting.Add(-int64(n))
	w.mu.Unlock()
	for _, next := range woken {
		next.session.resume(next.with, grant{w, next.bytes})
	}
}

// Release gives back what a strand that was woken from a Waitlist did not use, for the next in the line. It does nothing
// for other strands. It must be called once the strand has tried again or will not. Strand.
func (s *Session) Release() {
	g := s.granted
	s.granted = grant{}
	if !s.parked {
		s.ticket = 0
	}
	if g.list == nil {
		return
	}
	g.list.mu.Lock()
	g.list.promised -= g.bytes
	g.list.mu.Unlock()
	g.list.claims.Add(-1)
	g.list.Wake()
}
