package session

import "sync/atomic"

// MemoryKind is what memory is used for.
type MemoryKind uint8

// The kinds of memory that count towards Limits.MemoryBytes.
const (
	MemorySessions MemoryKind = iota // the sessions themselves, SessionBytes each
	MemoryInput                      // bytes of packets that are not complete yet
	MemoryRequests                   // packets that wait on a strand, or that its worker handles
	MemoryOutboxes                   // bytes that the kernel did not take
	MemoryKernel                     // full buffers: for sending where there is an outbox, for receiving where nothing is read
	MemoryLanes                      // frames that wait for an event loop
	MemoryOther                      // what Hub.SetOtherMemory says

	// MemoryKinds is how many there are.
	MemoryKinds = iota
)

func (k MemoryKind) String() string {
	return [MemoryKinds]string{"sessions", "input", "requests", "outboxes", "kernel", "lanes", "other"}[k]
}

const (
	// SessionBytes is counted for each connection: 1.4 KiB for its session, its connection and its name, 2 KiB for a short
	// run of packets, and 4.6 KiB that the kernel keeps for an idle socket; all measured.
	SessionBytes = 8 << 10
	// outboxPartBytes is counted for each piece of an outbox beside its bytes: a node of gnet's list, rounded up.
	outboxPartBytes = 64
	// outboxPartMin is the least that a piece of an outbox holds: the shortest packet to a client.
	outboxPartMin = 8
	// memoryStep is how much more a loop's sessions may use before the loop compares the sum with the limit. It bounds
	// by how much each loop can overshoot.
	memoryStep = 64 << 10
)

// laneMemory is what a lane's sessions use. The counters are written where more than a short run of packets, an outbox or
// incomplete packet begins, grows or ends, which most messages never do.
type laneMemory struct {
	// Atomic: by kind; for the kinds that are not counted by lane 0. evicted is what of it is on its way out.
	used    [MemoryKinds]atomic.Int64
	evicted atomic.Int64

	// Owned by the loop.
	barren   bool  // an eviction of its own sessions found none since the last Tick
	growth   int   // since the loop last compared the sum with the limit
	outboxes []Ref // sessions with an outbox, which shrinks unseen; stale ones are dropped by the next Tick
}

// MemoryUsed returns how many bytes are used for something. Anyone.
func (h *Hub) MemoryUsed(k MemoryKind) int64 {
	switch k {
	case MemorySessions:
		return int64(h.Open()) * SessionBytes
	case MemoryOther:
		return h.otherMemory.Load()
	}
	n := int64(0)
	for _, l := range *h.laneList.Load() {
		n += l.memory.used[k].Load()
	}
	return n
}

// SetOtherMemory says how many bytes that count towards Limits.MemoryBytes are used outside of this package. Anyone.
func (h *Hub) SetOtherMemory(bytes int64) { h.otherMemory.Store(bytes) }

// memoryInUse returns what counts towards the limit: everything but what is on its way out.
func (h *Hub) memoryInUse() int64 {
	n := h.MemoryUsed(MemorySessions) + h.MemoryUsed(MemoryOther)
	for _, l := range *h.laneList.Load() {
		for k := range l.memory.used {
			n += l.memory.used[k].Load()
		}
		n -= l.memory.evicted.Load()
	}
	return n
}

// MemoryExceeded reports whether an eighth more memory is in use than Limits.MemoryBytes, so that ending sessions does not
// help, or not soon enough. Then no session should be let in. Anyone.
func (h *Hub) MemoryExceeded() bool {
	limit := h.limits.Load().MemoryBytes
	return limit > 0 && h.memoryInUse() > limit+limit/8
}

// use counts that the lane's sessions use n bytes more for something, or fewer. Loop, but MemoryRequests may shrink anywhere.
func (l *Lane) use(k MemoryKind, n int) { l.memory.used[k].Add(int64(n)) }

// grew is told by how much what the loop's sessions use has grown. Every memoryStep of it the sum is compared with the
// limit, so that it holds between two Ticks too. Loop.
func (l *Lane) grew(n int) {
	l.memory.growth += n
	if l.memory.growth >= memoryStep {
		l.memory.growth = 0
		l.checkMemory()
	}
}

// runMemory is what a run of packets counts: nothing while it is a short one, which SessionBytes has room for.
func runMemory(run []byte) int {
	if cap(run) <= runBytes {
		return 0
	}
	return cap(run)
}

// SetInput says how many bytes are held for a packet that has not arrived completely. Loop.
func (l *Lane) SetInput(s *Session, bytes int) {
	more := bytes - int(s.inputMemory)
	if more == 0 {
		return
	}
	s.inputMemory = int32(bytes)
	l.use(MemoryInput, more)
	if more > 0 {
		l.grew(more)
	}
}

// noteOutbox notes how many bytes wait for a session's kernel; parts is how many writes added to them since it was last
// told. Loop.
func (l *Lane) noteOutbox(s *Session, waiting, parts int) {
	bytes := 0
	if waiting > 0 {
		s.parts = min(s.parts+int32(parts), int32(waiting/outboxPartMin)+1) // those that were taken are not counted for ever
		bytes = waiting + waiting/3 + int(s.parts)*outboxPartBytes          // gnet rounds up to powers of two
	} else {
		s.parts = 0
	}
	more := bytes - int(s.outboxMemory)
	if more == 0 {
		return
	}
	kernel := l.hub.config.SendBufferBytes
	switch {
	case s.outboxMemory == 0:
		l.use(MemoryKernel, kernel)
		if !s.listed {
			s.listed = true
			l.memory.outboxes = append(l.memory.outboxes, s.Ref())
		}
	case bytes == 0:
		l.use(MemoryKernel, -kernel)
	}
	s.outboxMemory = int32(bytes)
	l.use(MemoryOutboxes, more)
	if more > 0 {
		l.grew(more)
	}
}

// forgetMemory takes back what a session whose connection is gone was counted for, but for what its strand holds. Loop.
func (l *Lane) forgetMemory(s *Session) {
	before := s.outboxMemory + s.inputMemory
	l.SetInput(s, 0)
	if s.outboxMemory > 0 {
		before += int32(l.hub.config.SendBufferBytes)
	}
	l.noteOutbox(s, 0, 0)
	l.unevict(s, int64(before))
}

// forgetStrand takes back what a strand that has come to its end was counted for. Loop.
func (l *Lane) forgetStrand(s *Session) {
	l.use(MemoryRequests, -runMemory(s.run)-runMemory(s.inbox.packets))
	l.unevict(s, s.evicted)
}

// unevict notes that n bytes of an evicted session are gone. Loop.
func (l *Lane) unevict(s *Session, n int64) {
	n = min(n, s.evicted)
	s.evicted -= n
	l.memory.evicted.Add(-n)
}

// tickMemory looks at what shrinks unseen, at what waits in the lane, and at the limit. Loop.
func (l *Lane) tickMemory() {
	l.memory.barren = false
	kept := l.memory.outboxes[:0]
	for _, r := range l.memory.outboxes {
		s := r.session
		if s.generation != r.generation {
			continue
		}
		if s.conn != nil && s.outboxMemory > 0 {
			l.lookAtOutbox(s)
		}
		if s.listed = s.conn != nil && s.outboxMemory > 0; s.listed {
			kept = append(kept, r)
		}
	}
	clear(l.memory.outboxes[len(kept):])
	l.memory.outboxes = kept
	l.memory.used[MemoryLanes].Store(int64(l.queueMemory()))
	l.checkMemory()
}

// lookAtOutbox notes what the kernel has left of a session's outbox. Loop.
func (l *Lane) lookAtOutbox(s *Session) {
	defer l.guard(s)
	l.noteOutbox(s, s.conn.OutboundBuffered(), 0)
}

// queueMemory returns what the lane's queues take. Loop.
func (l *Lane) queueMemory() int {
	l.mu.Lock()
	n := l.inbox.memory()
	l.mu.Unlock()
	return n + l.out.memory() + cap(l.own)
}

func (b *batch) memory() int {
	n := cap(b.private) + cap(b.ops)*opBytes
	for e := range b.shared {
		n += cap(b.shared[e])
	}
	return n
}
