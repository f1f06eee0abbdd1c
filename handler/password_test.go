package handler

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/session"
)

// enters logs a visitor in, under a name of the chat that may be another than the account's in Classic.
func (h *hall) enters(d codec.Dialect, account, name, word string) *visitor {
	v := h.visit(d)
	if d == codec.Classic {
		v.say(&codec.LoginReq{UserID: account, Password: word, Username: name})
	} else {
		v.say(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: account, Password: word})
	}
	h.pass(10 * time.Second)
	if got := v.heard(); !strings.Contains(got, "SUCCESS") {
		h.t.Errorf("the login as %s: %s", name, got)
	}
	return v
}

// opens reports whether a password is an account's.
func (h *hall) opens(name, word string) bool {
	found, err := h.cabinet.Find(context.Background(), account.Name{Display: name, Key: name})
	if err != nil {
		h.t.Fatal(err)
	}
	right, _, err := cheap.Verify(found.Hash, word)
	if err != nil {
		h.t.Fatal(err)
	}
	return right
}

func change(ref uint32, old, word string) *codec.PasswordRequest {
	return &codec.PasswordRequest{Asked: codec.Asked{Ref: ref}, Old: old, New: word}
}

// TestPasswordEndsTheOthers: a new password ends all sessions of the account but the one that asked, in both dialects, and
// nobody else's. Operators are told, once.
func TestPasswordEndsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, "alice", "bob")
		defer h.close()
		alice, ally, bob := h.enters(codec.Native, "alice", "alice", password), h.enters(codec.Classic, "alice", "ally", password),
			h.enters(codec.Native, "bob", "bob", password)
		alice.say(change(2, password, "battery staple"))
		h.pass(time.Second)
		if got := alice.heard(); got != "PasswordResponse ref=2 result=SUCCESS" {
			t.Errorf("alice heard %s", got)
		}
		if alice.session.Reason() != session.None || bob.session.Reason() != session.None || ally.session.Reason() != session.Kicked {
			t.Errorf("who asked has ended: %s; the other session: %s; bob: %s", alice.session.Reason(), ally.session.Reason(), bob.session.Reason())
		}
		if len(h.told) != 1 || h.told[0].Name != "alice" || h.told[0].Why != account.WhyPassword {
			t.Errorf("operators are told %+v", h.told)
		}
		if !h.opens("alice", "battery staple") || h.opens("alice", password) || !h.opens("bob", password) {
			t.Error("the password is not the new one")
		}
		h.enters(codec.Classic, "alice", "ally", "battery staple")
	})
}

// TestPasswordMeetsLogins: a login with the old password that meets the change is refused or ends, wherever it is.
func TestPasswordMeetsLogins(t *testing.T) {
	const query = 2 * time.Second
	for between := time.Duration(0); between <= 5*query; between += query / 2 {
		for _, loginFirst := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				h := newHall(t, "alice")
				defer h.close()
				alice := h.enters(codec.Native, "alice", "alice", password)
				late := h.visit(codec.Classic)
				takes := func() time.Duration { return query }
				h.cabinet.reading, h.cabinet.writing = takes, takes
				steps := []func(){
					func() { alice.say(change(2, password, "battery staple")) },
					func() { late.say(&codec.LoginReq{UserID: "alice", Password: password, Username: "ally"}) },
				}
				if loginFirst {
					steps[0], steps[1] = steps[1], steps[0]
				}
				steps[0]()
				h.pass(between)
				steps[1]()
				h.pass(time.Minute)
				if got := alice.heard(); !strings.Contains(got, "PasswordResponse ref=2 result=SUCCESS") || alice.session.Reason() != session.None {
					t.Errorf("%v, %v: alice heard %s", between, loginFirst, got)
				}
				if got := late.heard(); late.session.Reason() != session.Kicked && late.session.State() != session.Connected {
					t.Errorf("%v, %v: who has the old password is in, and heard %s", between, loginFirst, got)
				}
			})
		}
	}
}

// TestTwoPasswordsAtOnce: a change that meets an operator's, wherever it is, either came first or hears AUTH_FAILED; what the
// operator set is not undone, and ends the session.
func TestTwoPasswordsAtOnce(t *testing.T) {
	const query = 2 * time.Second
	outcomes := map[string]int{}
	for between := time.Duration(0); between <= 3*query; between += query / 2 {
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, "alice")
			defer h.close()
			alice := h.enters(codec.Native, "alice", "alice", password)
			h.cabinet.reading = func() time.Duration { return query }
			h.cabinet.writing = h.cabinet.reading
			alice.say(change(2, password, "battery staple"))
			h.pass(between)
			h.cabinet.mu.Lock()
			a := h.cabinet.accounts["alice"]
			changed := a.Hash
			a.Hash, _ = cheap.Hash("operator's word")
			h.cabinet.accounts["alice"] = a
			h.cabinet.revoke(a, account.WhyPassword)
			h.cabinet.mu.Unlock()
			first, _, _ := cheap.Verify(changed, "battery staple")
			h.pass(time.Minute)
			got := alice.heard()
			outcomes[strings.TrimPrefix(got, "PasswordResponse ref=2 ")]++
			if first != strings.Contains(got, "SUCCESS") || !first && !strings.Contains(got, "AUTH_FAILED") || !h.opens("alice", "operator's word") {
				t.Errorf("after %v: alice was first: %v, and heard %s", between, first, got)
			}
			if _, err := h.chat.Revoke(t.Context(), 0); err != nil {
				t.Error(err)
			}
			h.pass(time.Minute)
			if alice.session.Reason() != session.Kicked {
				t.Errorf("after %v: the operator's change leaves the session", between)
			}
		})
	}
	if len(outcomes) != 3 { // a wrong old password, one that was right when it was looked up, and one that came first
		t.Errorf("the outcomes were %v", outcomes)
	}
}

// TestPasswordGuesses: a wrong old password counts like one at a login, and who has guessed waits with the right one too.
func TestPasswordGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, "alice")
		defer h.close()
		alice := h.enters(codec.Native, "alice", "alice", password)
		for range 5 {
			alice.say(change(2, "wrong password", "battery staple"))
			h.settle()
			if got := alice.heard(); got != "PasswordResponse ref=2 result=AUTH_FAILED" {
				t.Fatalf("a guess heard %s", got)
			}
		}
		hashed := h.chat.Hashed()
		const wait = `result=RATE_LIMITED wait=1000 detail="too many logins or wrong passwords"`
		alice.say(change(2, password, "battery staple"))
		h.settle()
		if got := alice.heard(); got != "PasswordResponse ref=2 "+wait || h.chat.Hashed() != hashed {
			t.Errorf("the right password heard %s, and cost %d hashes", got, h.chat.Hashed()-hashed)
		}
		late := h.visit(codec.Native)
		late.say(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "alice", Password: password})
		h.settle()
		if got := late.heard(); !strings.Contains(got, "RATE_LIMITED") || h.chat.Denied() != 7 {
			t.Errorf("a login after that heard %s; %d were denied", got, h.chat.Denied())
		}
		<-time.After(time.Second)
		alice.say(change(2, password, "battery staple"))
		h.pass(time.Second)
		if got := alice.heard(); got != "PasswordResponse ref=2 result=SUCCESS" {
			t.Errorf("after the wait: %s", got)
		}
	})
}

// TestPasswordOfWhoIsGone: a change whose client is gone before it is hashed changes nothing, and one whose client goes later
// ends the others all the same.
func TestPasswordOfWhoIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, "alice")
		defer h.close()
		alice := h.enters(codec.Native, "alice", "alice", password)
		ally := h.enters(codec.Classic, "alice", "ally", password)
		var hashers held
		aside := h.chat.config.Hash
		h.chat.config.Hash = hashers.submit
		alice.say(change(2, password, "battery staple"))
		h.pass(time.Second)
		alice.leave()
		h.settle()
		hashers.run()
		h.pass(time.Second)
		if !h.opens("alice", password) || ally.session.Reason() != session.None {
			t.Errorf("the password was changed for nobody; the other session has ended: %s", ally.session.Reason())
		}
		h.chat.config.Hash = aside
		alice = h.enters(codec.Native, "alice", "alice", password)
		h.cabinet.writing = func() time.Duration { return time.Second }
		alice.say(change(2, password, "battery staple"))
		h.pass(500 * time.Millisecond)
		alice.leave()
		h.pass(time.Minute)
		if !h.opens("alice", "battery staple") || ally.session.Reason() != session.Kicked {
			t.Errorf("the other session has ended: %s", ally.session.Reason())
		}
	})
}

// TestPasswordOfTheBanned: a ban that has not reached the session yet keeps the password as it is.
func TestPasswordOfTheBanned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, "alice")
		defer h.close()
		alice := h.enters(codec.Native, "alice", "alice", password)
		h.cabinet.banWith("alice", account.Ban{Reason: "spam"})
		alice.say(change(2, password, "battery staple"))
		h.pass(time.Second)
		if got := alice.heard(); got != `PasswordResponse ref=2 result=PERMISSION_DENIED wait=0 detail="banned for good: spam"` || !h.opens("alice", password) {
			t.Errorf("heard %s", got)
		}
	})
}
