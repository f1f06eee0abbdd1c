package swarm

import (
	"iter"
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
	answered       bool // before an earlier one
	number         uint64
	intended, sent time.Duration
}

// queue holds questions in the order of their refs, from the oldest without an answer on. Refs leave no number out, so
// that the question of one is found by counting.
type queue struct {
	items []question
	head  int
}

// push adds the question with the ref after the last one's.
func (q *queue) push(item question) {
	if q.head > 0 && len(q.items) == cap(q.items) {
		q.items = q.items[:copy(q.items, q.items[q.head:])]
		q.head = 0
	}
	q.items = append(q.items, item)
}

// front returns the oldest question without an answer, nil when there is none.
func (q *queue) front() *question {
	if q.empty() {
		return nil
	}
	return &q.items[q.head]
}

// find returns the question with a ref, nil when it waits for no answer.
func (q *queue) find(ref uint32) *question {
	if q.empty() || ref < q.items[q.head].ref {
		return nil
	}
	i := q.head + int(ref-q.items[q.head].ref)
	if i >= len(q.items) || q.items[i].answered {
		return nil
	}
	return &q.items[i]
}

// answered ends the wait for the answer to one of the queue's questions.
func (q *queue) answered(one *question) {
	one.answered = true
	for q.head < len(q.items) && q.items[q.head].answered {
		q.head++
	}
	if q.empty() {
		q.items, q.head = q.items[:0], 0
	}
}

// all yields the questions that have no answer.
func (q *queue) all() iter.Seq[*question] {
	return func(yield func(*question) bool) {
		for i := q.head; i < len(q.items); i++ {
			if one := &q.items[i]; !one.answered && !yield(one) {
				return
			}
		}
	}
}

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
