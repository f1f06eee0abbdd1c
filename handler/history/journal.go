package history

import (
	"context"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"hubbub/codec"
	"hubbub/session"
)

// Config is what a Journal needs from above. The functions must be set; Run's goroutine calls them.
type Config struct {
	Store  Store
	Newest codec.ID // the newest message that was ever in the Store, as its Bounds says
	// Answer is told whose messages are kept now, in the order of the messages. It must not block, nor keep the slice.
	Answer func([]Receipt)
	// Kept is told up to which message everything is in the Store. It must not block. nil: nobody is told.
	Kept func(upTo codec.ID)
	// Failed is told of the first Append that failed after one that did not, and with nil of the first one that did not
	// after that. An ErrFenced or an ErrConflict is the last that it is told: nothing is kept any more.
	Failed func(error)
	// Appended is told, for the metrics, how many messages an Append kept and how long it took.
	Appended func(messages int, took time.Duration)
}

// Receipt says who wants to know that a message is kept.
type Receipt struct {
	To      session.Ref
	Ref     uint32 // of the request; 0: nobody wants to know, or has been told already
	Whisper bool   // the request was a whisper, not a broadcast
	ID      codec.ID
}

const (
	// QueueBytes is what may wait for the Store until SetQueueBytes says otherwise.
	QueueBytes = 16 << 20

	// MessageBytes is what a message counts besides its text and its names: about what it takes in memory.
	MessageBytes = 128

	rememberedMessages = 4096    // that were kept and are in memory still
	rememberedBytes    = 4 << 20 // of them
)

// Journal keeps messages in a Store without having anybody wait for it: what is added while one group is written is the
// next group. It remembers what waits and the last few thousand messages that were kept, for those who log in.
type Journal struct {
	config Config
	bound  atomic.Int64 // of waiting
	queued atomic.Int64 // bytes that wait for the Store

	room *session.Waitlist

	remember struct{ messages, bytes int } // immutable; fewer in tests

	mu       sync.Mutex
	work     sync.Cond      // something was added, or the Journal is closed
	messages deque[Message] // those that were kept, then those that wait
	receipts deque[Receipt] // of those that wait
	kept     int            // how many of messages were kept
	bytes    int            // of those
	added    codec.ID       // the newest message
	reached  codec.ID       // everything up to here is kept
	left     codec.ID       // everything up to here has left memory, or never was in it
	failure  error          // of the last Append
	stats    Stats          // but what waits
	progress chan struct{}  // closed when reached has grown; nil while nobody waits for that
	urged    bool           // what waits is to be kept now
	stalled  bool           // nothing was kept for stallAfter though senders waited
	watch    *time.Timer    // looks whether anything is; nil while no sender waits
	closed   bool

	ctx    context.Context // ends when Run is to give up
	giveUp context.CancelCauseFunc
	ended  chan struct{} // closed when Run has returned
}

// New returns a Journal that is empty. Its Run must be started.
func New(config Config) *Journal {
	j := &Journal{
		config: config, added: config.Newest, reached: config.Newest, left: config.Newest, ended: make(chan struct{}),
	}
	j.work.L = &j.mu
	j.remember.messages, j.remember.bytes = rememberedMessages, rememberedBytes
	j.bound.Store(QueueBytes)
	j.room = session.NewWaitlist(j.free, j.watchStore)
	j.ctx, j.giveUp = context.WithCancelCause(context.Background())
	return j
}

// SetQueueBytes bounds what waits for the Store: bytes of texts and names, and MessageBytes for each message. Anyone.
func (j *Journal) SetQueueBytes(n int64) {
	j.bound.Store(n)
	j.room.Wake()
}

// Full reports whether a message with n bytes of text and names must not be added, because of what waits. One that is
// alone may be of any size. Anyone; it holds until the next Add.
func (j *Journal) Full(n int) bool {
	queued := j.queued.Load()
	return queued > 0 && queued+int64(n)+MessageBytes > j.bound.Load()
}

// Admit reports whether a session may Add a message with n bytes of text and names. The error is a *session.Full, for which
// the session can wait, when too much waits for the Store or others wait already, and session.ErrBusy while the Store has
// taken nothing for 5 to 10 s: nobody knows when it will. The session's strand; it holds until the next Add.
func (j *Journal) Admit(from *session.Session, n int) error {
	full := j.Full(n)
	if !full && !j.room.Claimed(from) {
		return nil
	}
	if j.isStalled() {
		if full {
			return session.ErrBusy
		}
		return nil
	}
	return j.room.Full(n + MessageBytes)
}

// free is how much room there is in the queue.
func (j *Journal) free() (bytes int, any bool) {
	queued := j.queued.Load()
	return int(j.bound.Load() - queued), queued == 0
}

// size is what a message counts.
func (m *Message) size() int {
	return MessageBytes + len(m.From.Name) + len(m.To.Name) + len(m.Text)
}

// Add has a message kept, whose id is above all that were added before, and its receipt answered after that. It waits for
// nothing and doesn't fail; that there is room is for its caller to ask Full. The strings are the Journal's from then on.
// The caller holds what orders the messages. Not after Close.
func (j *Journal) Add(m Message, r Receipt) {
	j.queued.Add(int64(m.size()))
	j.mu.Lock()
	j.messages.push(m)
	if r.Ref != 0 {
		r.ID = m.ID
		j.receipts.push(r)
	}
	j.added = m.ID
	waiting := j.messages.length - j.kept
	j.mu.Unlock()
	if waiting == 1 || waiting >= blockLen || r.Ref != 0 { // or Run would wake for nothing
		j.work.Signal()
	}
}

// Kept returns the id up to which everything that was added is in the Store. Anyone.
func (j *Journal) Kept() codec.ID {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.reached
}

// Tail appends to dst the oldest limit messages in memory with ids above after that are For the reader. more says that
// there are others. When it is not complete, messages above after may have left memory, nothing is appended, and the
// Store comes first. To read everything above after:
//
//  1. Take Kept. Read Store.Missed above after, part by part, until there is no Next. Go on after what was read, or after
//     what Kept returned if that is higher: everything up to there is in the Store, or was removed from it.
//  2. Call Tail. If it is not complete, go back to 1; if there is more, go on after the last message.
//
// Whoever holds what orders the messages while Tail returns the last of them can go on with live ones. Anyone.
func (j *Journal) Tail(dst []Message, reader Party, after codec.ID, limit int) (tail []Message, complete, more bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if after < j.left {
		return dst, false, false
	}
	first := sort.Search(j.messages.length, func(i int) bool { return j.messages.at(i).ID > after })
	end := len(dst) + limit
	for run := j.messages.run(first); len(run) > 0; run = j.messages.run(first) {
		first += len(run)
		for i := range run {
			switch m := &run[i]; {
			case !m.For(reader):
			case len(dst) == end:
				return dst, true, true
			default:
				dst = append(dst, *m)
			}
		}
	}
	return dst, true, false
}

// Err returns why the last Append failed, nil when it did not. Anyone.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.failure
}

// Stats is what a Journal holds now and what it did since it began.
type Stats struct {
	Waiting         int    // senders that wait for room in the queue
	Queued          int    // messages that wait for the Store
	QueuedBytes     int64  // what they count
	Remembered      int    // messages that were kept and are in memory still
	RememberedBytes int64  // what they count
	Kept            uint64 // messages
	Commits         uint64 // Appends that kept them
	Failures        uint64 // Appends that failed
}

// Stats returns the counters. Anyone.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.stats
	s.Queued, s.QueuedBytes, s.Remembered = j.messages.length-j.kept, j.queued.Load(), j.kept
	s.Waiting = j.room.Waiting()
	s.RememberedBytes = int64(j.bytes)
	return s
}
