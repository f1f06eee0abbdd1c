package client

import (
	"context"
	"errors"
	"fmt"

	"hubbub/codec"
)

// packetOverhead is more bytes than any request has besides its texts: its header, its numbers and the texts' lengths.
const packetOverhead = 32

// request sends what build makes of a ref and waits for the answer with that ref.
func (c *Client) request(ctx context.Context, op string, build func(ref uint32) codec.Message) (codec.Message, error) {
	l, err := c.current(op)
	if err != nil {
		return nil, err
	}
	c.inbox.ask(+1)
	defer c.inbox.ask(-1)
	ref, answer := l.begin()
	if err := l.out.put(ctx, l.done, build(ref)); err != nil {
		l.forget(ref)
		return nil, c.unsent(op, l, err)
	}
	select {
	case m := <-answer:
		return outcome(op, m)
	case <-ctx.Done():
		l.forget(ref)
		return nil, fmt.Errorf("client: %s: the server has not answered yet, it may or may not have arrived: %w",
			op, context.Cause(ctx))
	case <-l.done:
	}
	// The answer may have been the last thing that came.
	select {
	case m := <-answer:
		return outcome(op, m)
	default:
		return nil, &endError{op, ErrLost, l.reason()}
	}
}

func outcome(op string, m codec.Message) (codec.Message, error) {
	switch m := m.(type) {
	case codec.Response:
		if _, result := m.Outcome(); result != codec.Success {
			return nil, refused(op, m)
		}
	case *codec.SystemNotify:
		return nil, &Error{Op: op, Code: m.Code, Text: m.Message}
	}
	return m, nil
}

// send sends m, whose ref is 0, and waits only until it is queued. That may take signs from the server, which come behind
// events: the inbox is as patient as with a request.
func (c *Client) send(ctx context.Context, op string, m codec.Message) error {
	l, err := c.current(op)
	if err != nil {
		return err
	}
	c.inbox.ask(+1)
	defer c.inbox.ask(-1)
	if err := l.out.put(ctx, l.done, m); err != nil {
		return c.unsent(op, l, err)
	}
	return nil
}

// unsent is why something was not queued for a connection.
func (c *Client) unsent(op string, l *link, err error) error {
	if !errors.Is(err, ErrOffline) {
		return failed(op, err)
	}
	if !c.options.Reconnect {
		err = ErrClosed
	}
	return &endError{op, err, l.reason()}
}

// current returns the connection that requests go to.
func (c *Client) current(op string) (*link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.over && c.err != nil:
		return nil, &endError{op, ErrClosed, c.err}
	case c.over:
		return nil, failed(op, ErrClosed)
	case c.link == nil:
		return nil, failed(op, ErrOffline)
	}
	return c.link, nil
}

// fits refuses a request that would not fit into a packet, for which the server would close the connection.
func (c *Client) fits(op string, code codec.Code, texts ...string) error {
	size, most := packetOverhead, c.packetMax()
	for _, text := range texts {
		size += len(text)
	}
	if size > most {
		return &Error{Op: op, Code: code, Text: fmt.Sprintf("%d bytes are too long, the server takes packets of %d",
			size-packetOverhead, most)}
	}
	return nil
}
