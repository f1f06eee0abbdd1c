package term

import (
	"context"
	"errors"
	"strings"

	"hubbub/client"
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
	text := clean(plainError{err}.Error())
	return strings.ToUpper(text[:1]) + text[1:]
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
