package client

import (
	"context"

	"hubbub/codec"
)

// Logout ends the session in order: when it returns nil, the server has handled everything that was sent before. The
// client is closed in any case. Events that came before the answer can still be read; Close drops them.
func (c *Client) Logout(ctx context.Context) error {
	c.mu.Lock()
	c.leaving = true
	c.mu.Unlock()
	_, err := c.request(ctx, "log out", func(ref uint32) codec.Message {
		return &codec.LogoutRequest{Asked: codec.Asked{Ref: ref}}
	})
	c.hangUp()
	return err
}

// Close ends the session at once, drops the events that nobody has read, and waits until the client's goroutines have
// ended. Whatever is still queued for the server is lost; Logout first to avoid that. It never fails, may be called
// more than once, and interrupts everything that waits.
func (c *Client) Close() error {
	c.inbox.close()
	c.hangUp()
	c.running.Wait()
	return nil
}

// hangUp closes the connection for good.
func (c *Client) hangUp() {
	c.mu.Lock()
	c.leaving, c.over = true, true
	l := c.link
	c.mu.Unlock()
	c.stop()
	if l != nil {
		l.end(ErrClosed)
	}
}

// Err returns why the client ended: nil while it has not, and after Logout or Close.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
