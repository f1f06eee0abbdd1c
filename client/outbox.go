package client

import (
	"context"
	"sync"

	"hubbub/codec"
)

// outboxBytes is how much may wait for the writer before senders wait too. It is enough to fill a write and small
// enough that a message does not grow old in it.
const outboxBytes = 64 << 10

// outbox holds the packets between those who send and the writer of one connection, so that many small messages leave
// in one write.
type outbox struct {
	kick chan struct{} // holds a token while there may be something to take

	mu      sync.Mutex
	buf     []byte
	drained chan struct{} // closed by the next take; nil while nobody waits for it
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
	if len(o.buf) >= outboxBytes {
		if o.drained == nil {
			o.drained = make(chan struct{})
		}
		return o.drained
	}
	o.buf = codec.Native.Append(o.buf, m)
	select {
	case o.kick <- struct{}{}:
	default:
	}
	return nil
}

// take returns everything that waits and keeps spare for what comes next.
func (o *outbox) take(spare []byte) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	buf := o.buf
	o.buf = spare[:0]
	if o.drained != nil {
		close(o.drained)
		o.drained = nil
	}
	return buf
}
