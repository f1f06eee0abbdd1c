package handler

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/session"
)

// heard returns what a visitor has heard since it was asked last, in one text.
func (v *visitor) heard() string { return strings.Join(v.hears(), "\n") }

// TestBansAreExplained: whoever is banned hears until when and why, in both dialects: the sessions that the ban ends, the
// login that it meets, and later logins with the right password. With a wrong one, or none, nobody does.
func TestBansAreExplained(t *testing.T) {
	f := func(ban account.Ban, want string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, "alice", "bob", "carol")
			defer h.close()
			native, classic, late := h.visit(codec.Native), h.visit(codec.Classic), h.visit(codec.Native)
			native.say(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "alice", Password: password})
			classic.say(&codec.LoginReq{UserID: "bob", Password: password, Username: "bobby"})
			h.pass(time.Second)
			h.cabinet.reading = func() time.Duration { return 2 * time.Second }
			late.say(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "carol", Password: password, Since: 1})
			h.pass(3 * time.Second) // it is between its password and its name
			for _, name := range []string{"alice", "bob", "carol"} {
				h.cabinet.banWith(name, ban)
			}
			if _, err := h.chat.Revoke(t.Context(), 0); err != nil {
				t.Error(err)
			}
			h.pass(time.Minute)
			notice := fmt.Sprintf("SystemNotify code=KICKED message=%q", want)
			for _, v := range []*visitor{native, late} {
				if got := v.heard(); !strings.HasSuffix(got, notice) || v.session.Reason() != session.Kicked {
					t.Errorf("a session that ended for %s heard\n%s\nwant %s", v.session.Reason(), got, notice)
				}
			}
			said := fmt.Sprintf("BroadcastRes user=\"server\" message=%q", want)
			if got := classic.heard(); !strings.HasSuffix(got, said) {
				t.Errorf("a classic session heard\n%s\nwant %s", got, said)
			}
			for _, word := range []string{password, "wrong password", ""} {
				native, classic := h.visit(codec.Native), h.visit(codec.Classic)
				native.say(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "alice", Password: word})
				classic.say(&codec.LoginReq{UserID: "bob", Password: word, Username: "bob"})
				h.pass(time.Minute)
				asNative, asClassic := native.heard(), classic.heard()
				if word != password {
					if strings.Contains(asNative+asClassic, "banned") || !strings.Contains(asNative, "AUTH_FAILED") || !strings.Contains(asClassic, "AUTH_FAILED") {
						t.Errorf("a login with %q heard\n%s\n%s", word, asNative, asClassic)
					}
					continue
				}
				if !strings.Contains(asNative, "result=PERMISSION_DENIED") || !strings.HasSuffix(asNative, fmt.Sprintf("wait=0 detail=%q", want)) {
					t.Errorf("a login heard\n%s\nwant %q", asNative, want)
				}
				if asClassic != "LoginRes result=PERMISSION_DENIED\n"+said {
					t.Errorf("a classic login heard\n%s\nwant %s", asClassic, said)
				}
			}
		})
	}
	until := time.Date(2030, 1, 2, 3, 4, 0, 0, time.UTC)
	f(account.Ban{}, "banned for good")
	f(account.Ban{Reason: "spam"}, "banned for good: spam")
	f(account.Ban{Reason: "spam", Until: until}, "banned until 2030-01-02 03:04 UTC: spam")
	f(account.Ban{Until: until.Add(time.Millisecond)}, "banned until 2030-01-02 03:05 UTC")
}

// TestRevocationsSayWhy: what an operator did to an account is told to its sessions, as far as it is known.
func TestRevocationsSayWhy(t *testing.T) {
	f := func(why, want string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, "alice")
			defer h.close()
			alice := h.visit(codec.Native)
			alice.say(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "alice", Password: password})
			h.pass(time.Second)
			h.cabinet.mu.Lock()
			h.cabinet.revoke(h.cabinet.accounts["alice"], why)
			h.cabinet.mu.Unlock()
			if _, err := h.chat.Revoke(t.Context(), 0); err != nil {
				t.Error(err)
			}
			h.pass(time.Minute)
			if got := alice.heard(); !strings.HasSuffix(got, fmt.Sprintf("SystemNotify code=KICKED message=%q", want)) {
				t.Errorf("%s: heard\n%s\nwant %q", why, got, want)
			}
		})
	}
	f(account.WhyPassword, "this account has a new password; log in with it")
	f(account.WhyRemoved, "this account was removed")
	f("banned: spam", "banned: spam") // as earlier releases wrote it
	f("something new", codec.Kicked.Text())
}

// TestRefusalsNameTheWait: whoever comes too soon hears for how long, whichever limit it was, and is let through then.
func TestRefusalsNameTheWait(t *testing.T) {
	const wrong = "wrong password"
	f := func(what string, before, request codec.Message, wait time.Duration, detail, after string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h := newHall(t, "alice")
			defer h.close()
			v := h.visit(codec.Native)
			for range 5 {
				v.say(before)
				h.settle()
			}
			v.hears()
			v.say(request)
			h.settle()
			m, err := codec.Native.Decode(v.Bytes())
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			v.hears()
			_, result := m.(codec.Response).Outcome()
			told := m.(codec.Explainer).Explained()
			if result != codec.RateLimited || told.Detail != detail || told.After() != wait {
				t.Errorf("%s: heard %s; want to wait %s", what, codec.Format(m), wait)
			}
			<-time.After(told.After())
			v.say(request)
			h.pass(time.Second)
			if got := v.heard(); !strings.Contains(got, after) {
				t.Errorf("%s: after %s heard %s", what, told.After(), got)
			}
		})
	}
	guess := &codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "alice", Password: wrong}
	ghost := &codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "nobody", Password: wrong}
	const logins = "too many logins or wrong passwords"
	f("a right password", guess, &codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "alice", Password: password}, time.Second, logins, "SUCCESS")
	f("a wrong one", guess, guess, time.Second, logins, "AUTH_FAILED")
	f("no account", ghost, ghost, time.Second, logins, "AUTH_FAILED")
}

// TestRegistrationsNameTheWait: the sixth account from an address hears when there may be one.
func TestRegistrationsNameTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		defer h.close()
		v := h.visit(codec.Native)
		for i := range 6 {
			v.say(&codec.RegisterRequest{Asked: codec.Asked{Ref: uint32(i + 1)}, User: fmt.Sprint("new", i), Password: password})
			h.settle()
		}
		heard := v.hears()
		want := `RegisterResponse ref=6 result=RATE_LIMITED wait=720000 detail="too many accounts were made from your address"`
		if len(heard) != 6 || heard[5] != want {
			t.Errorf("heard %q\nwant %s", heard, want)
		}
	})
}

// TestRatesNameTheWait: beyond the message rate every answer that has room for it says when there is a token, and there is one
// then.
func TestRatesNameTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := limited(t)
		defer h.close()
		v := h.visit(codec.Native)
		v.say(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "alice"})
		for range 39 {
			v.say(&codec.Ping{})
		}
		h.settle()
		v.hears()
		for _, request := range []codec.Message{
			&codec.BroadcastRequest{Asked: codec.Asked{Ref: 2}, Message: "hi"}, &codec.WhisperRequest{Asked: codec.Asked{Ref: 2}, To: "bob", Message: "hi"},
			&codec.LoginRequest{Asked: codec.Asked{Ref: 2}, User: "bob"}, &codec.RegisterRequest{Asked: codec.Asked{Ref: 2}, User: "bob"},
		} {
			v.say(request)
			h.settle()
			if got := v.heard(); !strings.Contains(got, "ref=2 result=RATE_LIMITED") || !strings.HasSuffix(got, `wait=50 detail=""`) {
				t.Errorf("%s heard %s", codec.Format(request), got)
			}
		}
		v.say(&codec.Ping{})
		h.settle()
		if got := v.heard(); got != `SystemNotify code=RATE_LIMITED message="too many requests in too short a time; again in 1 s"` {
			t.Errorf("a PING heard %s", got)
		}
		<-time.After(50 * time.Millisecond)
		v.say(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 3}, Message: "hi"})
		h.pass(time.Second)
		if got := v.heard(); !strings.Contains(got, "ref=3 result=SUCCESS") {
			t.Errorf("after the wait: heard %s", got)
		}
	})
}
