package client_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"hubbub/client"
	"hubbub/codec"
)

// What was missed comes after a reconnect, marked, once, and behind the gap that it has.
func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		c, p := n.welcome(client.Options{Reconnect: true})
		p.send(`BroadcastNotify id=5 user="bob" message="one"`)
		if got, want := event[client.Message](t, c), (client.Message{ID: 5, User: "bob", Text: "one"}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		p.conn.Close()
		event[client.Disconnected](t, c)
		p = <-n.peers
		p.want(`LoginRequest ref=1 user="alice" password="" caps=0 since=5`)
		// Some of it may even come before the answer.
		p.send(`BroadcastNotify id=8 user="bob" message="three" flags=1`, granted+` gap=7`,
			`BroadcastNotify id=5 user="bob" message="one" flags=1`,
			`WhisperNotify id=9 user="bob" message="four" flags=1`,
			`WhisperNotify id=9 user="bob" message="four" flags=1`,
			`BroadcastNotify id=10 user="bob" message="five"`)
		event[client.Reconnected](t, c)
		if got, want := event[client.Gap](t, c), (client.Gap{Since: 5, Upto: 7}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got, want := event[client.Message](t, c), (client.Message{ID: 8, User: "bob", Text: "three", Replayed: true}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got, want := event[client.Whisper](t, c), (client.Whisper{ID: 9, User: "bob", Text: "four", Replayed: true}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got, want := event[client.Message](t, c), (client.Message{ID: 10, User: "bob", Text: "five"}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if c.Duplicates() != 2 || c.LastSeen() != 10 {
			t.Errorf("%d duplicates, last seen %d; want 2 and 10", c.Duplicates(), c.LastSeen())
		}
	})
}

// A gap is told once, however often the server finds it, and only to a program that knows what came before it.
func TestGapIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		c, p, err := n.login(client.Options{Reconnect: true, Since: 3}, granted+` gap=7`)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := event[client.Gap](t, c), (client.Gap{Since: 3, Upto: 7}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		for _, gap := range []codec.ID{7, 7, 9} {
			p.conn.Close()
			event[client.Disconnected](t, c)
			p = <-n.peers
			p.admit(fmt.Sprintf("%s gap=%d", granted, gap))
			event[client.Reconnected](t, c)
		}
		if got, want := event[client.Gap](t, c), (client.Gap{Since: 3, Upto: 9}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c, p, err := newNetwork(t).login(client.Options{}, granted+` gap=7`)
		if err != nil {
			t.Fatal(err)
		}
		p.send(`BroadcastNotify id=8 user="bob" message="hi"`)
		event[client.Message](t, c)
	})
}

// What the server removes while it sends the rest again is told in its place, once, to whoever asked for what came before.
func TestGapWhileReplaying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		c, p, err := n.login(client.Options{Reconnect: true, Since: 3}, granted)
		if err != nil {
			t.Fatal(err)
		}
		p.send(`BroadcastNotify id=4 user="bob" message="one" flags=1`, `GapNotify after=4 upto=7`, `GapNotify after=4 upto=7`,
			`BroadcastNotify id=8 user="bob" message="two" flags=1 at=1767268800000`)
		event[client.Message](t, c)
		if got, want := event[client.Gap](t, c), (client.Gap{Since: 4, Upto: 7}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		at := time.UnixMilli(1767268800000).UTC()
		got, want := event[client.Message](t, c), client.Message{ID: 8, User: "bob", Text: "two", Replayed: true, At: at}
		if got != want || !got.Time().Equal(at) {
			t.Errorf("got %+v of %v, want %+v", got, got.Time(), want)
		}
	})
}

// Whatever overlap the server sends again, on whichever connection, the program sees each message once, in the order in
// which they first came. Ids need not grow.
func TestEachMessageOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		ids := rapid.SliceOfN(rapid.Uint64Range(1, 40), 0, 30)
		connections := rapid.SliceOfN(ids, 1, 5).Draw(r, "connections")
		var want []codec.ID
		total := 0
		for _, ids := range connections {
			total += len(ids)
			for _, id := range ids {
				if !slices.Contains(want, codec.ID(id)) {
					want = append(want, codec.ID(id))
				}
			}
		}
		got, duplicates := receive(t, connections)
		if !slices.Equal(got, want) {
			r.Errorf("got %d, want %d", got, want)
		}
		if duplicates != total-len(want) {
			r.Errorf("%d duplicates, want %d", duplicates, total-len(want))
		}
	})
}

// receive lets a server send messages with these ids on one connection after another, and returns those that a program
// sees.
func receive(t *testing.T, connections [][]uint64) (got []codec.ID, duplicates int) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		c, p := n.welcome(client.Options{Reconnect: true})
		go func() {
			for i, ids := range connections {
				if i > 0 {
					p = <-n.peers
					p.admit(granted)
				}
				for _, id := range ids {
					kind := []string{"Broadcast", "Whisper"}[id%2]
					p.send(fmt.Sprintf(`%sNotify id=%d user="bob" message="hi"`, kind, id))
				}
				if i == len(connections)-1 {
					p.send(`SystemNotify code=KICKED message="enough"`)
				}
				p.conn.Close()
			}
		}()
		for e := range c.Events() {
			switch e := e.(type) {
			case client.Message:
				got = append(got, e.ID)
			case client.Whisper:
				got = append(got, e.ID)
			}
		}
		duplicates = c.Duplicates()
	})
	return got, duplicates
}

// What is remembered of a long session is bounded: the last 8192 messages.
func TestSeenIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bound = 8192
		c, p := newNetwork(t).welcome(client.Options{EventBuffer: 2 * bound})
		send := func(id int) { p.send(fmt.Sprintf(`BroadcastNotify id=%d user="bob" message="hi"`, id)) }
		for id := range bound + 2 {
			send(id + 1)
		}
		send(3)         // the oldest that is known
		send(bound + 1) // not the newest either
		send(1)         // forgotten
		send(2)
		for id := range bound + 2 {
			if got := event[client.Message](t, c).ID; got != codec.ID(id+1) {
				t.Fatalf("got %d, want %d", got, id+1)
			}
		}
		for _, want := range []codec.ID{1, 2} {
			if got := event[client.Message](t, c).ID; got != want {
				t.Errorf("got %d, want %d", got, want)
			}
		}
		if c.LastSeen() != bound+2 {
			t.Errorf("last seen %d, want %d", c.LastSeen(), bound+2)
		}
	})
}

// A client that has seen nothing yet begins from the newest message before its first login; one that has seen something
// is not taken further by what the server says before it sends that.
func TestReplayBeforeTheFirstMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		c, p, err := n.login(client.Options{Reconnect: true}, granted+` latest=5`)
		if err != nil {
			t.Fatal(err)
		}
		for _, latest := range []codec.ID{8, 9} {
			p.conn.Close()
			event[client.Disconnected](t, c)
			p = <-n.peers
			p.want(`LoginRequest ref=1 user="alice" password="" caps=0 since=5`)
			p.send(fmt.Sprintf("%s latest=%d", granted, latest))
			event[client.Reconnected](t, c)
		}
		p.send(`WhisperNotify id=4 user="bob" message="it waited" flags=1`, `BroadcastNotify id=6 user="bob" message="hi" flags=1`)
		event[client.Whisper](t, c)
		event[client.Message](t, c)
		p.conn.Close()
		event[client.Disconnected](t, c)
		p = <-n.peers
		p.want(`LoginRequest ref=1 user="alice" password="" caps=0 since=6`)
		p.send(granted)
		event[client.Reconnected](t, c)
	})
}
