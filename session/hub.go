package session

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Limits bound what sessions may use. A field of 0 is no limit, where the field doesn't say otherwise.
type Limits struct {
	SessionsMax  int           // sessions at a time; must be set
	OutboxBytes  int           // a session's bytes that the kernel did not take; must be set
	LaneBytes    int           // bytes that wait for one loop to send them; must be set
	StrandBytes  int           // a session's packets that wait for a worker; must be set
	LoginTimeout time.Duration // from the connection to the login
	IdleTimeout  time.Duration // of a logged-in session that must keep a heartbeat
	Linger       time.Duration // for a session's last bytes to reach it; must be set
}

// Config is what a Hub needs from above.
type Config struct {
	Limits Limits
	// Preallocated is how many sessions' memory is taken at once, shared out among the lanes.
	Preallocated int
	// Lanes is how many lanes are expected; more may come.
	Lanes int
	// Schedule is called with a session whose strand has events and no worker. It must not block.
	Schedule func(*Session)
	// Farewell appends a session's last frame to dst: why it ended. Called on the loop.
	Farewell func(dst []byte, s *Session) []byte
	// WriteDirect writes to a descriptor at once what the kernel takes of p, without waiting, and returns how much that
	// was; 0 on an error too, which the Write that follows then meets. nil: every write goes through Conn.Write.
	WriteDirect func(descriptor int32, p []byte) int
	// Heartbeat reports whether sessions of this encoding must keep the heartbeat.
	Heartbeat [Encodings]bool
}

// Hub is everybody who is here.
type Hub struct {
	config Config

	// Atomic.
	limits  atomic.Pointer[Limits]
	open    atomic.Int64 // sessions that have a place
	refused atomic.Int64 // sessions that have none, and are told so
	census  [States][Encodings]atomic.Int64
	ended   [Reasons]atomic.Uint64

	directory *directory

	// seq is the lobby's sequencer: whoever holds it decides what comes next for everybody.
	seq        sync.Mutex
	lanes      []*Lane // copied when it grows, so that a snapshot may be read without seq
	population [Encodings]int
	frame      []byte
}

// NewHub returns a hub without lanes.
func NewHub(config Config) *Hub {
	h := &Hub{config: config, directory: newDirectory()}
	h.SetLimits(config.Limits)
	return h
}

// SetLimits changes the limits from now on. Anyone.
func (h *Hub) SetLimits(limits Limits) { h.limits.Store(&limits) }

// AddLane adds the lane of another event loop. wake must make the loop call Drain soon; it is called from anywhere, at
// least once between something's being posted and its Drain. Before the first session of that loop.
func (h *Hub) AddLane(now time.Time, wake func()) *Lane {
	h.seq.Lock()
	defer h.seq.Unlock()
	l := &Lane{hub: h, wake: wake, index: uint32(len(h.lanes)), slice: writesPerSlice, budget: writesPerSlice, now: now.UnixNano()}
	for n := 0; n < h.config.Preallocated/max(1, h.config.Lanes); n += blockSize {
		l.slab.grow(l)
	}
	h.lanes = append(slices.Clone(h.lanes), l)
	return l
}

// Lanes returns the lanes there are. Anyone.
func (h *Hub) Lanes() []*Lane {
	h.seq.Lock()
	defer h.seq.Unlock()
	return h.lanes
}

// Lookup finds who is logged in under a name. Anyone.
func (h *Hub) Lookup(name string) (Ref, bool) { return h.directory.lookup(name) }

// Login gives the name to a connected session and makes it one of those whom broadcasts reach; welcome is its frame
// before anything that others send it. With replace, somebody who has the name loses it and is ended with Replaced;
// without, the name of somebody else is refused. The results are whether the session got the name, and whether it is
// still there: one that has ended meanwhile gets none. Strand.
func (h *Hub) Login(s *Session, name string, replace bool, welcome []byte) (claimed, alive bool) {
	old, taken, claimed, alive := h.directory.claim(name, s, replace, func() bool { return h.join(s, name, welcome) })
	if !claimed {
		return false, alive
	}
	s.lane.arm()
	if taken {
		old.End(Replaced)
	}
	return true, true
}

// join logs the session in, unless it has ended. Called with the name's shard held: nobody finds it before its welcome
// is on its way.
func (h *Hub) join(s *Session, name string, welcome []byte) bool {
	if !s.move(Connected, Authenticated, None) {
		return false
	}
	h.seq.Lock()
	defer h.seq.Unlock()
	h.population[s.Encoding()]++
	s.name = name
	s.lane.add(s.Ref(), opJoin, welcome)
	return true
}

// leave is join's undoing for the population; the lane's list is the loop's business.
func (h *Hub) leave(s *Session) {
	h.seq.Lock()
	defer h.seq.Unlock()
	h.population[s.Encoding()]--
}

// Broadcast is a frame in the making.
type Broadcast interface {
	// Sequence is called first, once, when it is decided that this broadcast is the next one.
	Sequence()
	// Append appends the frame in the given form to dst.
	Append(dst []byte, e Encoding) []byte
}

// Broadcast sends to everybody who is logged in but from, which may be nil. All lanes get all broadcasts in the same
// order. The error is ErrBusy when a lane is full, and then nobody gets it. The methods of b are called with the
// sequencer held, so they must be quick. Anyone; from's strand.
func (h *Hub) Broadcast(from *Session, b Broadcast) error {
	var sender Ref
	if from != nil {
		sender = from.Ref()
	}
	lanes, err := h.sequence(sender, b)
	for _, l := range lanes {
		l.arm()
	}
	return err
}

// sequence makes a broadcast the next one for all lanes, which it returns to be woken.
func (h *Hub) sequence(sender Ref, b Broadcast) ([]*Lane, error) {
	h.seq.Lock()
	defer h.seq.Unlock() // whatever b does
	limit := h.limits.Load().sharedBytes()
	for _, l := range h.lanes {
		if int(l.shared.Load()) > limit {
			return nil, ErrBusy
		}
	}
	b.Sequence()
	for e, n := range h.population {
		if n == 0 {
			continue
		}
		h.frame = b.Append(h.frame[:0], Encoding(e))
		for _, l := range h.lanes {
			l.addShared(Encoding(e), h.frame, sender)
		}
	}
	return h.lanes, nil
}

// sharedBytes bounds the broadcasts that one drain joins: a session that took everything before can buffer that much,
// so a burst of broadcasts is refused to its senders before it closes receivers that keep up.
func (l *Limits) sharedBytes() int { return min(l.LaneBytes, l.OutboxBytes) }

// Send queues a frame for another session. The error is ErrBusy when its lane is full. A session that is gone takes it
// to nowhere. Anyone.
func (r Ref) Send(frame []byte) error {
	l := r.session.lane
	if !l.tryAdd(r, frame, l.limits().LaneBytes) {
		return ErrBusy
	}
	l.arm()
	return nil
}

// Send queues a frame for the session itself, an answer mostly. Answers get twice the room that other senders have;
// beyond that the session is ended with Overloaded, since what can't be said can't be left out either. Strand.
func (s *Session) Send(frame []byte) {
	if !s.lane.tryAdd(s.Ref(), frame, 2*s.lane.limits().LaneBytes) {
		s.End(Overloaded, "more answers wait than the server can queue")
		return
	}
	s.lane.arm()
}

// Census returns how many sessions are in a state and read an encoding. Anyone.
func (h *Hub) Census(state State, e Encoding) int { return int(h.census[state][e].Load()) }

// Open returns how many sessions there are in all, those that were refused included. Anyone.
func (h *Hub) Open() int { return h.Placed() + int(h.refused.Load()) }

// Placed returns how many sessions have a place: all but those that were refused and hear why. Anyone.
func (h *Hub) Placed() int { return int(h.open.Load()) }

// Ended returns how many sessions have ended for a reason. Anyone.
func (h *Hub) Ended(why Reason) uint64 { return h.ended[why].Load() }

// Names returns how many names are claimed, those of sessions that have ended but are not gone included. Anyone; it
// walks all shards.
func (h *Hub) Names() int {
	n := 0
	for i := range h.directory.shards {
		sh := &h.directory.shards[i]
		sh.mu.RLock()
		n += len(sh.names)
		sh.mu.RUnlock()
	}
	return n
}
