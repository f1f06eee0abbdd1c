package handler

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/codec"
)

// TestMailWaitsForTheClassic: a classic client whose connection breaks before it has read the whispers that waited for it
// gets them at its next login.
func TestMailWaitsForTheClassic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, "bob")
		defer h.close()
		v := h.visit(codec.Native)
		v.say(&codec.LoginRequest{User: "alice"})
		h.settle()
		v.say(&codec.WhisperRequest{To: "bob", Message: "are you there?"})
		h.pass(time.Second)
		for range 2 {
			bob := h.visit(codec.Classic)
			bob.stuck = true
			bob.say(&codec.LoginReq{UserID: "bob", Username: "bob", Password: password})
			h.pass(time.Second)
			bob.leave()
			h.pass(time.Second)
			if bob.reads(); !strings.Contains(bob.String(), "are you there?") {
				t.Fatalf("bob was sent %q", bob.hears())
			}
		}
	})
}

// TestReplayEndsWithItsConnection: for a connection that is gone nothing more is read from the database.
func TestReplayEndsWithItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		defer h.close()
		v := h.visit(codec.Native)
		v.say(&codec.LoginRequest{User: "alice"})
		for range 20 * replayPage {
			v.say(&codec.BroadcastRequest{Message: "hello"})
		}
		h.pass(time.Second)
		queries := 0
		h.cabinet.mu.Lock()
		h.cabinet.reading = func() time.Duration { queries++; return time.Millisecond }
		h.cabinet.mu.Unlock()
		guest := h.visit(codec.Native)
		guest.stuck = true
		guest.say(&codec.LoginRequest{User: "guest", Since: 1})
		h.pass(time.Second)
		before := queries
		guest.leave()
		h.pass(time.Minute)
		if before == 0 || queries > before+1 {
			t.Errorf("%d queries before the end of the connection, then %d", before, queries-before)
		}
		if names := h.chat.Hub.Names(); names != 1 {
			t.Errorf("%d names are taken", names)
		}
	})
}
