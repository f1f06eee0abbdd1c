package session

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// evictMin is the least that a session must use to be evicted: less than what one incomplete packet can hold, and more
	// than what anybody uses who reads what comes.
	evictMin = 2 << 10
	// evictMost is from how many sessions an eviction chooses, of all loops together, so that it sorts for some
	// milliseconds at most. What is left is the next one's.
	evictMost = 1 << 16
)

// evictedDetail is what a session hears that is evicted.
const evictedDetail = "the server is short of memory and your session used the most; wait for answers and read what arrives"

// usage is how much memory a session uses, beyond what every session does.
type usage struct {
	session Ref
	id      uint64
	bytes   int64
}

// byUsage sorts the largest first, and of equal ones the one with the lower number.
func byUsage(a, b usage) int {
	return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.id, b.id))
}

// evictStep is what an eviction wants of a loop next.
type evictStep = int32

const (
	evictNothing evictStep = iota
	evictReport            // what its sessions use
	evictEnd               // its part of those that were chosen
)

// eviction ends the sessions that use the most, over all lanes, once the limit is exceeded. Each loop reports what its
// sessions use; the last one to do so chooses; each loop ends its part.
type eviction struct {
	running atomic.Bool

	// Guarded by mu.
	mu      sync.Mutex
	missing int       // loops that have not done their step yet
	usages  []usage   // what was reported
	chosen  [][]usage // by lane
}

// checkMemory begins an eviction when the limit is exceeded. Loops answer within milliseconds; where it is exceeded by a
// quarter although, because one of them does not, this loop ends the largest of its own sessions by itself. Loop.
func (l *Lane) checkMemory() {
	h := l.hub
	limit := h.limits.Load().MemoryBytes
	if limit <= 0 {
		return
	}
	excess := h.memoryInUse() - limit
	if excess > 0 && h.eviction.running.CompareAndSwap(false, true) {
		lanes := *h.laneList.Load()
		h.eviction.mu.Lock()
		h.eviction.missing, h.eviction.usages = len(lanes), nil
		h.eviction.mu.Unlock()
		call(lanes, evictReport)
	}
	if excess > limit/4 && !l.memory.barren {
		chosen := choose(l.usages(evictMost), excess)
		l.memory.barren = len(chosen) == 0 // until the next Tick
		l.end(chosen)
	}
}

// call has loops do a step.
func call(lanes []*Lane, step evictStep) {
	for _, l := range lanes {
		l.evict.Store(step)
		l.arm()
	}
}

// stepEviction does what an eviction wants of the loop. Loop, after it was disarmed.
func (l *Lane) stepEviction() {
	for step := l.evict.Swap(evictNothing); step != evictNothing; step = l.evict.Swap(evictNothing) {
		lanes := *l.hub.laneList.Load()
		if step == evictReport {
			l.hub.reportUsages(lanes, l.usages(evictMost/len(lanes)))
			continue
		}
		e := &l.hub.eviction
		e.mu.Lock()
		chosen := e.chosen[l.index]
		e.mu.Unlock()
		l.end(chosen)
		e.mu.Lock()
		if e.done(lanes) {
			e.running.Store(false)
		}
		e.mu.Unlock()
	}
}

// reportUsages notes what a loop's sessions use. When all loops have reported, it chooses who is ended, so that seven
// eighths of the limit are in use then, and the next eviction is some time away.
func (h *Hub) reportUsages(lanes []*Lane, reported []usage) {
	limit := h.limits.Load().MemoryBytes
	e := &h.eviction
	e.mu.Lock()
	e.usages = append(e.usages, reported...)
	last := e.done(lanes)
	if last {
		chosen := e.usages[:0]
		if limit > 0 { // still
			chosen = choose(e.usages, h.memoryInUse()-(limit-limit/8))
		}
		e.usages, e.chosen = nil, make([][]usage, len(lanes))
		for _, u := range chosen {
			at := u.session.session.lane.index
			e.chosen[at] = append(e.chosen[at], u)
		}
	}
	e.mu.Unlock()
	if last {
		call(lanes, evictEnd)
	}
}

// done notes that a loop has done its step, and reports whether all have; then each has the next one before it. mu is held.
func (e *eviction) done(lanes []*Lane) (last bool) {
	e.missing--
	if e.missing > 0 {
		return false
	}
	e.missing = len(lanes)
	return true
}

// choose returns the largest of the usages that come to so many bytes together, or all.
func choose(usages []usage, bytes int64) []usage {
	slices.SortFunc(usages, byUsage)
	for i, u := range usages {
		if bytes <= 0 {
			return usages[:i]
		}
		bytes -= u.bytes
	}
	return usages
}

// usages returns what the lane's sessions use that are worth an eviction, the largest if there are more than most. Loop.
func (l *Lane) usages(most int) []usage {
	var all []usage
	for slot := range l.slab.slots() {
		s := l.slab.at(slot)
		if s.evicted > 0 {
			continue
		}
		if n := l.usage(s); n >= evictMin {
			all = append(all, usage{s.Ref(), s.ID(), n})
		}
	}
	if len(all) > most {
		slices.SortFunc(all, byUsage)
		all = all[:most]
	}
	return all
}

// usage returns what a session uses beyond what every session does. Loop.
func (l *Lane) usage(s *Session) int64 {
	n := int64(s.inputMemory) + int64(s.outboxMemory)
	if s.outboxMemory > 0 {
		n += int64(l.hub.config.SendBufferBytes)
	}
	if s.held >= 0 {
		n += int64(l.hub.config.ReceiveBufferBytes)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return n + int64(runMemory(s.inbox.packets)) + int64(s.inbox.held)
}

// end ends sessions that were chosen. Loop.
func (l *Lane) end(chosen []usage) {
	ended, bytes := 0, int64(0)
	for _, u := range chosen {
		s := u.session.session
		if s.generation != u.session.generation || s.evicted > 0 {
			continue
		}
		s.evicted = u.bytes
		l.memory.evicted.Add(u.bytes)
		l.evictSession(s)
		ended++
		bytes += u.bytes
	}
	if ended == 0 {
		return
	}
	l.resumeWritten() // strands that wait for what nobody reads any more
	if told := l.hub.config.Evicted; told != nil {
		told(ended, bytes)
	}
}

// evictSession ends a session and frees what it uses. One that has read everything hears why. To one that has not, nothing
// can be said any more: its connection is reset, or the kernel would keep what it did not read for minutes. One whose
// connection is gone loses what its strand has not come to. Loop.
func (l *Lane) evictSession(s *Session) {
	defer l.guard(s)
	switch {
	case s.conn == nil:
		s.end(MemoryBudget, "") // without words: its strand may be reading them
	case s.conn.OutboundBuffered() == 0:
		s.End(MemoryBudget, evictedDetail)
	default:
		s.end(MemoryBudget, evictedDetail)
		s.muted = true
		_ = s.conn.Abort()
		l.budget = 0 // a drain is not to fill the memory again before the loop has closed the connection
	}
	s.mu.Lock()
	freed := runMemory(s.inbox.packets)
	s.inbox.packets = nil // a session that has ended handles no more
	s.mu.Unlock()
	l.use(MemoryRequests, -freed)
	l.unevict(s, int64(freed))
}
