package swarm

import (
	"time"

	"hubbub/loadtest/audit"
)

// state is where a user's connection is.
type state uint8

const (
	away       state = iota // no connection
	connecting              // the kernel is at it
	greeting                // the login waits for its answer
	on                      // logged in
	leaving                 // the plan ends it: the logout waits for its answer
)

// user is one user and the connection that they have at the time.
type user struct {
	fd     int32
	number uint32
	life   uint32 // counts connections: events of an earlier one are nobody's
	state  state
	kind   uint8
	bye    bool  // the logout has been answered
	came   bool  // has been logged in since the plan wanted it
	frozen bool  // reads nothing for a while
	slow   bool  // reads a little in every tick
	thawed bool  // was frozen or slow in this life
	full   bool  // the socket takes no more: out waits for it to be writable
	queued bool  // in the loop's dirty list
	place  int32 // among those who may speak, -1: not there

	ref       uint32
	retries   uint16
	heartbeat uint16        // seconds; 0: any silence will do
	spoke     time.Duration // when something was last sent
	intended  time.Duration // of the login
	gone      time.Duration // when they last ceased to be logged in

	part     []byte   // the beginning of a packet whose end has not come
	out      []byte   // what is to be written
	next     []uint32 // of each slot: the number of the next whisper to that partner
	asked    queue    // requests without an answer yet
	inFlight int32    // whispers in a closed loop
	reason   string   // why the server ends it, as it said
	receiver audit.Receiver
}

// lags reports whether the plan keeps, or has kept, the user from reading, for which a server may cut them off.
func (u *user) lags() bool { return u.frozen || u.slow || u.thawed }

// question is a request whose answer is waited for.
type question struct {
	ref            uint32
	flow           Flow
	number         uint64
	intended, sent time.Duration
}

// queue is a first-in-first-out queue of questions: the server answers in order.
type queue struct {
	items []question
	head  int
}

func (q *queue) push(item question) {
	if q.head > 0 && len(q.items) == cap(q.items) {
		q.items = q.items[:copy(q.items, q.items[q.head:])]
		q.head = 0
	}
	q.items = append(q.items, item)
}

func (q *queue) front() *question {
	if q.head == len(q.items) {
		return nil
	}
	return &q.items[q.head]
}

func (q *queue) pop() {
	if q.head++; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
}

func (q *queue) all() []question { return q.items[q.head:] }

func (q *queue) empty() bool { return q.head == len(q.items) }

// buffers are byte slices that users borrow: few of a swarm's users have half a packet or something to write at a time.
type buffers struct{ free [][]byte }

// bufferKept is the largest slice that is kept for the next.
const bufferKept = 16 << 10

func (b *buffers) take() []byte {
	if n := len(b.free); n > 0 {
		buf := b.free[n-1]
		b.free = b.free[:n-1]
		return buf
	}
	return make([]byte, 0, 2048)
}

func (b *buffers) give(buf []byte) {
	if buf != nil && cap(buf) <= bufferKept && len(b.free) < 1024 {
		b.free = append(b.free, buf[:0])
	}
}
