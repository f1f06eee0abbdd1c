package handler

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/codec"
	"hubbub/handler/history"
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

// TestGapDuringReplay: what retention removes between two parts of a replay is told, exactly, in its place.
func TestGapDuringReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		defer h.close()
		for id := codec.ID(1); id <= 20*replayPage; id++ {
			h.cabinet.messages = append(h.cabinet.messages, history.Message{ID: id, From: history.Party{Name: "ghost"}, Text: "hello"})
		}
		h.chat.tick.Store(20*replayPage + 1)
		guest := h.visit(codec.Native)
		guest.stuck = true
		guest.say(&codec.LoginRequest{User: "guest", Since: 1})
		h.pass(time.Second)
		h.cabinet.prune(300)
		guest.reads()
		h.pass(time.Second)
		h.cabinet.prune(0) // when it has them all
		h.pass(time.Minute)
		var got []codec.ID
		var gaps []codec.GapNotify
		for run := guest.Bytes(); len(run) > 0; {
			var packet []byte
			packet, run = codec.Native.Cut(run)
			m, err := codec.Native.Decode(packet)
			if err != nil {
				t.Fatal(err)
			}
			switch m := m.(type) {
			case *codec.BroadcastNotify:
				got = append(got, m.ID)
			case *codec.GapNotify:
				if len(got) == 0 || m.After != got[len(got)-1] {
					t.Errorf("behind %d messages comes a gap after %d", len(got), m.After)
				}
				gaps = append(gaps, *m)
			}
		}
		if want := codec.ID(20*replayPage - 300); len(gaps) != 1 || gaps[0].Upto != want {
			t.Fatalf("the gaps are %+v, want one up to %d", gaps, want)
		}
		if n := int(gaps[0].After) - 1 + 300; len(got) != n || got[n-1] != 20*replayPage {
			t.Errorf("got %d messages, want %d", len(got), n)
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

// TestWhispersDuringReplay: of a whisper to somebody who is just coming in, SUCCESS means that it arrives: an account's
// at its next login if not at this one, and a guest is there only once the replay is over.
func TestWhispersDuringReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, "bob")
		defer h.close()
		v, bob, guest := h.visit(codec.Native), h.visit(codec.Native), h.visit(codec.Native)
		v.say(&codec.LoginRequest{User: "alice"}, &codec.BroadcastRequest{Message: "hello"})
		h.pass(time.Second)
		h.cabinet.mu.Lock()
		h.cabinet.reading = func() time.Duration { return time.Second }
		h.cabinet.mu.Unlock()
		bob.say(&codec.LoginRequest{User: "bob", Password: password})
		guest.say(&codec.LoginRequest{User: "guest", Since: 1})
		for bob.Len() == 0 || guest.Len() == 0 {
			h.pass(100 * time.Millisecond)
		}
		v.hears()
		v.say(&codec.WhisperRequest{Asked: codec.Asked{Ref: 1}, To: "bob", Message: "to bob"},
			&codec.WhisperRequest{Asked: codec.Asked{Ref: 2}, To: "guest", Message: "to guest"})
		h.settle()
		bob.leave()
		h.pass(time.Minute)
		arrived := strings.Contains(strings.Join(guest.hears(), " "), "to guest")
		heard := v.hears()
		if refused := slices.Contains(heard, "WhisperResponse ref=2 result=USER_NOT_FOUND id=0"); refused == arrived {
			t.Errorf("alice heard %q; the whisper to the guest arrived: %v", heard, arrived)
		}
		again := h.visit(codec.Native)
		again.say(&codec.LoginRequest{User: "bob", Password: password})
		h.pass(time.Minute)
		if got := again.hears(); !strings.Contains(strings.Join(got, " "), "to bob") {
			t.Errorf("alice heard %q; bob got %q", heard, got)
		}
	})
}

// TestSinceFromElsewhere: who has seen messages that this server does not know yet, because its database is an older
// one or another, misses nothing that is said while the replay looks for more of them.
func TestSinceFromElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, "bob")
		defer h.close()
		h.cabinet.reading = func() time.Duration { return time.Second }
		v, bob := h.visit(codec.Native), h.visit(codec.Native)
		v.say(&codec.LoginRequest{User: "alice"})
		h.pass(2 * time.Second)
		bob.say(&codec.LoginRequest{User: "bob", Password: password, Since: 1 << 63})
		for bob.Len() == 0 {
			h.pass(100 * time.Millisecond)
		}
		v.say(&codec.BroadcastRequest{Message: "hello"}, &codec.WhisperRequest{To: "bob", Message: "psst"})
		h.pass(time.Minute)
		got := strings.Join(bob.hears(), " ")
		if strings.Count(got, "hello") != 1 || strings.Count(got, "psst") != 1 {
			t.Errorf("bob got %s", got)
		}
	})
}
