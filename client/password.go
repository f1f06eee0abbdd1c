package client

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
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
