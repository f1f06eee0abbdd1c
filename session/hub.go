package session

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Limits bound what sessions may use. A field of 0 is no limit, where the field doesn't say otherwise.
type Limits struct {
	SessionsMax int // sessions at a time; must be set
	OutboxBytes int // a session's bytes that the kernel did not take; must be set
	LaneBytes   int // bytes that wait for one loop to send them; must be set
	StrandBytes int // a session's packets that wait for a worker; must be set
	// LoginTimeouts are from the first bytes to the login, by encoding. A connection that has sent nothing has the longest of
	// them, or the shortest when more than half of SessionsMax are not logged in.
	LoginTimeouts [Encodings]time.Duration
	IdleTimeout   time.Duration // of a logged-in session that must keep a heartbeat
	Linger        time.Duration // for a session's last bytes to reach it; must be set
	MemoryBytes   int64         // of all kinds of memory together; beyond it the sessions that use the most are ended
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
	// Panicked is told of a panic in the loop's dealing with one session, which ends for it: what it needs, such as the
	// stack, is still there. Called on the loop. nil: nobody is told.
	Panicked func(s *Session, value any)
	// SendBufferBytes is how much memory the kernel takes for what a session that has an outbox did not read, and
	// ReceiveBufferBytes for what one has sent that is not read. 0: unknown.
	SendBufferBytes, ReceiveBufferBytes int
	// Evicted is told of sessions that were ended to keep to Limits.MemoryBytes: how many at once, and how many bytes were
	// counted for them. Called on the loop. nil: nobody is told.
	Evicted func(sessions int, bytes int64)
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
	held    atomic.Int64 // sessions whose sockets are not read
	members atomic.Int64 // whom broadcasts reach
	census  [States][Encodings]atomic.Int64
	ended   [Reasons]atomic.Uint64

	otherMemory atomic.Int64
	laneList    atomic.Pointer[[]*Lane] // lanes, for who must not wait for the sequencer
	eviction    eviction

	directory *directory
	room      *Waitlist // for broadcasts

	// seq is the lobby's sequencer: whoever holds it decides what comes next for everybody.
	seq        sync.Mutex
	lanes      []*Lane // copied when it grows, so that a snapshot may be read without seq
	population [Encodings]int
	frame      []byte
}

// NewHub returns a hub without lanes.
func NewHub(config Config) *Hub {
	h := &Hub{config: config, directory: newDirectory()}
	h.laneList.Store(&[]*Lane{})
	h.SetLimits(config.Limits)
	h.room = NewWaitlist(h.free, nil)
	return h
}

// SetLimits changes the limits from now on. Anyone.
func (h *Hub) SetLimits(limits Limits) {
	h.limits.Store(&limits)
	if h.room != nil { // with more room, those who wait may go on
		h.room.Wake()
		for _, l := range h.Lanes() {
			l.room.Wake()
		}
	}
}

// AddLane adds the lane of another event loop. wake must make the loop call Drain soon; it is called from anywhere, at
// least once between something's being posted and its Drain. Before the first session of that loop.
func (h *Hub) AddLane(now time.Time, wake func()) *Lane {
	h.seq.Lock()
	defer h.seq.Unlock()
	l := &Lane{hub: h, wake: wake, index: uint32(len(h.lanes)), slice: writesPerSlice, budget: writesPerSlice, now: now.UnixNano()}
	l.room = NewWaitlist(l.free, nil)
	for n := 0; n < h.config.Preallocated/max(1, h.config.Lanes); n += blockSize {
		l.slab.grow(l)
	}
	lanes := append(slices.Clone(h.lanes), l)
	h.lanes = lanes
	h.laneList.Store(&lanes)
	return l
}

// Lanes returns the lanes there are. Anyone.
func (h *Hub) Lanes() []*Lane { return *h.laneList.Load() }

// Lookup finds who is logged in under a name, by its key. Anyone.
func (h *Hub) Lookup(key string) (Ref, bool) { return h.directory.lookup(key) }

// Login is how a session comes in.
type Login struct {
	Name string // as it is displayed
	Key  string // what the name is compared by; "": the Name itself
	// Look is what the name looks like. A guest does not get one that looks like another's; an account always gets its own.
	Look Look
	// Account is the account of this name that the session is logged in to; it takes the name from everybody who is not.
	// 0: a guest.
	Account int64
	// Owner is the account that the session has shown to be: Account or, for a guest, one of another name, or 0. Where the
	// account must go the session must too.
	Owner      int64
	Registered uint64 // Hub.Registered before it was found out that no account's name is this one or looks like it; for guests
	Replace    bool   // a session that has the name loses it and is ended with Replaced, if it is this user's
	Welcome    []byte // the session's frame before anything that others send it
	Later      bool   // what others send does not reach the session before its Join
}

// Claim says what became of a Login.
type Claim uint8

// The outcomes of a Login.
const (
	Claimed   Claim = iota // the session has the name
	NameInUse              // somebody else has it, or registers it, or it may have become an account's since it was looked up
	LookInUse              // somebody has, or registers, a name that looks like it
	Gone                   // the session has ended meanwhile
)

// Login gives the name to a connected session and, unless that is for later, makes it one of those whom broadcasts
// reach. Strand.
func (h *Hub) Login(s *Session, login Login) Claim {
	if login.Key == "" {
		login.Key = login.Name
	}
	old, taken, claim := h.directory.claim(&login, s, func() bool { return h.enter(s, &login) })
	if claim != Claimed {
		return claim
	}
	s.lane.arm()
	if taken {
		old.End(Replaced, "")
	}
	return Claimed
}

// enter logs the session in, unless it has ended. Called with the name's shard held: nobody finds it before its welcome
// is on its way.
func (h *Hub) enter(s *Session, login *Login) bool {
	if !s.move(Connected, Authenticated, None) {
		return false
	}
	s.name, s.key, s.look = login.Name, login.Key, login.Look
	s.account, s.owner = login.Account, login.Owner
	if login.Account != 0 {
		s.owner = login.Account
	}
	if login.Later {
		s.lane.add(s.Ref(), opSend, login.Welcome)
		return true
	}
	h.seq.Lock()
	defer h.seq.Unlock()
	h.join(s, login.Welcome)
	return true
}

// Join makes a session whose Login left that for later one of those whom others reach. Nothing comes between what last
// appends, which are the session's frames before anything live, and what is sent after it. When last returns false the
// session does not join yet, and gets no frames. Strand.
func (h *Hub) Join(s *Session, last func(dst []byte) ([]byte, bool)) bool {
	if !h.joinWith(s, last) {
		return false
	}
	s.lane.arm()
	return true
}

// joinWith is Join before the lane is woken, which must not happen with the sequencer held.
func (h *Hub) joinWith(s *Session, last func(dst []byte) ([]byte, bool)) bool {
	h.seq.Lock()
	defer h.seq.Unlock() // whatever last does
	frames, ready := last(nil)
	if ready {
		h.join(s, frames)
	}
	return ready
}

// join is called with the sequencer held. A session that has ended meanwhile joins for the short time until it leaves.
func (h *Hub) join(s *Session, frames []byte) {
	h.population[s.Encoding()]++
	h.members.Add(1)
	s.joined = true
	s.lane.add(s.Ref(), opJoin, frames)
}

// leave is join's undoing for the population; the lane's list is the loop's business.
func (h *Hub) leave(s *Session) {
	h.seq.Lock()
	defer h.seq.Unlock()
	if s.joined {
		s.joined = false
		h.population[s.Encoding()]--
		h.members.Add(-1)
	}
}

// EndAccount ends the sessions that are an account's, under whatever name, but for the one that is spared, for a reason, some
// time soon, with more words for the farewell where there are any, and returns how many there are. Anyone; it walks all names.
func (h *Hub) EndAccount(account int64, why Reason, words string, spared Ref) int {
	var found []Ref
	h.directory.each(func(r Ref) {
		if r.session.owner == account && r != spared {
			found = append(found, r)
		}
	})
	for _, r := range found { // with no lock held, because End wakes lanes
		r.End(why, words)
	}
	return len(found)
}

// Broadcast is a frame in the making.
type Broadcast interface {
	// Sequence is called first, once, when it is decided that this broadcast is the next one. On an error nobody gets it.
	Sequence() error
	// Append appends the frame in the given form to dst.
	Append(dst []byte, e Encoding) []byte
}

// Broadcast sends to everybody who is logged in but from, which may be nil. All lanes get all broadcasts in the same
// order. The error is a *Full, for which from can wait, when a lane is full or others wait already, or Sequence's; then
// nobody gets it. The methods of b are called with the
// sequencer held, so they must be quick. Anyone; from's strand.
func (h *Hub) Broadcast(from *Session, b Broadcast) error {
	var sender Ref
	if from != nil {
		sender = from.Ref()
	}
	lanes, err := h.sequence(from, sender, b)
	for _, l := range lanes {
		l.arm()
	}
	return err
}

// sequence makes a broadcast the next one for all lanes, which it returns to be woken.
func (h *Hub) sequence(from *Session, sender Ref, b Broadcast) ([]*Lane, error) {
	h.seq.Lock()
	defer h.seq.Unlock() // whatever b does
	limit := h.sharedBytes(len(h.lanes))
	full := h.room.Claimed(from)
	for _, l := range h.lanes {
		full = full || int(l.shared.Load()) > limit
	}
	if full {
		return nil, h.room.Full(waitBytes)
	}
	if err := b.Sequence(); err != nil {
		return nil, err
	}
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

// Whisper is a frame for one user in the making.
type Whisper interface {
	// Sequence is called first, once, when it is decided that this frame is the next one, with the user's account and name as
	// it is displayed, "" for an absent account, and with whether the user's session gets the frame now. On an error nobody
	// gets it.
	Sequence(account int64, name string, here bool) error
	// Append appends the frame in the given form to dst. It is not called when nobody gets the frame now.
	Append(dst []byte, e Encoding) []byte
}

// Whisper sends to whoever is logged in under a name, by its key. Broadcasts and whispers are sequenced together, so that
// each session gets them in the order of their Sequence calls, and one number is enough to say how far it came. An
// account's session that has not joined yet gets nothing: what it missed until then is its Join's business. A guest's would
// never get it, so it is not there yet. When nobody is there under the name, Sequence is called for the absent account instead, unless
// that is 0; then found is false. The error is a *Full, for which from can wait, when the user's lane is full or others
// wait already, or Sequence's. The methods of w are called with locks held, so they must be quick. Anyone with nil; from's
// strand.
func (h *Hub) Whisper(from *Session, key string, absent int64, w Whisper) (found bool, err error) {
	lane, found, err := h.whisper(from, key, absent, w)
	if lane != nil {
		lane.arm()
	}
	return found, err
}

// whisper is Whisper before the lane is woken, which it returns when it added something.
func (h *Hub) whisper(from *Session, key string, absent int64, w Whisper) (lane *Lane, found bool, err error) {
	sh := h.directory.shard(key)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	to, found := sh.names[key]
	found = found && to.live()
	if !found && absent == 0 {
		return nil, false, nil
	}
	h.seq.Lock()
	defer h.seq.Unlock()
	switch s := to.session; {
	case found && s.joined:
		if there, err := s.lane.whisper(from, to, w, s.lane.limits().LaneBytes); there {
			return s.lane, true, err
		}
	case found && s.account != 0:
		return nil, true, w.Sequence(s.account, s.name, false)
	}
	if absent == 0 {
		return nil, false, nil
	}
	return nil, false, w.Sequence(absent, "", false)
}

const (
	// drainBytes is what one drain may write of broadcasts to all members of a lane together: some 30 ms of a busy core.
	// Answers wait for the drain before them, so a burst of broadcasts to many would make everybody's late.
	drainBytes = 64 << 20
	// sharedBytesMin is the least that a drain may write to each member: below it a write costs more than its bytes.
	sharedBytesMin = 16 << 10
)

// sharedBytes bounds the broadcasts that one drain joins. A session that took everything before can buffer that much, so
// a burst of broadcasts waits before it closes receivers that keep up.
func (h *Hub) sharedBytes(lanes int) int {
	limits := h.limits.Load()
	each := drainBytes * int64(max(1, lanes)) / max(1, h.members.Load())
	return min(limits.LaneBytes, limits.OutboxBytes, max(sharedBytesMin, int(each)))
}

// free is how much room all lanes have for broadcasts.
func (h *Hub) free() (bytes int, any bool) {
	lanes := h.Lanes()
	bytes = h.sharedBytes(len(lanes))
	limit := bytes
	for _, l := range lanes {
		bytes = min(bytes, limit-int(l.shared.Load()))
	}
	return bytes, bytes >= 0
}

// Answer queues an answer for another session that waits for it and is owed it. Beyond twice Limits.LaneBytes the session
// is ended with Overloaded, since what can't be said can't be left out either. Anyone.
func (r Ref) Answer(frame []byte) {
	l := r.session.lane
	if added, _ := l.answer(r, frame, l.limits().LaneBytes); !added {
		r.End(Overloaded, "")
		return
	}
	l.arm()
}

// Send queues a frame for the session itself, an answer mostly. Beyond Limits.LaneBytes the session is Congested; beyond
// twice that, which nobody reaches who looks at that, it is ended with Overloaded, since what can't be said can't be left
// out either. Strand.
func (s *Session) Send(frame []byte) {
	added, crowded := s.lane.answer(s.Ref(), frame, s.lane.limits().LaneBytes)
	if !added {
		s.End(Overloaded, "more answers wait than the server can queue")
		return
	}
	s.owed += int64(len(frame))
	s.crowded = s.crowded || crowded
	s.lane.arm()
}

// Held returns how many sessions' sockets are not read, because their requests or answers wait. Anyone.
func (h *Hub) Held() int { return int(h.held.Load()) }

// Waiting returns how many sessions wait for room in a lane with what they send. Anyone.
func (h *Hub) Waiting() int {
	n := h.room.Waiting()
	for _, l := range h.Lanes() {
		n += l.room.Waiting()
	}
	return n
}

// Census returns how many sessions are in a state and read an encoding, or did at first. Anyone.
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
