package handler

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/session"
)

// poll does what the server does each second.
func (h *hall) poll() {
	h.t.Helper()
	h.polled = time.Now()
	var err error
	if h.revoked, err = h.chat.Revoke(context.Background(), h.revoked); err != nil {
		h.t.Error(err)
	}
	if _, done, err := h.chat.LoadNames(context.Background()); err != nil || !done {
		h.t.Error("the names are not loaded:", err)
	}
}

// queries returns how often somebody was looked for in the database since it was asked last.
func (h *hall) queries() int {
	h.cabinet.mu.Lock()
	defer h.cabinet.mu.Unlock()
	n := h.cabinet.asked
	h.cabinet.asked = 0
	return n
}

// TestGuestsNeedNoQuery: once the names of the accounts are known, a guest's login asks the database for nothing, unless its
// name is an account's or looks like one, it has a password, or it asks for what it missed.
func TestGuestsNeedNoQuery(t *testing.T) {
	f := func(login codec.Message, asks bool, want string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, "alice", "coco", "Анна", "modern")
			defer h.close()
			h.poll()
			h.queries()
			dialect := codec.Native
			if _, classic := login.(*codec.LoginReq); classic {
				dialect = codec.Classic
			}
			guest := h.visit(dialect)
			guest.say(login)
			h.pass(time.Second)
			if got := strings.Join(guest.hears(), " "); !strings.Contains(got, "result="+want) {
				t.Errorf("%s: %q, want %s", codec.Format(login), got, want)
			}
			if n := h.queries(); (n != 0) != asks {
				t.Errorf("%s has led to %d queries", codec.Format(login), n)
			}
		})
	}
	for _, name := range []string{"bob", "Alice2", "modem", "c0c0", "007", "김철수", "Иван", "x"} {
		f(&codec.LoginRequest{User: name}, false, "SUCCESS")
	}
	f(&codec.LoginReq{UserID: "nobody", Username: "bob"}, false, "SUCCESS")
	f(&codec.LoginReq{UserID: "\xff", Username: "bob"}, false, "SUCCESS")
	f(&codec.LoginRequest{User: "server"}, false, "NAME_INVALID")
	f(&codec.LoginRequest{User: "аlice"}, true, "NAME_INVALID") // of two scripts, and it looks like alice
	for _, name := range []string{"alice", "ALICE", "Alice", "ｃｏｃｏ", "анна"} {
		f(&codec.LoginRequest{User: name}, true, "AUTH_FAILED")
	}
	f(&codec.LoginReq{UserID: "Alice", Username: "bob"}, true, "AUTH_FAILED")
	f(&codec.LoginRequest{User: "сосо"}, true, "NAME_TAKEN")
	f(&codec.LoginRequest{User: "AHHA"}, true, "NAME_TAKEN")
	f(&codec.LoginRequest{User: "bob", Since: 1}, true, "SUCCESS")
	f(&codec.LoginRequest{User: "bob", Password: password}, true, "AUTH_FAILED")
	f(&codec.LoginReq{UserID: "bob", Password: "1234", Username: "bob"}, true, "SUCCESS")
}

// TestNamesAreTrustedWhileTheyAreTrue: when the database was not asked for new accounts for three seconds, or not for all of
// them, guests' logins ask it, as they do before the names are loaded.
func TestNamesAreTrustedWhileTheyAreTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, "alice")
		defer h.close()
		n := 0
		asks := func(what string, want bool) {
			t.Helper()
			n++
			guest := h.visit(codec.Native)
			h.queries()
			guest.say(&codec.LoginRequest{User: fmt.Sprint("guest", n)})
			h.settle()
			if got := strings.Join(guest.hears(), " "); !strings.Contains(got, "result=SUCCESS") {
				t.Errorf("%s: %q", what, got)
			}
			if n := h.queries(); (n != 0) != want {
				t.Errorf("%s: %d queries", what, n)
			}
		}
		fails := func(what string) {
			t.Helper()
			h.cabinet.broken = errors.New("away")
			_, err := h.chat.Revoke(t.Context(), h.revoked)
			_, done, loading := h.chat.LoadNames(t.Context())
			h.cabinet.broken = nil
			if err == nil || done != h.chat.NamesLoaded() || loading == nil && !done {
				t.Errorf("%s: Revoke returns %v, LoadNames %v, %v", what, err, done, loading)
			}
		}
		asks("before they are loaded", true)
		fails("at the start")
		asks("when loading has failed", true)
		h.poll()
		asks("once they are loaded", false)
		h.pass(namesTrusted - time.Second)
		asks("2 s later", false)
		fails("then")
		h.pass(time.Second)
		asks("3 s later, while the database is away", true)
		h.poll()
		asks("when it is back", false)
		h.pass(namesTrusted - time.Second)
		for range 3 {
			h.cabinet.ban("alice")
		}
		h.cabinet.gone = 2 // so that one was missed
		if _, err := h.chat.Revoke(t.Context(), h.revoked); err != nil || h.chat.NamesLoaded() {
			t.Errorf("a revocation that was missed is not noticed (%v)", err)
		}
		h.pass(time.Second)
		asks("when revocations were missed", true)
		h.poll()
		asks("when all is read again", false)
	})
}

// TestLostRevocations: when the database has lost the newest changes, such as in a failover, what changes from then on is noticed,
// and so are the accounts that were made before that was found.
func TestLostRevocations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, "carol")
		defer h.close()
		for range 3 {
			h.cabinet.ban("carol")
		}
		h.poll()
		names := []string{"alice", "bob"}
		guests := map[string]*visitor{}
		for _, name := range names {
			guests[name] = h.visit(codec.Native)
			guests[name].say(&codec.LoginRequest{User: name})
		}
		h.settle()
		h.cabinet.revoked = h.cabinet.revoked[:1]
		for _, name := range names { // whose revocations have numbers that were given before
			if _, err := h.cabinet.Create(t.Context(), account.Name{Display: name, Key: name}, "hash"); err != nil {
				t.Fatal(err)
			}
			if name == "alice" {
				h.poll()
			}
		}
		h.poll()
		h.settle()
		for name, guest := range guests {
			if got := guest.session.Reason(); got != session.NameRegistered {
				t.Errorf("%s has ended: %s", name, got)
			}
		}
	})
}

// TestRegisteredNamesAreKnown: who registers a name keeps guests from it, and from names that look like it, from that moment
// on, before the server looks for new accounts again.
func TestRegisteredNamesAreKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		defer h.close()
		h.poll()
		h.visit(codec.Native).say(&codec.RegisterRequest{Asked: codec.Asked{Ref: 1}, User: "coco", Password: password})
		h.settle()
		for name, want := range map[string]string{"coco": "AUTH_FAILED", "COCO": "AUTH_FAILED", "сосо": "NAME_TAKEN", "c0c0": "SUCCESS"} {
			guest := h.visit(codec.Native)
			guest.say(&codec.LoginRequest{User: name})
			h.settle()
			if got := strings.Join(guest.hears(), " "); !strings.Contains(got, "result="+want) {
				t.Errorf("%s: %q, want %s", name, got, want)
			}
		}
	})
}

// TestManyNames: accounts are read page by page, as far as that goes in a second, and the next call goes on there.
func TestManyNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		defer h.close()
		const accounts = 2*namesPage + 1
		for i := range int64(accounts) {
			name := fmt.Sprint("user", i)
			h.cabinet.accounts[name] = account.Account{ID: i + 1, Name: name, Key: name}
		}
		h.cabinet.made = accounts
		h.cabinet.loading = func() time.Duration { return 600 * time.Millisecond }
		for call, want := range []int{2 * namesPage, accounts, accounts} {
			if n, done, err := h.chat.LoadNames(t.Context()); n != want || done != (call > 0) || err != nil {
				t.Errorf("call %d has read %d accounts: %v (%v)", call, n, done, err)
			}
		}
		for name := range h.cabinet.accounts {
			if !h.chat.names.filter.MayFind(account.Name{Display: name, Key: name}) {
				t.Fatal(name, "is missing")
			}
		}
	})
}

// TestMissedRegistrations: when a server looks for new accounts after so long that the database does not tell of all any
// more, guests under the names of those are ended too.
func TestMissedRegistrations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		defer h.close()
		h.poll()
		guests := map[string]*visitor{}
		for _, name := range []string{"alice", "bob", "сосо", "dave"} {
			guests[name] = h.visit(codec.Native)
			guests[name].say(&codec.LoginRequest{User: name})
		}
		h.settle()
		for _, name := range []string{"alice", "coco", "erin"} {
			if _, err := h.cabinet.Create(t.Context(), account.Name{Display: name, Key: name}, "hash"); err != nil {
				t.Fatal(err)
			}
		}
		h.cabinet.gone = 2
		h.poll()
		h.pass(time.Second)
		for name, guest := range guests {
			want := session.None
			if name == "alice" || name == "сосо" {
				want = session.NameRegistered
			}
			if got := guest.session.Reason(); got != want {
				t.Errorf("%s has ended: %s, want %s", name, got, want)
			}
		}
		if len(h.told) != 2 {
			t.Errorf("operators are told %+v", h.told)
		}
	})
}
