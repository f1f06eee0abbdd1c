package client

import (
	"context"
	"time"

	"hubbub/codec"
)

// quietMax is the longest time between two PINGs: it bounds how late a dead server is noticed when the server asks for
// a rare heartbeat or for none.
const quietMax = 30 * time.Second

// Ping asks the server for an answer and returns how long it took. The client also does so by itself, twice in each
// heartbeat that the server asks for and at least twice a minute; see RTT.
func (c *Client) Ping(ctx context.Context) (time.Duration, error) {
	begin := time.Now()
	_, err := c.request(ctx, "ping", func(ref uint32) codec.Message {
		return &codec.Ping{Asked: codec.Asked{Ref: ref}}
	})
	if err != nil {
		return 0, err
	}
	return time.Since(begin), nil
}

// RTT returns how long the server took to answer the last PING, or the login before there was one.
func (c *Client) RTT() time.Duration { return time.Duration(c.rtt.Load()) }

// interval is the time between two PINGs: half of what the server lets pass in silence.
func (l *link) interval() time.Duration {
	if l.heartbeat == 0 {
		return quietMax
	}
	return min(l.heartbeat/2, quietMax)
}

// heartbeat keeps the session alive and notices a dead server. It belongs to the writer.
type heartbeat struct {
	link  *link
	ref   uint32 // of the last PING; 0: none was sent
	heard uint64 // link.heard at that time
	marks uint64 // link.marks at that time
}

// tick looks for the last PING's answer and sends the next. It returns false when the server is dead: since that PING,
// a whole interval ago, nothing at all was heard.
func (h *heartbeat) tick() (alive bool) {
	l := h.link
	if h.ref != 0 {
		// A server can't be heard while the reader waits for the program to take its events.
		if h.heard == l.heard.Load() && !l.client.inbox.blocked() {
			return false
		}
		l.forget(h.ref)
	}
	h.ref, _ = l.begin()
	h.heard = l.heard.Load()
	l.out.urge(&codec.Ping{Asked: codec.Asked{Ref: h.ref}})
	if mark := l.marks.Load(); mark == h.marks {
		l.out.unmark()
	} else {
		h.marks = mark
	}
	return true
}
