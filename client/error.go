package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"hubbub/codec"
)

var (
	// ErrClosed is returned by requests after Close or Logout, or after the connection ended for good.
	ErrClosed = errors.New("this client is closed; Dial a new one")
	// ErrOffline is returned by requests while the client is waiting to reconnect: nothing was sent.
	ErrOffline = errors.New("not connected to the server at the moment, nothing was sent; try again when Reconnected arrives")
	// ErrLost is returned by requests whose connection was lost before the answer came: it is unknown whether the
	// server acted on them. Where the server keeps a history, it tells: see Client.History.
	ErrLost = errors.New("the connection was lost before the server answered; it may or may not have arrived")
	// ErrSilent ends a connection whose server did not answer a PING for half of its own heartbeat.
	ErrSilent = errors.New("the server has stopped answering")
)

// Error says that the server refused a request or ended the session. It unwraps to its codec.Code.
type Error struct {
	Op   string     // what was tried, as in "log in as alice" or "whisper to bob"
	Code codec.Code // why it failed
	Text string     // the reason for people, with how long to wait where the server told that

	// What the server told beside the code; zero where it did not.
	Wait   time.Duration // until it may be tried again
	Detail string        // why, as in "banned until 2026-11-28 14:00 UTC: spam"
}

func (e *Error) Error() string {
	return fmt.Sprintf("client: %s: %s (%s)", e.Op, e.Text, e.Code.String())
}

// Unwrap makes errors.Is(err, codec.UserNotFound) work.
func (e *Error) Unwrap() error { return e.Code }

// refused is the error of an answer that says so.
func refused(op string, m codec.Response) error {
	_, code := m.Outcome()
	why := explained(m)
	return &Error{Op: op, Code: code, Text: why.Text(code), Wait: why.After(), Detail: why.Detail}
}

// explained is what an answer tells beside its code.
func explained(m codec.Response) codec.Refusal {
	if m, ok := m.(codec.Explainer); ok {
		return m.Explained()
	}
	return codec.Refusal{}
}

func failed(op string, err error) error { return fmt.Errorf("client: %s: %w", op, err) }

// endError is an ErrLost or ErrClosed and why the connection ended.
type endError struct {
	op          string
	what, cause error
}

func (e *endError) Error() string {
	return "client: " + e.op + ": " + e.what.Error() + ": " + strings.TrimPrefix(e.cause.Error(), "client: ")
}

func (e *endError) Unwrap() []error { return []error{e.what, e.cause} }

// unreachable explains why no connection came about.
func unreachable(addr string, timeout time.Duration, err error) error {
	var dns *net.DNSError
	var address *net.AddrError
	hint := "check the address and your network"
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("client: connecting to chat server at %s: %w", addr, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		err, hint = syscall.ECONNREFUSED, "is it running? is that its address and port?"
	case errors.As(err, &dns):
		err, hint = dns, "is the host's name spelled right?"
	case errors.As(err, &address):
		hint = "an address is host:port"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("client: cannot reach chat server at %s: no answer within %s (%s): %w",
			addr, timeout, hint, context.DeadlineExceeded)
	}
	return fmt.Errorf("client: cannot reach chat server at %s: %w (%s)", addr, err, hint)
}

// unanswered explains why a connection that stood did not lead to an answer to its first request.
func unanswered(addr, request string, timeout time.Duration, err error) error {
	var refusal *Error
	switch {
	case errors.As(err, &refusal):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("client: %s took the connection but did not answer %s within %s (is it a chat server?): %w",
			addr, request, timeout, context.DeadlineExceeded)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return fmt.Errorf("client: %s closed the connection without answering %s (is it a chat server?): %w", addr, request, err)
	case codec.IsViolation(err):
		return fmt.Errorf("client: %s does not speak the chat protocol (is that the right port?): %w", addr, err)
	}
	return fmt.Errorf("client: %s at %s failed: %w", request, addr, err)
}

// broken explains why a session's connection ended.
func broken(addr string, err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("client: the server at %s closed the connection: %w", addr, err)
	case codec.IsViolation(err):
		return fmt.Errorf("client: the server at %s sent what is no chat packet: %w", addr, err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("client: the server at %s does not take what is sent to it: %w", addr, err)
	}
	return fmt.Errorf("client: the connection to %s broke: %w", addr, err)
}
