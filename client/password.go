package client

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"

	"hubbub/codec"
)

// A password has so many bytes of UTF-8, in the form that PRECIS OpaqueString (RFC 8265) gives it.
const (
	PasswordBytesMin = 8
	PasswordBytesMax = 128
)

// CheckPassword says what keeps a text from being a new password, or returns nil: the server refuses it with
// codec.PasswordInvalid. Ask before a password is typed a second time. The error does not quote it. Any goroutine.
func CheckPassword(password string) error {
	size := len(password)
	if utf8.ValidString(password) && size > 0 && size <= 4*PasswordBytesMax {
		prepared, err := precis.OpaqueString.String(password)
		if err != nil {
			return errors.New("a password has no control characters and no signs that have no meaning yet")
		}
		size = len(prepared)
	}
	switch {
	case size < PasswordBytesMin || size > PasswordBytesMax:
		return fmt.Errorf("a password has %d to %d bytes; this has %d", PasswordBytesMin, PasswordBytesMax, size)
	case !utf8.ValidString(password):
		return errors.New("a password is text in UTF-8")
	}
	return nil
}

// ChangePassword gives the account that the client is logged in to another password, 8 to 128 bytes, which the client then
// uses when it reconnects. The account's other sessions end with codec.Kicked.
//
// Empty passwords ask whether there could be another one, before somebody has to type any: there could when the error is
// codec.PasswordInvalid.
//
// What the server refuses is an *Error: codec.AuthFailed when old is wrong or the password is changed elsewhere at the same
// time, codec.PasswordInvalid, codec.RateLimited after too many wrong ones, or codec.PermissionDenied for a guest. Other
// failures are ErrOffline, ErrLost and ErrClosed; after ErrLost it is unknown which password holds, and the client tries both
// when it reconnects.
func (c *Client) ChangePassword(ctx context.Context, old, password string) error {
	const op = "change the password"
	if err := c.fits(op, codec.PasswordInvalid, old, password); err != nil {
		return err
	}
	c.mu.Lock()
	if password != "" {
		c.nextPassword = password
	}
	c.mu.Unlock()
	_, err := c.request(ctx, op, func(ref uint32) codec.Message {
		return &codec.PasswordRequest{Asked: codec.Asked{Ref: ref}, Old: old, New: password}
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.nextPassword != password: // another call's
	case err == nil:
		c.password, c.nextPassword = password, ""
	case refusedForGood(err):
		c.nextPassword = ""
	}
	return err
}

// refusedForGood reports whether the server has certainly not changed the password: not when the answer, or what came of
// it, got lost.
func refusedForGood(err error) bool {
	for _, code := range []codec.Code{codec.AuthFailed, codec.PasswordInvalid, codec.RateLimited, codec.PermissionDenied, codec.NotLoggedIn} {
		if errors.Is(err, code) {
			return true
		}
	}
	return errors.Is(err, ErrOffline)
}
