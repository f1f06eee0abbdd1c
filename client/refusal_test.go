package client_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/client"
	"hubbub/codec"
)

// TestRefusalsTellMore: an error has what the server told beside its code, whichever request it was.
func TestRefusalsTellMore(t *testing.T) {
	f := func(what string, err error, text string, wait time.Duration, detail string) {
		t.Helper()
		var refusal *client.Error
		if !errors.As(err, &refusal) || err.Error() != text || refusal.Wait != wait || refusal.Detail != detail {
			t.Errorf("%s: got %v with %+v\nwant %s", what, err, refusal, text)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		const ban = "banned until 2026-11-28 14:00 UTC: spam"
		n := newNetwork(t)
		_, _, err := n.login(client.Options{}, `LoginResponse ref=1 result=PERMISSION_DENIED wait=0 detail="`+ban+`"`)
		f("a ban", err, "client: log in as alice: "+ban+" (PERMISSION_DENIED)", 0, ban)
		_, _, err = n.login(client.Options{}, `LoginResponse ref=1 result=RATE_LIMITED wait=7001 detail="too many logins"`)
		f("a throttled login", err, "client: log in as alice: too many logins; again in 8 s (RATE_LIMITED)", 7001*time.Millisecond, "too many logins")
		c, p := n.welcome(client.Options{})
		go func() {
			p.answer(`RegisterRequest ref=1 user="alice" password="correct horse"`, `RegisterResponse ref=1 result=RATE_LIMITED wait=720000 detail=""`)
			p.answer(`BroadcastRequest ref=2 message="hi"`, `BroadcastResponse ref=2 result=RATE_LIMITED wait=50 detail=""`)
			p.answer(`WhisperRequest ref=3 to="bob" message="hi"`, `WhisperResponse ref=3 result=USER_NOT_FOUND`)
			p.answer(`BroadcastRequest ref=0 message="hi"`, `BroadcastResponse ref=0 result=RATE_LIMITED wait=50 detail=""`)
		}()
		f("a registration", c.Register(t.Context(), "correct horse"),
			"client: register alice: too many requests in too short a time; again in 12 min (RATE_LIMITED)", 12*time.Minute, "")
		_, err = c.Broadcast(t.Context(), "hi")
		f("a broadcast", err, "client: broadcast: too many requests in too short a time; again in 1 s (RATE_LIMITED)", 50*time.Millisecond, "")
		_, err = c.Whisper(t.Context(), "bob", "hi")
		f("a server that says no more", err, "client: whisper to bob: nobody of this name is logged in (USER_NOT_FOUND)", 0, "")
		if err := c.SendBroadcast(t.Context(), "hi"); err != nil {
			t.Error(err)
		}
		if got := event[client.Refused](t, c); got != (client.Refused{Op: "broadcast", Code: codec.RateLimited, Wait: 50 * time.Millisecond}) {
			t.Errorf("got %+v", got)
		}
	})
}

// TestReloginWaits: a login that is refused for a time is tried again after it, and not before; a server that asks for an
// hour is not waited for so long.
func TestReloginWaits(t *testing.T) {
	f := func(answer string, least, most time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t)
			c, p := n.welcome(client.Options{Reconnect: true})
			p.conn.Close()
			event[client.Disconnected](t, c)
			p = <-n.peers
			p.admit(answer)
			begun := time.Now()
			if d := event[client.Disconnected](t, c); d.Retry < least || d.Retry > most {
				t.Errorf("%s: it tells of the next attempt in %s", answer, d.Retry)
			}
			p = <-n.peers
			if took := time.Since(begun); took < least || took > most {
				t.Errorf("%s: it came again after %s", answer, took)
			}
			p.admit(granted)
			event[client.Reconnected](t, c)
		})
	}
	f(`LoginResponse ref=1 result=RATE_LIMITED`, 0, 2*time.Second)
	f(`LoginResponse ref=1 result=RATE_LIMITED wait=90000 detail=""`, 90*time.Second, 90*time.Second)
	f(`LoginResponse ref=1 result=RATE_LIMITED wait=3600000 detail=""`, 5*time.Minute, 5*time.Minute)
}
