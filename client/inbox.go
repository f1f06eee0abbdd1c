package client

import "sync"

// patience is how many times its limit the inbox takes while a request waits for its answer.
const patience = 64

// inbox holds the events between the reader of the connection and the reader of Events. It is bounded: put waits.
type inbox struct {
	events chan Event
	limit  int
	drop   bool // Options.DiscardEvents

	mu       sync.Mutex
	changed  sync.Cond // a field below has changed
	queue    []Event
	asking   int  // requests that wait for their answer
	full     bool // put is waiting
	finished bool // nothing will be put any more: deliver the rest
	closed   bool // deliver nothing any more
	stop     chan struct{}
}

func newInbox(limit int, drop bool) *inbox {
	b := &inbox{events: make(chan Event), limit: limit, drop: drop, stop: make(chan struct{})}
	b.changed.L = &b.mu
	return b
}

// put adds an event, waiting for room.
func (b *inbox) put(e Event) {
	if b.drop {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.queue) >= b.bound() && !b.closed {
		b.full = true
		b.changed.Wait()
	}
	b.full = false
	if b.closed {
		return
	}
	b.queue = append(b.queue, e)
	if len(b.queue) == 1 {
		b.changed.Broadcast()
	}
}

func (b *inbox) bound() int {
	if b.asking > 0 {
		return b.limit * patience
	}
	return b.limit
}

// ask counts the requests that wait for their answer: +1 when one begins, -1 when it ends.
func (b *inbox) ask(n int) {
	b.mu.Lock()
	b.asking += n
	if b.full {
		b.changed.Broadcast()
	}
	b.mu.Unlock()
}

// blocked reports whether the reader waits for the program to read its events.
func (b *inbox) blocked() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.full
}

// finish lets the pump deliver what is there and close the channel.
func (b *inbox) finish() {
	b.mu.Lock()
	b.finished = true
	b.changed.Broadcast()
	b.mu.Unlock()
}

// close drops what is there and closes the channel.
func (b *inbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed, b.queue = true, nil
		close(b.stop)
		b.changed.Broadcast()
	}
}

// next waits for the next event; false: there will be none.
func (b *inbox) next() (Event, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.queue) == 0 && !b.finished && !b.closed {
		b.changed.Wait()
	}
	if len(b.queue) == 0 {
		return nil, false
	}
	e := b.queue[0]
	b.queue[0] = nil
	b.queue = b.queue[1:]
	if b.full {
		b.changed.Broadcast()
	}
	return e, true
}

// pump delivers the events, in a goroutine of its own.
func (b *inbox) pump() {
	defer close(b.events)
	for {
		e, ok := b.next()
		if !ok {
			return
		}
		select {
		case b.events <- e:
		case <-b.stop:
			return
		}
	}
}
