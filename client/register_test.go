package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/internal/chattest"
)

func TestRegister(t *testing.T) {
	f := func(answer, want string, code codec.Code) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				p := <-n.peers
				p.answer(`RegisterRequest ref=1 user="alice" password="correct horse"`, answer)
				if _, err := p.in.ReadByte(); err == nil {
					t.Error("the client goes on after the answer")
				}
			}()
			err := client.Register(t.Context(), "chat", "alice", "correct horse", client.Options{Dial: n.dial})
			if code == codec.Success && err != nil {
				t.Error(err)
			}
			if code != codec.Success && (!errors.Is(err, code) || err.Error() != want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			<-ended
		})
	}
	f(`RegisterResponse ref=1 result=SUCCESS`, "", codec.Success)
	f(`RegisterResponse ref=1 result=NAME_TAKEN`, "client: register alice: this name is registered already, or somebody else has it (NAME_TAKEN)", codec.NameTaken)
	f(`RegisterResponse ref=1 result=PASSWORD_INVALID`,
		"client: register alice: the password is too short or too long (PASSWORD_INVALID)", codec.PasswordInvalid)
	f(`SystemNotify code=SERVER_BUSY message="later"`, "client: register alice: later (SERVER_BUSY)", codec.ServerBusy)
}

// What does not fit into a packet is refused here, and a server that says nothing is told.
func TestRegisterFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		go func() { <-n.peers; <-n.peers; (<-n.peers).next() }()
		options := client.Options{Dial: n.dial}
		if err := client.Register(t.Context(), "chat", strings.Repeat("x", 5000), "x", options); !errors.Is(err, codec.NameInvalid) {
			t.Errorf("got %v, want NAME_INVALID", err)
		}
		if err := client.Register(t.Context(), "chat", "alice", strings.Repeat("x", 5000), options); !errors.Is(err, codec.PasswordInvalid) {
			t.Errorf("got %v, want PASSWORD_INVALID", err)
		}
		err := client.Register(t.Context(), "chat", "alice", "correct horse", options)
		want := "client: chat:9000 took the connection but did not answer the registration within 10s (is it a chat server?): " +
			context.DeadlineExceeded.Error()
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
}

// Somebody who registers the name that he has comes back with its password, and not with one that was refused.
func TestRegisterOwnName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		c, p := n.welcome(client.Options{Reconnect: true})
		go func() {
			p.answer(`RegisterRequest ref=1 user="alice" password="correct horse"`, `RegisterResponse ref=1 result=SUCCESS`)
			p.answer(`RegisterRequest ref=2 user="alice" password="battery staple"`, `RegisterResponse ref=2 result=NAME_TAKEN`)
			p.conn.Close()
		}()
		if err := c.Register(t.Context(), "correct horse"); err != nil {
			t.Error(err)
		}
		if err := c.Register(t.Context(), "battery staple"); !errors.Is(err, codec.NameTaken) {
			t.Errorf("got %v, want NAME_TAKEN", err)
		}
		event[client.Disconnected](t, c)
		p = <-n.peers
		p.want(`LoginRequest ref=1 user="alice" password="correct horse" caps=0 since=0`)
		p.send(granted)
		event[client.Reconnected](t, c)
	})
}

// An answer for which nobody waits any more is not taken for that of a message.
func TestLateRefusalIsNoMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go p.want(`RegisterRequest ref=1 user="alice" password="correct horse"`)
		if err := c.Register(ctx, "correct horse"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a timeout", err)
		}
		synctest.Wait()
		p.send(`RegisterResponse ref=1 result=NAME_TAKEN`, `BroadcastNotify id=1 user="bob" message="hi"`)
		event[client.Message](t, c)
		if c.Refusals() != 0 {
			t.Errorf("%d refusals", c.Refusals())
		}
	})
}

// A server without a database has neither accounts nor a history, and says so.
func TestNoDatabase(t *testing.T) {
	addr := chattest.Serve(t).Address
	if err := client.Register(t.Context(), addr, "alice", "correct horse", client.Options{}); !errors.Is(err, codec.PermissionDenied) {
		t.Errorf("got %v, want PERMISSION_DENIED", err)
	}
	alice := dial(t, addr, "alice")
	if err := alice.Register(t.Context(), "correct horse"); !errors.Is(err, codec.PermissionDenied) {
		t.Errorf("got %v, want PERMISSION_DENIED", err)
	}
	if _, err := alice.History(t.Context(), client.HistoryQuery{}); !errors.Is(err, codec.PermissionDenied) {
		t.Errorf("got %v, want PERMISSION_DENIED", err)
	}
}
