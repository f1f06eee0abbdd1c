package handler

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/codec"
	"hubbub/session"
)

// visitFrom connects a client from an address.
func (h *hall) visitFrom(address string, d codec.Dialect) *visitor {
	v := &visitor{hall: h, dialect: d}
	v.session, _ = h.lane.Open(v, netip.AddrPortFrom(netip.MustParseAddr(address), 1), session.None, 0)
	v.session.SetEncoding(session.Encoding(d))
	return v
}

// limited is a hall with rates: of a session 20 requests a second, 40 at once, of an address ten times as much.
func limited(t *testing.T, accounts ...string) *hall {
	h := newHall(t, accounts...)
	limits := *h.chat.limits.Load()
	limits.MessageRate, limits.MessageBurst, limits.AddressRate, limits.AddressBurst = 20, 40, 200, 400
	h.chat.SetLimits(limits)
	return h
}

// flood logs in, says as much as is let through, and leaves. It returns how much that was, the login too.
func (h *hall) flood(from string, login *codec.LoginRequest, say codec.Message) (through int) {
	login.Ref = 1
	v := h.visitFrom(from, codec.Native)
	v.say(login)
	h.settle()
	for range 50 {
		v.say(say)
	}
	h.settle()
	for _, m := range v.hears() {
		if !strings.Contains(m, "RATE_LIMITED") {
			through++
		}
	}
	v.leave()
	h.settle()
	return through
}

// TestComingAgainFillsNoBucket: guests that come again and again from one address get no more through than the address's
// rate, whatever they send; others are not concerned.
func TestComingAgainFillsNoBucket(t *testing.T) {
	f := func(what string, say codec.Message, from, other func(i int) string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h := limited(t)
			defer h.close()
			through := 0
			for i := range 100 {
				through += h.flood(from(i), &codec.LoginRequest{User: fmt.Sprint("guest", i)}, say)
			}
			if through != 400 {
				t.Errorf("%s: %d requests were let through at once, want 400", what, through)
			}
			if n := h.flood(other(0), &codec.LoginRequest{User: "neighbour"}, say); n != 40 {
				t.Errorf("%s: from another address %d, want 40", what, n)
			}
			h.pass(time.Second)
			through = 0
			for i := range 100 {
				through += h.flood(from(i), &codec.LoginRequest{User: fmt.Sprint("guest", i)}, say)
			}
			if through < 200 || through > 220 {
				t.Errorf("%s: %d requests were let through in the next second, want 200", what, through)
			}
			h.pass(time.Minute)
			if n := h.chat.rates.addresses.Len(); n > 2 {
				t.Errorf("%s: %d addresses are remembered", what, n)
			}
		})
	}
	one := func(a string) func(int) string { return func(int) string { return a } }
	broadcast, ping := &codec.BroadcastRequest{Message: "hello"}, &codec.Ping{Asked: codec.Asked{Ref: 2}}
	broadcast.Ref = 2
	f("pings", ping, one("192.0.2.1"), one("192.0.2.2"))
	f("logins", &codec.LoginRequest{Asked: codec.Asked{Ref: 2}, User: "again"}, one("192.0.2.1"), one("192.0.2.2"))
	f("a /64", ping, func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) }, one("2001:db8:0:1::1"))
	f("an address in both forms", ping, func(i int) string { return []string{"192.0.2.1", "::ffff:192.0.2.1"}[i%2] }, one("192.0.2.2"))
}

// TestAnAccountHasOneBucket: an account that comes again and again gets no more through than one session, wherever it
// comes from and under whatever name.
func TestAnAccountHasOneBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := limited(t, "alice", "bob")
		defer h.close()
		ping := &codec.Ping{Asked: codec.Asked{Ref: 2}}
		pings := 0
		for i := range 10 {
			before := time.Now()
			pings += h.flood(fmt.Sprint("192.0.2.", i), &codec.LoginRequest{User: "alice", Password: password}, ping) - 1
			if time.Now() != before {
				t.Fatal("time has passed")
			}
		}
		if pings != 40 {
			t.Errorf("%d requests were let through, want 40", pings)
		}
		if n := h.flood("192.0.2.1", &codec.LoginRequest{User: "bob", Password: password}, ping); n != 40 {
			t.Errorf("of another account %d, want 40", n)
		}
		h.pass(time.Minute)
		if n := h.chat.rates.accounts.Len(); n > 2 {
			t.Errorf("%d accounts are remembered", n)
		}
	})
}

// TestAddressRateAlone: an address may have a limit where sessions have none, and none where they have one.
func TestAddressRateAlone(t *testing.T) {
	f := func(rate, addressRate, want int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h := limited(t)
			defer h.close()
			limits := *h.chat.limits.Load()
			limits.MessageRate, limits.AddressRate, limits.AddressBurst = rate, addressRate, 60
			h.chat.SetLimits(limits)
			through := 0
			for i := range 3 {
				through += h.flood("192.0.2.1", &codec.LoginRequest{User: fmt.Sprint("guest", i)}, &codec.Ping{Asked: codec.Asked{Ref: 2}})
			}
			if through != want {
				t.Errorf("%d a second and session, %d an address: %d were let through, want %d", rate, addressRate, through, want)
			}
		})
	}
	f(0, 0, 3*51)
	f(0, 30, 60)
	f(20, 0, 3*40)
	f(20, 30, 60)
}

// TestClassicSendersAreSlowed: what classic clients send beyond the rates, their own and their address's, waits and arrives,
// in order, no faster than the rates let it.
func TestClassicSendersAreSlowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		defer h.close()
		limits := *h.chat.limits.Load()
		limits.MessageRate, limits.MessageBurst, limits.AddressRate, limits.AddressBurst = 20, 40, 30, 60
		h.chat.SetLimits(limits)
		alice := h.visitFrom("192.0.2.1", codec.Native)
		alice.say(&codec.LoginRequest{User: "alice"})
		h.settle()
		var senders []*visitor
		for _, name := range []string{"carol", "dan"} {
			v := h.visitFrom("192.0.2.9", codec.Classic)
			v.say(&codec.LoginReq{Username: name})
			h.pass(10 * time.Second) // which fills the address's bucket again
			senders = append(senders, v)
		}
		alice.hears()
		begun := time.Now()
		const each = 150
		for i := range each {
			for _, v := range senders {
				v.say(&codec.BroadcastReq{Message: fmt.Sprint(i)})
			}
		}
		heard := map[string]int{}
		total, took := 0, time.Duration(0)
		for ; total < 2*each && took < time.Minute; took = time.Since(begun) {
			h.pass(100 * time.Millisecond)
			for _, m := range alice.hears() {
				user := "carol"
				if strings.Contains(m, `user="dan"`) {
					user = "dan"
				}
				if !strings.Contains(m, fmt.Sprintf("message=%q", fmt.Sprint(heard[user]))) {
					t.Fatalf("message %d of %s is %s", heard[user], user, m)
				}
				heard[user]++
				total++
			}
		}
		// 60 at once, and 30 a second from then on.
		if least := 8 * time.Second; total != 2*each || took < least-200*time.Millisecond || took > least+2*time.Second {
			t.Errorf("%v arrived in %v", heard, took)
		}
		for _, v := range senders {
			for _, m := range v.hears() {
				if strings.Contains(m, "server") || v.session.State() != session.Authenticated {
					t.Errorf("a sender is %s and hears %s", v.session.State(), m)
				}
			}
		}
	})
}
