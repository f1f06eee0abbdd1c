package client

import (
	"context"
	"slices"
	"sync"

	"hubbub/codec"
)

const (
	// outboxBytes is how much may wait for the writer before senders wait too. It is enough to fill a write and small
	// enough that a message does not grow old in it.
	outboxBytes = 64 << 10

	// windowBytes is how much may be under way without a sign that the server has handled it. A server gives up on a
	// client whose requests it can't work off, so a sender who waits for no answers must still be slowed down to it.
	windowBytes = 256 << 10
	// markBytes is after how much that sign is asked for: a PING among the messages, whose PONG comes after them.
	markBytes = windowBytes / 4
	// pingsMax is how many PINGs without an answer are remembered.
	pingsMax = 1000
	// markRef is the ref of such a PING. Requests have lower ones.
	markRef = 1 << 31
)

// outbox holds the packets between those who send and the writer of one connection, so that many small messages leave
// in one write.
type outbox struct {
	kick chan struct{} // holds a token while there may be something to take

	mu        sync.Mutex
	buf       []byte
	unhandled int           // bytes of which it is not known that the server has handled them
	marked    int           // those of them in front of the mark that is under way; 0: none is
	pings     []uint32      // the refs of the PINGs that were queued and not answered, in order
	changed   chan struct{} // closed when there may be room; nil while nobody waits for it
}

func newOutbox() *outbox { return &outbox{kick: make(chan struct{}, 1)} }

// put adds a packet, waiting for room until ctx or the connection is done.
func (o *outbox) put(ctx context.Context, done <-chan struct{}, m codec.Message) error {
	select {
	case <-done:
		return ErrOffline
	default:
	}
	for {
		wait := o.try(m)
		if wait == nil {
			return nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-done:
			return ErrOffline
		}
	}
}

// try adds a packet when there is room, or returns a channel that is closed when it is worth another try.
func (o *outbox) try(m codec.Message) (wait <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.buf) >= outboxBytes || o.unhandled >= windowBytes {
		if o.changed == nil {
			o.changed = make(chan struct{})
		}
		return o.changed
	}
	o.unhandled += o.add(m)
	if o.marked == 0 && o.unhandled >= markBytes {
		o.marked = o.unhandled
		o.add(&codec.Ping{Asked: codec.Asked{Ref: markRef}})
	}
	return nil
}

// urge adds a small packet that can't wait. A peer that makes it necessary without end and reads nothing goes without.
func (o *outbox) urge(m codec.Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.buf) < 2*outboxBytes {
		o.add(m)
	}
}

// add appends a packet, returns its length, and tells the writer.
func (o *outbox) add(m codec.Message) int {
	before := len(o.buf)
	o.buf = codec.Native.Append(o.buf, m)
	if ping, ok := m.(*codec.Ping); ok {
		o.pings = append(o.pings, ping.Ref)
		o.pings = o.pings[max(0, len(o.pings)-pingsMax):]
	}
	select {
	case o.kick <- struct{}{}:
	default:
	}
	return len(o.buf) - before
}

// take returns everything that waits and keeps spare for what comes next.
func (o *outbox) take(spare []byte) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	buf := o.buf
	o.buf = spare[:0]
	o.wake()
	return buf
}

// ponged notes that the server has answered a PING. It answers in order: the PINGs before it stay without an answer.
func (o *outbox) ponged(ref uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if at := slices.Index(o.pings, ref); at >= 0 {
		o.settle(at + 1)
	}
}

// refused notes that the server has refused a PING, which it says without its ref, and returns the ref: it was the
// oldest one. There may be none: then something else was meant.
func (o *outbox) refused() (ref uint32, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.pings) == 0 {
		return 0, false
	}
	ref = o.pings[0]
	o.settle(1)
	return ref, true
}

// settle forgets the n oldest PINGs. When the mark is among them, the server has handled what was in front of it.
func (o *outbox) settle(n int) {
	if slices.Contains(o.pings[:n], markRef) {
		o.unhandled -= o.marked
		o.marked = 0
		o.wake()
	}
	o.pings = slices.Delete(o.pings, 0, n)
}

// unmark gives up on a mark that was not answered in a long time.
func (o *outbox) unmark() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.unhandled, o.marked = 0, 0
	o.wake()
}

func (o *outbox) wake() {
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
}
