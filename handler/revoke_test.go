package handler

import (
	"testing"
	"testing/synctest"
	"time"

	"hubbub/codec"
	"hubbub/session"
)

// TestRevokedWhileLoggingIn: a ban ends the session of who was logged in, and of whom it found between a right password
// and the login; nobody else's.
func TestRevokedWhileLoggingIn(t *testing.T) {
	f := func(what string, before time.Duration, want session.Reason) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, "alice", "bob")
			defer h.close()
			h.cabinet.reading = func() time.Duration { return 2 * time.Second }
			alice, bob := h.visit(codec.Native), h.visit(codec.Native)
			alice.say(&codec.LoginRequest{User: "alice", Password: password, Since: 1})
			bob.say(&codec.LoginRequest{User: "bob", Password: password, Since: 1})
			h.pass(before)
			h.cabinet.ban("alice")
			if _, err := h.chat.Revoke(t.Context(), 0); err != nil {
				t.Error(err)
			}
			h.pass(time.Minute)
			if alice.session.Reason() != want || bob.session.Reason() != session.None {
				t.Errorf("%s: %s, %s", what, alice.session.Reason(), bob.session.Reason())
			}
		})
	}
	f("before the account is read", time.Second, session.None) // the login is refused
	f("between password and login", 3*time.Second, session.Kicked)
	f("after the login", 20*time.Second, session.Kicked)
}

// TestAccountTakesNameFromGuest: a guest who comes in while the name becomes an account's does not keep its owner out.
func TestAccountTakesNameFromGuest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		defer h.close()
		h.cabinet.writing = func() time.Duration { return time.Second }
		guest, owner := h.visit(codec.Native), h.visit(codec.Native)
		owner.say(&codec.RegisterRequest{User: "alice", Password: password}, &codec.LoginRequest{User: "alice", Password: password})
		h.settle()
		guest.say(&codec.LoginRequest{User: "alice"})
		h.pass(time.Minute)
		if guest.session.Reason() != session.Replaced || owner.session.Name() != "alice" || owner.session.Reason() != session.None {
			t.Errorf("the guest has ended: %s, the owner is %q", guest.session.Reason(), owner.session.Name())
		}
	})
}
