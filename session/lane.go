package session

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// Lane is the one ordered path to the sockets of one event loop: anyone may post, only the loop drains.
type Lane struct {
	// Immutable.
	hub   *Hub
	wake  func()
	index uint32
	slice int       // how many writes there may be before the loop reads again
	room  *Waitlist // for whispers, and for answers beyond LaneBytes

	// Atomic.
	armed  atomic.Bool  // a wake is on its way
	shared atomic.Int64 // bytes in inbox.shared, all encodings together
	stats  stats
	evict  atomic.Int32 // an evictStep: what an eviction wants of the loop
	memory laneMemory   // but for what is the loop's

	// Guarded by mu.
	mu    sync.Mutex
	inbox batch

	// Owned by the loop.
	now      int64 // nanoseconds, at the last Tick
	slab     slab
	members  [Encodings][]member // who is logged in, dense, in no order
	written  written             // what this slice of a drain wrote, for stats
	timers   timers
	held     []*Session // their sockets are not read
	lingers  []Ref      // ended, with bytes that the kernel did not take
	awaited  []*Session // their strands wait until the kernel has taken everything
	sleepers []sleeper  // their strands wait for a time
	walk     int        // EndNext's place in the slab
	out      batch      // what is being drained
	specials []*Session // the sessions that have operations in out
	own      []byte     // one special session's batch in the making
	epoch    uint32     // the number of this drain
	place    place      // where this drain goes on; draining says whether there is one
	current  *Session   // whom it is dealing with
	chain    int32      // the first of current's operations in out; -1: none
	draining bool
	budget   int  // how many writes there may be until the loop looks at its sockets
	paused   bool // they were used up; Resume goes on
}

// opKind says what an operation does with its session.
type opKind uint8

const (
	opSend    opKind = iota // write a frame
	opAnswer                // the same, of what the session is owed
	opSkip                  // leave out a shared frame: the session sent it
	opJoin                  // write a frame, and shared frames from here on
	opRecode                // shared frames in another encoding from here on
	opEnd                   // write the farewell, and nothing from here on
	opKick                  // the same, for somebody else's Ref.End; its bytes are words for the farewell
	opWritten               // resume the strand once the kernel has taken enough
	opSleep                 // resume the strand after a time
	opRead                  // read the socket again
	opFree                  // the slot is free
)

// op is one thing to do for one session between two shared frames.
type op struct {
	ref        Ref
	kind       opKind
	why        Reason   // opKick
	encoding   Encoding // opRecode: the new one
	next       int32    // the session's next operation in this batch; -1: none
	start, end int32    // its bytes: in private, or, for opSkip, in the shared frames of its encoding; opRecode: at and frames in the new one
	at         int32    // how many bytes of shared frames come before it, in the session's encoding
	frames     int32    // how many shared frames come before it
}

// opBytes is counted for each operation beside its bytes, of which most have fewer.
const opBytes = int(unsafe.Sizeof(op{}))

// batch is what was posted between two drains. Frames for everybody lie joined as they will be written; operations
// say only what differs for single sessions. All bytes are copies, so the posters' buffers are their own again.
type batch struct {
	shared  [Encodings][]byte
	frames  [Encodings]int
	private []byte
	ops     []op
}

func (b *batch) empty() bool {
	for e := range b.shared {
		if len(b.shared[e]) > 0 {
			return false
		}
	}
	return len(b.ops) == 0
}

// batchKept bounds in bytes what a batch keeps for the next time, so that one burst does not hold its memory for ever.
const batchKept = 1 << 20

func (b *batch) reset() {
	for e := range b.shared {
		b.shared[e] = kept(b.shared[e], batchKept)
		b.frames[e] = 0
	}
	b.private = kept(b.private, batchKept)
	clear(b.ops)
	b.ops = kept(b.ops, batchKept/64)
}

func kept[T any](s []T, limit int) []T {
	if cap(s) > limit {
		return nil
	}
	return s[:0]
}

func (l *Lane) limits() *Limits { return l.hub.limits.Load() }

// arm wakes the loop unless a wake is on its way already. It must follow whatever was added.
func (l *Lane) arm() {
	if !l.armed.Load() && l.armed.CompareAndSwap(false, true) {
		l.wake()
	}
}

// post adds an operation and wakes the loop.
func (l *Lane) post(r Ref, kind opKind, frame []byte) {
	l.add(r, kind, frame)
	l.arm()
}

// postEnd posts the end of another's session, with more words for its farewell where there are any.
func (l *Lane) postEnd(r Ref, why Reason, words string) {
	l.mu.Lock()
	l.inbox.add(r, opKick, []byte(words))
	l.inbox.ops[len(l.inbox.ops)-1].why = why
	l.mu.Unlock()
	l.arm()
}

func (l *Lane) add(r Ref, kind opKind, frame []byte) {
	l.mu.Lock()
	l.inbox.add(r, kind, frame)
	l.mu.Unlock()
}

// answer adds a frame that a session is owed unless such frames and the operations that wait take twice limit bytes
// already. crowded says that they take more than limit.
func (l *Lane) answer(r Ref, frame []byte, limit int) (added, crowded bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := l.inbox.owned()
	if waiting > 2*limit {
		return false, true
	}
	l.inbox.add(r, opAnswer, frame)
	return true, waiting > limit
}

// owned returns what is counted for single sessions' frames and operations.
func (b *batch) owned() int { return len(b.private) + len(b.ops)*opBytes }

// free is how much room there is for single sessions' frames.
func (l *Lane) free() (bytes int, any bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	bytes = l.limits().LaneBytes - l.inbox.owned()
	return bytes, bytes >= 0
}

// whisper adds a frame for one session unless such frames take limit bytes already, or others wait for room, made where
// it is to lie. It reports whether the session is there: an end that is not posted yet comes behind the frame, and one
// that may be posted already would keep it from going out.
func (l *Lane) whisper(from *Session, r Ref, w Whisper, limit int) (there bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock() // whatever w does
	if !r.live() {
		return false, nil
	}
	b := &l.inbox
	if b.owned() > limit || l.room.Claimed(from) {
		return true, l.room.Full(waitBytes)
	}
	if err := w.Sequence(r.session.account, r.session.name, true); err != nil {
		return true, err
	}
	start := len(b.private)
	b.private = w.Append(b.private, r.Encoding())
	b.addOp(r, opSend, start)
	return true, nil
}

func (b *batch) add(r Ref, kind opKind, frame []byte) {
	start := len(b.private)
	b.private = append(b.private, frame...)
	b.addOp(r, kind, start)
}

// addOp adds an operation whose bytes are those of private from start on. The lane is locked, so the session's encoding
// stays; that of a stale Ref does not matter, since nobody resolves it.
func (b *batch) addOp(r Ref, kind opKind, start int) {
	e := r.Encoding()
	b.ops = append(b.ops, op{
		ref: r, kind: kind, next: -1,
		start: int32(start), end: int32(len(b.private)),
		at: int32(len(b.shared[e])), frames: int32(b.frames[e]),
	})
}

// addShared adds a frame for everybody but the sender. The sequencer is held.
func (l *Lane) addShared(e Encoding, frame []byte, sender Ref) {
	l.mu.Lock()
	b := &l.inbox
	start := int32(len(b.shared[e]))
	b.shared[e] = append(b.shared[e], frame...)
	if sender.session != nil && sender.session.lane == l && sender.Encoding() == e {
		b.ops = append(b.ops, op{
			ref: sender, kind: opSkip, next: -1, start: start, end: int32(len(b.shared[e])),
			at: start, frames: int32(b.frames[e]),
		})
	}
	b.frames[e]++
	l.mu.Unlock()
	l.shared.Add(int64(len(frame)))
}

// Open gives a new connection its session, unless there is a reason to refuse it, which above SessionsMax sessions is
// ServerFull. Then it still gets one, so that it can be ended politely with the reason that is returned, but takes
// nobody's place; with reserve connections in that state already it gets none. Loop.
func (l *Lane) Open(conn Conn, address netip.AddrPort, refuse Reason, reserve int) (*Session, Reason) {
	if refuse == None && !within(&l.hub.open, l.limits().SessionsMax) {
		refuse = ServerFull
	}
	if refuse != None && !within(&l.hub.refused, reserve) {
		return nil, refuse
	}
	s := l.slab.take(l)
	s.refused = refuse != None
	s.conn, s.address, s.opened, s.seen = conn, address, l.now, l.now
	s.status.Store(uint32(Connected))
	s.encoding.Store(0)
	s.form = 0
	l.hub.census[Connected][0].Add(1)
	l.schedule(s)
	return s, refuse
}

// within counts one more unless there are limit already.
func within(n *atomic.Int64, limit int) bool {
	if n.Add(1) <= int64(limit) {
		return true
	}
	n.Add(-1)
	return false
}

// Touch notes that something arrived from the session, and so that the loop looks at its sockets. Loop.
func (l *Lane) Touch(s *Session) { s.seen, l.budget = l.now, l.slice }

// Closed says that the session's connection is gone. Its strand hears of it behind all that arrived before. Loop, once.
func (l *Lane) Closed(s *Session, why Reason) {
	s.conn = nil
	l.forgetMemory(s)
	l.expel(s)
	l.unhold(s)
	l.unschedule(s)
	if s.refused {
		l.hub.refused.Add(-1)
	} else {
		l.hub.open.Add(-1)
	}
	s.receiveClosed(why)
}

// EndNext ends up to n of the lane's sessions that have not ended yet, and reports how many it found. Called again it
// goes on where it stopped. Loop.
func (l *Lane) EndNext(n int, why Reason) int {
	found := 0
	for range l.slab.slots() {
		if found == n {
			break
		}
		s := l.slab.at(uint32(l.walk) % l.slab.slots())
		l.walk++
		if s.conn != nil && s.End(why, "") {
			found++
		}
	}
	return found
}

// Tick tells the lane the time: it runs the timeouts and lets go of sessions whose last bytes are out. Loop, about ten
// times a second: that is how exact the timeouts are.
func (l *Lane) Tick(now time.Time) {
	l.now = now.UnixNano()
	l.lingers = slices.DeleteFunc(l.lingers, func(r Ref) bool {
		return r.session.generation != r.generation || r.session.conn == nil || l.lingered(r.session)
	})
	l.tendHeld()
	l.resumeWritten()
	l.resumeSleepers()
	l.expire()
	l.tickMemory()
	l.stepEviction()
}

// lingered is parted for a session that may be defective.
func (l *Lane) lingered(s *Session) (parted bool) {
	defer l.guard(s)
	parted = true // if it panics, it is not asked again
	return l.parted(s)
}

// resumeWritten resumes the strands that wait until the kernel has taken enough, where it has or never will. The
// sessions are still the same, because their strands hear of no end before.
func (l *Lane) resumeWritten() {
	l.awaited = slices.DeleteFunc(l.awaited, func(s *Session) bool {
		if s.resumes != nil && l.unwritten(s) {
			return false
		}
		s.resumeAwaiting()
		return true
	})
}

// Written says that the kernel has taken what waited for it. Loop.
func (l *Lane) Written(s *Session) {
	if s.resumes != nil && !l.unwritten(s) {
		s.resumeAwaiting()
	}
}

// resumeAwaiting resumes a strand that waits for the kernel, if it does.
func (s *Session) resumeAwaiting() {
	if with := s.resumes; with != nil {
		s.resumes = nil
		s.Resume(with)
	}
}

// unwritten reports whether the kernel has yet to take some of what a session waits for, and will.
func (l *Lane) unwritten(s *Session) bool {
	defer l.guard(s)
	if s.conn == nil || s.State() == Disconnecting {
		return false
	}
	waiting := s.conn.OutboundBuffered()
	s.unread.Store(int64(waiting))
	if s.awaited > 0 {
		waiting += int(s.expected - s.drained.Load())
	}
	return waiting > s.awaited
}

// parting is how long a client has to close its end after our last byte and our FIN have left. Closing at once would
// answer what it still sends with a reset, which may take the farewell out of its hands.
const parting = time.Second

// parted says good-bye on the connection once everything was sent, and reports whether it was.
func (l *Lane) parted(s *Session) bool {
	if s.conn.OutboundBuffered() > 0 {
		return false
	}
	_ = s.conn.CloseWrite() // it fails only on a connection that is gone, and then Closed comes by itself
	s.deadline = min(s.deadline, l.now+int64(parting))
	l.schedule(s)
	return true
}

// Index returns the lane's number. Anyone.
func (l *Lane) Index() int { return int(l.index) }

// Depth returns how many bytes wait for the next drain. Anyone.
func (l *Lane) Depth() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.inbox.private)
	for e := range l.inbox.shared {
		n += len(l.inbox.shared[e])
	}
	return n
}
