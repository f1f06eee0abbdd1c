package client_test

import (
	"os"
	"testing"

	"hubbub/client"
	"hubbub/internal/chattest"
)

// startServer starts a server with these flags for an example, and returns its address and what stops it.
func startServer(flags ...string) (addr string, stop func()) {
	s, err := chattest.Start(flags...)
	if err != nil {
		panic(err)
	}
	return s.Address, func() {
		if err := s.Stop(); err != nil {
			panic(err)
		}
	}
}

// startKeeper is startServer with accounts and a history, in a new directory.
func startKeeper() (addr string, stop func()) {
	dir, err := os.MkdirTemp("", "hubbub")
	if err != nil {
		panic(err)
	}
	addr, end := startServer("--database=sqlite", "--data-dir="+dir)
	return addr, func() {
		end()
		if err := os.RemoveAll(dir); err != nil {
			panic(err)
		}
	}
}

func dial(t *testing.T, addr, user string) *client.Client {
	t.Helper()
	return dialWith(t, addr, client.Options{User: user})
}

func dialWith(t *testing.T, addr string, options client.Options) *client.Client {
	t.Helper()
	c, err := client.Dial(t.Context(), addr, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// say broadcasts, which must succeed.
func say(t *testing.T, c *client.Client, text string) {
	t.Helper()
	if _, err := c.Broadcast(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

// event waits for the next event, which must be a T.
func event[T client.Event](t *testing.T, c *client.Client) T {
	t.Helper()
	e, ok := <-c.Events()
	if !ok {
		t.Fatalf("the events ended, want a %T: %v", *new(T), c.Err())
	}
	got, ok := e.(T)
	if !ok {
		t.Fatalf("got the event %#v, want a %T", e, got)
	}
	return got
}

// noEvent checks that the events have ended.
func noEvent(t *testing.T, c *client.Client) {
	t.Helper()
	if e, ok := <-c.Events(); ok {
		t.Fatalf("got the event %#v, want the end", e)
	}
}
