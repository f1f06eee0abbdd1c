package term

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

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

// errNoPasswd is what it means when a server does not let somebody change a password and does not say why.
var errNoPasswd = errors.New("you are a guest, who has no password: /register keeps the name for you with one")

// errNoWhispers is why a guest does not see whispers of the past.
var errNoWhispers = errors.New("the server keeps no history, or you are a guest, whose whispers it shows to nobody: /register makes the " +
	"name yours, and what is whispered from then on is kept for you")

// permitted is err, or why when the server did not permit it and did not say more than that.
func permitted(err, why error) error {
	var refusal *client.Error
	if errors.Is(err, codec.PermissionDenied) && !(errors.As(err, &refusal) && refusal.Detail != "") {
		return why
	}
	return err
}

// tooLong says that a message has more bytes than the server takes.
type tooLong struct{ most, size int }

func (e tooLong) Error() string {
	return fmt.Sprintf("a message has at most %s; this has %s", count(e.most, "byte"), humanize.Comma(int64(e.size)))
}

func (tooLong) Unwrap() error { return codec.MessageInvalid }

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
