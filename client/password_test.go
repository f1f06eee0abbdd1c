package client_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/internal/chattest"
)

const asksForAnother = `PasswordRequest ref=1 old="correct horse" new="battery staple"`

// TestChangePassword: whoever changes the password comes back with the one that holds: the new one, or the old one where the
// server refused.
func TestChangePassword(t *testing.T) {
	f := func(answer string, code codec.Code, next string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t)
			c, p := n.welcome(client.Options{Reconnect: true, Password: "correct horse"})
			go func() { p.answer(asksForAnother, answer); p.conn.Close() }()
			if err := c.ChangePassword(t.Context(), "correct horse", "battery staple"); code == codec.Success && err != nil || code != codec.Success && !errors.Is(err, code) {
				t.Errorf("%s: got %v", answer, err)
			}
			event[client.Disconnected](t, c)
			p = <-n.peers
			p.want(`LoginRequest ref=1 user="alice" password="` + next + `" caps=0 since=0`)
			p.send(`LoginResponse ref=1 result=AUTH_FAILED`)
			noEvent(t, c) // and no other password is tried
		})
	}
	f(`PasswordResponse ref=1 result=SUCCESS`, codec.Success, "battery staple")
	for _, code := range []codec.Code{codec.AuthFailed, codec.PasswordInvalid, codec.PermissionDenied, codec.RateLimited} {
		f(`PasswordResponse ref=1 result=`+code.String(), code, "correct horse")
	}
}

// TestChangePasswordLost: where the answer is lost, the client tries the old password and then the new one, and keeps the one
// that was right.
func TestChangePasswordLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		c, p := n.welcome(client.Options{Reconnect: true, Password: "correct horse"})
		go func() { p.want(asksForAnother); p.conn.Close() }()
		if err := c.ChangePassword(t.Context(), "correct horse", "battery staple"); !errors.Is(err, client.ErrLost) {
			t.Errorf("got %v, want ErrLost", err)
		}
		event[client.Disconnected](t, c)
		for _, try := range []struct{ password, answer string }{
			{"correct horse", `LoginResponse ref=1 result=AUTH_FAILED`}, {"battery staple", granted},
		} {
			p = <-n.peers
			p.want(`LoginRequest ref=1 user="alice" password="` + try.password + `" caps=0 since=0`)
			p.send(try.answer)
		}
		event[client.Reconnected](t, c)
		p.conn.Close()
		event[client.Disconnected](t, c)
		p = <-n.peers
		p.want(`LoginRequest ref=1 user="alice" password="battery staple" caps=0 since=0`)
		p.send(granted)
		event[client.Reconnected](t, c)
	})
}

// TestChangePasswordOfAServer: the change holds at a real server, whose connection the client loses behind it.
func TestChangePasswordOfAServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := chattest.Serve(t, "--database=sqlite", "--data-dir="+dir)
	if err := client.Register(t.Context(), s.Address, "alice", "correct horse", client.Options{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	alice := dialWith(t, s.Address, client.Options{User: "alice", Password: "correct horse"})
	if err := alice.ChangePassword(ctx, "", ""); !errors.Is(err, codec.PasswordInvalid) {
		t.Errorf("whether there could be another one: %v", err)
	}
	if err := alice.ChangePassword(ctx, "wrong password", "battery staple"); !errors.Is(err, codec.AuthFailed) {
		t.Errorf("a wrong old one: %v", err)
	}
	if err := alice.ChangePassword(ctx, "correct horse", "battery staple"); err != nil {
		t.Error(err)
	}
	if _, err := alice.Broadcast(ctx, "still here"); err != nil {
		t.Error(err)
	}
	if err := alice.Logout(ctx); err != nil {
		t.Error(err)
	}
	if _, err := client.Dial(ctx, s.Address, client.Options{User: "alice", Password: "correct horse"}); !errors.Is(err, codec.AuthFailed) {
		t.Errorf("the old password: %v", err)
	}
	dialWith(t, s.Address, client.Options{User: "alice", Password: "battery staple"})
	guest := dialWith(t, s.Address, client.Options{User: "bob"})
	var refusal *client.Error
	if err := guest.ChangePassword(ctx, "", ""); !errors.Is(err, codec.PermissionDenied) || !errors.As(err, &refusal) || refusal.Detail == "" {
		t.Errorf("a guest: %v", err)
	}
}
