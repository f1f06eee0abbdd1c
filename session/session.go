package session

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// State is where a session is in its life. It only ever grows.
type State uint8

// The states of a session.
const (
	Connected     State = iota // open, not logged in
	Authenticated              // logged in: it has a name and gets broadcasts
	Disconnecting              // ended: it gets its farewell and nothing more

	// States is how many there are.
	States = iota
)

func (s State) String() string {
	return [States]string{"connected", "authenticated", "disconnecting"}[s]
}

// Encoding tells which of a broadcast's forms a session reads. What the forms are is the handler's business.
type Encoding uint8

// Encodings is how many forms a broadcast can have.
const Encodings = 3

// ErrBusy says that a queue is full and nothing was sent to anybody.
var ErrBusy = errors.New("session: the queue is full")

// Conn is a session's connection as its lane uses it, on the loop only.
type Conn interface {
	// Descriptor returns what Config.WriteDirect takes for this connection, or -1 when every write must go through Write.
	Descriptor() int32
	// Write sends p, or buffers what the kernel does not take at once. On an error the connection is closed already.
	Write(p []byte) (int, error)
	// OutboundBuffered returns how many bytes wait for the kernel.
	OutboundBuffered() int
	// Flush writes what waits for the kernel, as far as the kernel takes it now. On an error the connection is closed
	// already.
	Flush() error
	// PauseReading stops reading from the connection, or goes on with it, and reports whether that can be done. While it is
	// paused nothing arrives, the peer's end neither, unless the connection breaks.
	PauseReading(pause bool) bool
	// CloseWrite tells the peer that nothing more will come; reading goes on.
	CloseWrite() error
	// Close closes the connection, soon; Lane.Closed follows.
	Close() error
	// Abort is Close by a reset: what the kernel did not send is thrown away, so that it takes no memory any more.
	Abort() error
}

// Session is one connection's presence. Sessions live in slots that their lane reuses, so a *Session is only for its
// own strand and its own loop; everybody else holds a Ref.
type Session struct {
	// Immutable for the slot's life.
	lane *Lane
	slot uint32

	// Written by the loop in Open, before anybody else sees the session.
	generation uint32
	address    netip.AddrPort
	opened     int64 // Lane.now at Open, and from SetEncoding on then

	// Atomic: State in the low byte, Reason above it, then the State from which it ended, so that one compare-and-swap ends
	// a session with its reason.
	status atomic.Uint32
	// Atomic: the encoding of its frames in the low byte, the one that it had first above it. Changed under the lane's lock.
	encoding atomic.Uint32
	drained  atomic.Int64 // bytes of owed that the loop has written or buffered
	unread   atomic.Int64 // bytes of the outbox when the loop last looked

	// Written by whoever won that compare-and-swap, read behind the lane's or the strand's lock.
	detail string

	// Owned by the loop.
	conn         Conn
	member       int32 // index in the lane's members; -1: not logged in
	opFirst      int32 // this session's operations in the batch that is drained; -1: none
	opLast       int32
	timer        int32 // index in the lane's timers; -1: none
	muted        bool  // its outbox overflowed: nothing but the farewell may follow
	ending       bool  // the farewell was written
	known        bool  // SetEncoding was called
	form         Encoding
	refusal      *refusal // why it is to be ended once its encoding is known, or why somebody else did end it; nil: neither
	deaf         bool     // nothing more is read: what arrived broke the protocol
	refused      bool     // there was no place for it
	listed       bool     // it is in Lane.memory.outboxes
	resumes      any      // what its strand waits for the kernel with; nil: it does not
	held         int32    // index in the lane's held; -1: its socket is read
	outbox       int      // bytes of it at the last Tick, while its socket is not read
	inputMemory  int32    // memory for a packet that is not complete yet
	outboxMemory int32    // memory for what the kernel did not take; above 0 the session is in Lane.memory.outboxes
	parts        int32    // in how many pieces that is, at most
	evicted      int64    // what was counted for the session when it was evicted, and is not gone yet
	seen         int64    // Lane.now when something last arrived
	deadline     int64    // when its timeouts are looked at again

	// Owned by the strand.
	rate     Rate
	flood    Rate
	shared   Shared
	run      []byte // the packets that were taken last
	left     int    // how many bytes of them the last turn had no time for
	parked   bool   // it stands still until Resume
	awaiting any    // what the lane resumes it with, after ParkUntilWritten or ParkFor
	sleep    time.Duration
	awaited  int    // once so many bytes are unsent
	owed     int64  // bytes of answers that were sent, or are certain to come, ever
	expected int64  // owed, when the strand was parked for them; read by the loop until it is resumed
	crowded  bool   // too much waits in the lane
	granted  grant  // the room that it was woken for
	ticket   uint64 // its place in a Waitlist; 0: it has waited for nothing yet

	// Written by the strand when the session gets its name, under the lock of the name's shard; others read them there.
	name    string // as it is displayed
	key     string // as it is compared
	look    Look   // the name's
	account int64  // the name's
	owner   int64  // whose session it is: account, or one of another name

	// Guarded by the hub's sequencer.
	joined bool // broadcasts and whispers reach it

	// What waits for the strand.
	mu    sync.Mutex
	inbox inbox
}

// Ref names a session for others than its own strand and loop. It stays valid for ever: once the session is gone it
// reaches nobody.
type Ref struct {
	session    *Session
	generation uint32
}

// Ref returns a name for the session. Strand or loop.
func (s *Session) Ref() Ref {
	return Ref{s, s.generation}
}

// Words returns what the farewell is to say of the reason; "" for nothing more. Loop, once the end was drained.
func (s *Session) Words() string {
	if s.refusal != nil && s.refusal.why == s.Reason() {
		return s.refusal.detail
	}
	return s.detail
}

// Encoding returns the form of frames that the session reads now. Once the session is gone it may be another one's. Anyone.
func (r Ref) Encoding() Encoding { return r.session.Encoding() }

// ID returns the session's number: generation << 32 | lane << 22 | slot. No two sessions of a process share one until
// a slot was used 2^32 times. Strand or loop.
func (s *Session) ID() uint64 {
	return uint64(s.generation)<<32 | uint64(s.lane.index)<<laneShift | uint64(s.slot)
}

// laneShift leaves 22 bits for the slot (4 million sessions a lane) and 10 for the lane.
const laneShift = 22

// State returns the session's state. Anyone.
func (s *Session) State() State { return State(s.status.Load() & 0xFF) }

// Reason returns why the session ended, None while it did not. Anyone.
func (s *Session) Reason() Reason { return Reason(s.status.Load() >> 8) }

// Former returns the state from which the session ended. Anyone, once it has.
func (s *Session) Former() State { return State(s.status.Load() >> 16) }

// Detail returns the words that came with the reason. Loop, once the end was drained; strand.
func (s *Session) Detail() string { return s.detail }

// Encoding returns the form of frames that the session reads. Anyone.
func (s *Session) Encoding() Encoding { return Encoding(s.encoding.Load() & 0xFF) }

// counted is the encoding under which the census has the session: the first one, so that it does not move while the state
// does.
func (s *Session) counted() Encoding { return Encoding(s.encoding.Load() >> 8) }

// SetEncoding says which form of frames the session reads. Loop, once, before the first Receive.
func (s *Session) SetEncoding(e Encoding) {
	census := &s.lane.hub.census[s.State()]
	census[s.counted()].Add(-1)
	s.encoding.Store(uint32(e) | uint32(e)<<8)
	census[e].Add(1)
	s.known, s.form, s.opened = true, e, s.lane.now
	if r := s.refusal; r != nil {
		s.End(r.why, r.detail)
		return
	}
	s.lane.schedule(s)
}

// Known reports whether SetEncoding was called. Loop.
func (s *Session) Known() bool { return s.known }

// Deaf reports whether what arrives is to be thrown away. Loop.
func (s *Session) Deaf() bool { return s.deaf || s.State() == Disconnecting }

// Address returns the peer's address. Strand or loop.
func (s *Session) Address() netip.AddrPort { return s.address }

// Name returns the name that the session is logged in under, as it is displayed; "" before that. Strand.
func (s *Session) Name() string { return s.name }

// Key returns what the session's name is compared by, "" before its login. Strand.
func (s *Session) Key() string { return s.key }

// Account returns the number of the account of its name that the session is logged in to, 0 for a guest. Strand.
func (s *Session) Account() int64 { return s.account }

// Owner returns the number of the account that the session has shown to be, whatever its name; 0 for none. Strand.
func (s *Session) Owner() int64 { return s.owner }

// move changes the state if it is from, together with the reason, and reports whether it was.
func (s *Session) move(from, to State, why Reason) bool {
	if !s.status.CompareAndSwap(uint32(from), uint32(to)|uint32(why)<<8|uint32(from)<<16) {
		return false
	}
	census, e := &s.lane.hub.census, s.counted()
	census[from][e].Add(-1)
	census[to][e].Add(1)
	return true
}

// end moves the session to Disconnecting, and reports whether this call did.
func (s *Session) end(why Reason, detail string) bool {
	for state := s.State(); state != Disconnecting; state = s.State() {
		if s.endFrom(state, why, detail) {
			return true
		}
	}
	return false
}

// endFrom is end for a session that is still in the given state.
func (s *Session) endFrom(state State, why Reason, detail string) bool {
	if !s.move(state, Disconnecting, why) {
		return false
	}
	// Only with words: a kick has none, and may come beside the strand's reading them after Closed.
	if detail != "" {
		s.detail = detail
	}
	s.lane.hub.ended[why].Add(1)
	return true
}

// End ends the session for a reason, with more words for the farewell where there are any. Packets that wait on the
// strand are dropped; what was sent before still goes out, then the farewell, then the connection closes. It reports
// whether this call ended it: the first one wins. Strand or loop.
func (s *Session) End(why Reason, detail string) bool {
	if !s.end(why, detail) {
		return false
	}
	s.lane.post(s.Ref(), opEnd, nil)
	return true
}

// Finish ends the session like End, with a last frame behind which nothing comes but the farewell. When that frame
// arrives the session's name is free. Strand.
func (s *Session) Finish(why Reason, last []byte) bool {
	if !s.end(why, "") {
		return false
	}
	s.lane.post(s.Ref(), opEnd, last)
	return true
}

// End ends another session, some time soon, for a reason, with more words for the farewell where there are any. Anyone.
func (r Ref) End(why Reason, words string) {
	r.session.lane.postEnd(r, why, words)
}
