package handler

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
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

// TestOnlyEndsAreTold: operators are told of a revocation that ended sessions, and of none that found nobody.
func TestOnlyEndsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, "alice", "bob")
		defer h.close()
		alice := h.visit(codec.Native)
		alice.say(&codec.LoginRequest{User: "alice", Password: password})
		h.pass(time.Minute)
		h.cabinet.ban("bob") // who is not there
		h.cabinet.ban("alice")
		if _, err := h.chat.Revoke(t.Context(), 0); err != nil {
			t.Error(err)
		}
		h.pass(time.Minute)
		if alice.session.Reason() != session.Kicked || len(h.told) != 1 || h.told[0].Name != "alice" {
			t.Errorf("alice ended: %s; operators are told %+v", alice.session.Reason(), h.told)
		}
	})
}

// TestRegistrationKeepsGuestsOut: no guest has the name of an account, wherever its registration, by the name's guest or
// by somebody who is not logged in, meets the guest's login, whether that asks the database or the names in memory.
func TestRegistrationKeepsGuestsOut(t *testing.T) {
	const query = 2 * time.Second
	f := func(guestFirst bool, between time.Duration, own, known bool) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t)
			defer h.close()
			takes := func() time.Duration { return query }
			h.cabinet.reading, h.cabinet.writing = takes, takes
			h.polls = known
			h.pass(0)
			guest, owner := h.visit(codec.Native), h.visit(codec.Native)
			if own {
				owner.say(&codec.LoginRequest{User: "alice"})
				h.pass(time.Minute)
			}
			login := &codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "alice", Since: 1}
			if known {
				login.Since = 0
			}
			steps := []func(){
				func() {
					owner.say(&codec.RegisterRequest{Asked: codec.Asked{Ref: 1}, User: "alice", Password: password})
				},
				func() { guest.say(login) },
			}
			if guestFirst {
				steps[0], steps[1] = steps[1], steps[0]
			}
			steps[0]()
			h.pass(between)
			steps[1]()
			h.pass(time.Minute)
			_, err := h.cabinet.Find(t.Context(), alice)
			registered := err == nil
			if registered && guest.session.Name() == "alice" && guest.session.Reason() == session.None {
				t.Errorf("%v, %v, %v, %v: a guest has an account's name; it heard %q", guestFirst, between, own, known, guest.hears())
			}
			if registered == (guest.session.Name() == "alice") {
				t.Errorf("%v, %v, %v, %v: the name is an account's: %v; the guest got it: %v",
					guestFirst, between, own, known, registered, guest.session.Name() == "alice")
			}
			if _, err := h.chat.Revoke(t.Context(), 0); err != nil { // the registration's own entry in the database
				t.Error(err)
			}
			h.pass(time.Minute)
			if own != (owner.session.Account() != 0) || owner.session.Reason() != session.None {
				t.Errorf("%v, %v, %v, %v: who registered has account %d and ended: %s",
					guestFirst, between, own, known, owner.session.Account(), owner.session.Reason())
			}
		})
	}
	for between := time.Duration(0); between <= 5*query; between += query / 2 {
		for i := range 8 {
			f(i&1 != 0, between, i&2 != 0, i&4 != 0)
		}
	}
}

// TestAddedBesideTheServer: a guest whose name another process makes an account's is ended once the server has noticed,
// and whoever was looked up before that does not get the name.
func TestAddedBesideTheServer(t *testing.T) {
	f := func(what string, before time.Duration, heard string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t)
			defer h.close()
			h.cabinet.reading = func() time.Duration { return 2 * time.Second }
			guest, bob := h.visit(codec.Native), h.visit(codec.Native)
			bob.say(&codec.LoginRequest{User: "bob"})
			guest.say(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "alice", Since: 1})
			h.pass(before)
			if _, err := h.cabinet.Create(t.Context(), alice, "hash"); err != nil {
				t.Fatal(err)
			}
			if _, err := h.chat.Revoke(t.Context(), 0); err != nil {
				t.Error(err)
			}
			if _, found := h.chat.Hub.Lookup("alice"); found {
				t.Errorf("%s: a guest is still there under the name", what)
			}
			h.pass(time.Minute)
			got := strings.Join(guest.hears(), " ")
			if !strings.Contains(got, heard) || bob.session.Reason() != session.None {
				t.Errorf("%s: the guest heard %s; want %s. Another one has ended: %s", what, got, heard, bob.session.Reason())
			}
			if ref, found := h.chat.Hub.Lookup("alice"); found {
				t.Errorf("%s: %v is there under the name", what, ref)
			}
		})
	}
	f("before the name is looked up", time.Second, "AUTH_FAILED")
	f("between looking up and login", 3*time.Second, "AUTH_FAILED")
	f("after the login", 20*time.Second, "NAME_TAKEN")
}

// TestAddedBesideTheNames: where the names are in memory, a guest whose name, or one that looks like it, another process
// makes an account's is ended at the next look at the database, whether the login was before that or after it; from then on
// there is no login.
func TestAddedBesideTheNames(t *testing.T) {
	f := func(name, added, refusal string, late bool) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t)
			defer h.close()
			h.poll()
			create := func() {
				if _, err := h.cabinet.Create(t.Context(), account.Name{Display: added, Key: account.KeyOf(added)}, "hash"); err != nil {
					t.Fatal(err)
				}
			}
			guest, second := h.visit(codec.Native), h.visit(codec.Native)
			if late {
				create()
			}
			guest.say(&codec.LoginRequest{User: name})
			h.settle()
			if !late {
				create()
			}
			_, in := h.chat.Hub.Lookup(account.KeyOf(name))
			h.poll()
			h.settle()
			_, still := h.chat.Hub.Lookup(account.KeyOf(name))
			if got := guest.hears(); !in || still || guest.session.Reason() != session.NameRegistered || len(got) != 2 ||
				!strings.Contains(got[1], "NAME_TAKEN") {
				t.Errorf("%s, late %v: in %v, still there %v, ended: %s, heard %q", name, late, in, still, guest.session.Reason(), got)
			}
			second.say(&codec.LoginRequest{User: name})
			h.pass(time.Second)
			if got := strings.Join(second.hears(), " "); !strings.Contains(got, refusal) {
				t.Errorf("%s: a later guest heard %q, want %s", name, got, refusal)
			}
		})
	}
	for _, late := range []bool{false, true} {
		f("alice", "alice", "AUTH_FAILED", late)
		f("ALICE", "Alice", "AUTH_FAILED", late)
		f("сосо", "coco", "NAME_TAKEN", late)
		f("AHHA", "Анна", "NAME_TAKEN", late)
	}
}

// TestTwoWaysAtOnce: a guest who registers the own name while another process adds it has no account's name afterwards.
func TestTwoWaysAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		defer h.close()
		guest := h.visit(codec.Native)
		guest.say(&codec.LoginRequest{User: "alice"})
		h.settle()
		h.cabinet.writing = func() time.Duration { return time.Second }
		guest.say(&codec.RegisterRequest{Asked: codec.Asked{Ref: 1}, User: "alice", Password: password})
		h.settle()
		h.cabinet.mu.Lock()
		h.cabinet.accounts["alice"] = account.Account{ID: 9, Name: "alice", Key: "alice"}
		h.cabinet.revoked = []account.Revocation{{Seq: 1, Account: 9, Name: "alice", Registered: true}}
		h.cabinet.mu.Unlock()
		if _, err := h.chat.Revoke(t.Context(), 0); err != nil {
			t.Error(err)
		}
		h.pass(time.Minute)
		if guest.session.Reason() != session.NameRegistered {
			t.Errorf("the guest has ended: %s; it heard %q", guest.session.Reason(), guest.hears())
		}
	})
}
