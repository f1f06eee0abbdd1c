package client

import (
	"context"

	"hubbub/codec"
)

// Register makes user, a name of 1 to 32 bytes, an account at the chat server at addr: whoever logs in under the name
// needs the password, 8 to 128 bytes, from then on. It connects for that and hangs up again; of the options only
// Timeout, MaxPacket and Dial count. It may be called from any goroutine.
//
// An empty password asks whether the name can be registered, before somebody has to think of one: it can when the error is
// codec.PasswordInvalid.
//
// What the server refuses is an *Error: codec.NameTaken, codec.NameInvalid, codec.PasswordInvalid, codec.RateLimited,
// or codec.PermissionDenied when only its operators register or it has no accounts. When the connection is lost before
// the answer, it is unknown whether the account exists: a login with the password tells.
func Register(ctx context.Context, addr, user, password string, options Options) error {
	c := newClient(addr, options)
	defer c.stop()
	l, err := c.open(ctx, "the registration", func(l *link) error {
		op := "register " + user
		request := &codec.RegisterRequest{Asked: codec.Asked{Ref: 1}, User: user, Password: password}
		if err := c.fitsAccount(op, user, password); err != nil {
			return err
		}
		_, err := first[*codec.RegisterResponse](l, op, request)
		return err
	})
	if err != nil {
		return err
	}
	l.end(ErrClosed)
	return nil
}

// Register makes the name that the client is logged in under an account with this password, 8 to 128 bytes, which the
// client then uses when it reconnects. Failures are those of the function Register, ErrOffline, ErrLost and ErrClosed.
func (c *Client) Register(ctx context.Context, password string) error {
	user := c.User()
	op := "register " + user
	if err := c.fitsAccount(op, user, password); err != nil {
		return err
	}
	_, err := c.request(ctx, op, func(ref uint32) codec.Message {
		return &codec.RegisterRequest{Asked: codec.Asked{Ref: ref}, User: user, Password: password}
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.password = password
	return nil
}

// fitsAccount is fits for a name with its password.
func (c *Client) fitsAccount(op, user, password string) error {
	if err := c.fits(op, codec.NameInvalid, user); err != nil {
		return err
	}
	return c.fits(op, codec.PasswordInvalid, user, password)
}
