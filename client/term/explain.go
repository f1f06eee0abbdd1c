package term

import (
	"context"
	"errors"
	"strings"

	"hubbub/client"
	"hubbub/codec"
)

// plainError is an error of the client in the words of this program.
type plainError struct{ error }

func (e plainError) Error() string { return strings.TrimPrefix(e.error.Error(), "client: ") }

func (e plainError) Unwrap() error { return e.error }

// explain is an error as a sentence's beginning, without the package's name.
func explain(err error) string {
	if err == nil {
		return "The chat is over"
	}
	return sentence(clean(plainError{err}.Error()))
}

// What it means when the server does not permit something.
var (
	errNoHistory  = errors.New("the server keeps no history, or does not show you this one")
	errNoRegister = errors.New("the server has no accounts, or only its operators register names")
)

// permitted is err, or why when the server did not permit it: its code says only that one may not.
func permitted(err, why error) error {
	if errors.Is(err, codec.PermissionDenied) {
		return why
	}
	return err
}

// fate is what became of a message that failed, for the line below it.
func fate(err error) string {
	var refusal *client.Error
	switch {
	case errors.As(err, &refusal):
		return "not sent: " + clean(refusal.Text)
	case errors.Is(err, client.ErrOffline):
		return "not sent: there is no connection at the moment; ↑ brings it back"
	case errors.Is(err, client.ErrClosed):
		return "not sent: the chat is over"
	case errors.Is(err, client.ErrLost):
		return "the connection was lost; this may or may not have arrived"
	case errors.Is(err, context.DeadlineExceeded):
		return "the server does not answer; this may or may not have arrived"
	}
	return "not sent: " + clean(plainError{err}.Error())
}
