package handler

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/session"
)

// stuckAfter is for how long a database takes nothing when senders hear of it at the latest: twice history's stallAfter, and
// a tick.
const stuckAfter = 11 * time.Second

// slowHall is a hall whose database takes one message at a time from a full queue.
func slowHall(t *testing.T, takes func() time.Duration) *hall {
	h := newHall(t)
	h.chat.Journal().SetQueueBytes(4 * history.MessageBytes)
	h.cabinet.writing = takes
	return h
}

// enter connects a guest who is logged in.
func (h *hall) enter(d codec.Dialect, name string) *visitor {
	v := h.visit(d)
	if d == codec.Classic {
		v.say(&codec.LoginReq{UserID: name, Username: name})
	} else {
		v.say(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: name})
	}
	h.settle()
	v.Reset()
	return v
}

// TestSendersWaitForTheDatabase: a database that is slower than those who send slows them down. Nobody is refused, each has
// its messages kept in order, they take turns, and who sends nothing waits for nobody.
func TestSendersWaitForTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := slowHall(t, func() time.Duration { return 100 * time.Millisecond })
		defer h.close()
		alice, bob, old := h.enter(codec.Native, "alice"), h.enter(codec.Native, "bob"), h.enter(codec.Classic, "old")
		carol := h.enter(codec.Native, "carol")
		const each = 60
		for i := range each {
			alice.say(&codec.BroadcastRequest{Asked: codec.Asked{Ref: uint32(i + 1)}, Message: fmt.Sprint("alice", i)})
			bob.say(&codec.WhisperRequest{Asked: codec.Asked{Ref: uint32(i + 1)}, To: "carol", Message: fmt.Sprint("bob", i)})
			old.say(&codec.BroadcastReq{Message: fmt.Sprint("old", i)})
		}
		h.settle()
		if n := h.chat.Journal().Stats().Waiting; n != 3 {
			t.Errorf("%d senders wait", n)
		}
		carol.say(&codec.Ping{Asked: codec.Asked{Ref: 5}})
		h.settle()
		if heard := carol.hears(); len(heard) == 0 || heard[len(heard)-1] != "Pong ref=5" {
			t.Errorf("carol waits for others: %q", heard)
		}
		alice.say(&codec.LogoutRequest{Asked: codec.Asked{Ref: 1000}}) // comes behind what she said
		h.pass(time.Minute)
		if n := h.chat.Journal().Stats().Waiting; n != 0 {
			t.Errorf("%d senders still wait", n)
		}
		said := map[string][]string{}
		var turns []string
		for _, m := range h.cabinet.posted {
			said[m.From.Name] = append(said[m.From.Name], m.Text)
			turns = append(turns, m.From.Name)
		}
		for _, name := range []string{"alice", "bob", "old"} {
			for i := range each {
				if len(said[name]) != each || said[name][i] != fmt.Sprint(name, i) {
					t.Fatalf("of %s's messages these are kept: %q", name, said[name])
				}
			}
		}
		for i := 12; i+18 < len(turns); i++ { // whoever was first had the empty queue, and is through earlier
			if window := turns[i : i+6]; !slices.Contains(window, "alice") || !slices.Contains(window, "bob") || !slices.Contains(window, "old") {
				t.Errorf("of six messages none is somebody's: %q", window)
			}
		}
		heard := strings.Join(alice.hears(), "\n")
		if n := strings.Count(heard, "BroadcastResponse"); n != each || strings.Contains(heard, "BUSY") || !strings.Contains(heard, "LogoutResponse") {
			t.Errorf("alice hears %d answers:\n%s", n, heard)
		}
	})
}

// TestSendersHearOfAStuckDatabase: when the database takes nothing for long, waiting ends: senders hear SERVER_BUSY, at
// once from then on, until it takes something again.
func TestSendersHearOfAStuckDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := time.Minute
		h := slowHall(t, func() time.Duration { return stuck })
		defer h.close()
		alice, bob := h.enter(codec.Native, "alice"), h.enter(codec.Native, "bob")
		ref := uint32(10)
		say := func(v *visitor) {
			ref++
			v.say(&codec.BroadcastRequest{Asked: codec.Asked{Ref: ref}, Message: "hello"})
			h.settle()
		}
		begun := time.Now()
		for range 20 {
			say(alice)
		}
		bob.hears()
		for len(alice.hears()) == 0 {
			h.pass(100 * time.Millisecond)
		}
		if waited := time.Since(begun); waited < 5*time.Second || waited > stuckAfter {
			t.Errorf("alice hears something after %v", waited)
		}
		busy := func(what string, v *visitor) {
			t.Helper()
			for _, m := range v.hears() {
				if !strings.Contains(m, "result=SERVER_BUSY") {
					t.Errorf("%s: %s", what, m)
				}
			}
		}
		busy("alice", alice)
		bob.hears()
		say(bob)
		if heard := bob.hears(); len(heard) != 1 || !strings.Contains(heard[0], "SERVER_BUSY") {
			t.Errorf("bob hears %q", heard)
		}
		h.cabinet.mu.Lock()
		stuck = 0
		h.cabinet.mu.Unlock()
		h.pass(2 * time.Minute)
		alice.hears()
		bob.hears()
		for range 20 {
			say(bob)
		}
		h.pass(time.Minute)
		heard := strings.Join(bob.hears(), "\n")
		if strings.Count(heard, "result=SUCCESS") != 20 || strings.Contains(heard, "BUSY") {
			t.Errorf("bob hears, once it works again: %s", heard)
		}
	})
}

// TestALateWaiterHearsOfAStuckDatabase: a sender whose worker is held up between finding the queue full and standing in
// line comes there after all others were told that the database is stuck. It hears that as well, though nobody else sends
// anything and the database takes nothing.
func TestALateWaiterHearsOfAStuckDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := slowHall(t, func() time.Duration { return time.Hour })
		defer h.close()
		alice, bob := h.enter(codec.Native, "alice"), h.enter(codec.Native, "bob")
		usual := handlers[codec.TypeBroadcastRequest]
		defer func() { handlers[codec.TypeBroadcastRequest] = usual }()
		held := false
		handlers[codec.TypeBroadcastRequest] = func(worker *turn, m codec.Message) error {
			err := usual(worker, m)
			if worker.session == bob.session && !held {
				var full *session.Full
				if held = true; !errors.As(err, &full) {
					t.Fatalf("bob finds %v, not a full queue", err)
				}
				h.pass(2 * stuckAfter)
			}
			return err
		}
		for ref := range uint32(20) {
			alice.say(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 10 + ref}, Message: "hello"})
		}
		h.settle()
		bob.Reset()
		bob.say(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 99}, Message: "me too"})
		h.settle()
		if heard := alice.hears(); !held || len(heard) == 0 || !strings.Contains(heard[len(heard)-1], "SERVER_BUSY") {
			t.Fatalf("alice hears %q", heard)
		}
		if heard := strings.Join(bob.hears(), "\n"); !strings.Contains(heard, "BroadcastResponse ref=99 result=SERVER_BUSY") {
			t.Errorf("bob hears %q", heard)
		}
		if n := h.chat.Journal().Stats().Waiting; n != 0 {
			t.Errorf("%d senders wait for a database of which they know that it is stuck", n)
		}
	})
}

// TestSendersWaitAgainAfterAStuckDatabase: a database that took nothing and takes something again, however slowly, slows
// senders as before: nobody is refused because of what was.
func TestSendersWaitAgainAfterAStuckDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		takes := time.Minute
		h := slowHall(t, func() time.Duration { return takes })
		defer h.close()
		alice := h.enter(codec.Native, "alice")
		const burst = 20
		say := func(from uint32) {
			for ref := range uint32(burst) {
				alice.say(&codec.BroadcastRequest{Asked: codec.Asked{Ref: from + ref}, Message: "hello"})
			}
			h.settle()
		}
		say(100)
		h.pass(2 * stuckAfter)
		if heard := strings.Join(alice.hears(), "\n"); !strings.Contains(heard, "SERVER_BUSY") {
			t.Fatalf("alice hears, while it is stuck, %q", heard)
		}
		h.cabinet.mu.Lock()
		takes = 100 * time.Millisecond
		h.cabinet.mu.Unlock()
		h.pass(2 * time.Minute) // everything that waited is kept
		alice.hears()
		say(200)
		if n := h.chat.Journal().Stats().Waiting; n != 1 {
			t.Errorf("%d senders wait for the slow database", n)
		}
		h.pass(time.Minute)
		heard := strings.Join(alice.hears(), "\n")
		if n := strings.Count(heard, "result=SUCCESS"); n != burst || strings.Contains(heard, "BUSY") {
			t.Errorf("%d of %d messages are kept once it takes something again:\n%s", n, burst, heard)
		}
	})
}

// TestTheEndOfAWaitingSender: a client that goes or is kicked while it waits costs the others neither a message nor the
// room that was kept for it.
func TestTheEndOfAWaitingSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := slowHall(t, func() time.Duration { return 100 * time.Millisecond })
		defer h.close()
		var senders []*visitor
		for i := range 12 {
			v := h.enter(codec.Native, fmt.Sprint("s", i))
			senders = append(senders, v)
			for n := range 10 {
				v.say(&codec.BroadcastRequest{Asked: codec.Asked{Ref: uint32(n + 1)}, Message: fmt.Sprint(n)})
			}
		}
		h.settle()
		for i, v := range senders {
			switch i % 3 {
			case 0:
				v.leave()
			case 1:
				v.session.Ref().End(session.Kicked, "")
			}
		}
		h.pass(2 * time.Minute)
		if n := h.chat.Journal().Stats(); n.Waiting != 0 || n.Queued != 0 {
			t.Errorf("%+v", n)
		}
		for i, v := range senders {
			if heard := strings.Join(v.hears(), "\n"); i%3 == 2 && strings.Count(heard, "BroadcastResponse") != 10 {
				t.Errorf("%d hears %s", i, heard)
			}
		}
		if n := h.chat.Hub.Open(); n != 8 { // those who were kicked have not closed their ends
			t.Errorf("%d sessions are open", n)
		}
	})
}

// TestOverloadedWithoutAPause: where a socket can't be paused, a client that sends more than may wait hears why it is closed.
func TestOverloadedWithoutAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		defer h.close()
		v := h.enter(codec.Native, "alice")
		v.unpausable = true
		packets := codec.Native.Append(nil, &codec.BroadcastRequest{Message: strings.Repeat("x", 1000)})
		for range 1<<20/len(packets) + 1 {
			h.chat.Receive(v.session, &arrival{packets, packets})
		}
		h.settle()
		heard := v.hears()
		if len(heard) == 0 || !strings.HasPrefix(heard[len(heard)-1], "SystemNotify code=SERVER_BUSY") || v.session.Reason() != session.Overloaded {
			t.Errorf("alice hears %q and ends for %s", heard, v.session.Reason())
		}
	})
}
