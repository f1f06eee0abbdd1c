package client

import (
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"hubbub/codec"
)

// steady is how long a connection must have stood for the waits to start small again. A server that takes logins and
// drops them at once is thus not hammered.
const steady = 10 * time.Second

// retries yields the waits between the attempts: exponential, with jitter, so that the clients of a server that
// restarts don't all come back in the same moment.
func (c *Client) retries() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval:     c.options.RetryMin,
		RandomizationFactor: 0.5,
		Multiplier:          2,
		MaxInterval:         c.options.RetryMax,
	}
}

// lost notes that there is no connection any more, and returns whether to get it back.
func (c *Client) lost(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link = nil
	if c.leaving {
		c.over = true
		return false
	}
	if !c.options.Reconnect || final(err) {
		c.over, c.err = true, err
		return false
	}
	return true
}

// final reports whether err would be met again, or whether coming back would do harm: two clients of one name that
// replace each other would do so for ever.
func final(err error) bool {
	var code codec.Code
	if !errors.As(err, &code) {
		return false
	}
	switch code {
	case codec.Replaced, codec.Kicked, codec.AuthFailed, codec.NameInvalid, codec.NameTaken, codec.PermissionDenied,
		codec.InvalidPacket:
		return true
	}
	// LOGIN_USER_ALREADY is not: the server may not have noticed yet that the old connection is gone. Neither is
	// RATE_LIMITED: it passes.
	return false
}

// askedMax bounds how long a server can have a client wait before it tries again: as long as one lets those wait who guess.
const askedMax = 5 * time.Minute

// askedToWait is how long the server wants the client to wait after a refusal; 0: it did not say.
func askedToWait(err error) time.Duration {
	var refusal *Error
	if !errors.As(err, &refusal) {
		return 0
	}
	return min(refusal.Wait, askedMax)
}

// reconnect makes attempts until one succeeds. It returns nil when the client is over.
func (c *Client) reconnect(waits *backoff.ExponentialBackOff, err error) *link {
	for {
		wait := max(waits.NextBackOff(), askedToWait(err))
		c.inbox.put(Disconnected{Err: err, Retry: wait})
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-c.life.Done():
			timer.Stop()
			return nil
		}
		var l *link
		if l, err = c.connect(c.life); err == nil {
			c.inbox.put(Reconnected{User: l.user, Session: l.session})
			c.tell(l.gap)
			return l
		}
		if !c.lost(err) {
			return nil
		}
	}
}
