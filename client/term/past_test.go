package term

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/client"
	"hubbub/codec"
)

// What was missed stands between two rules, of which the first counts it; a gap is told before.
func TestMissedOnScreen(t *testing.T) {
	s := newScreen(t, 72, 19)
	s.transcript.clear()
	old := s.id()
	s.time = s.time.Add(24 * time.Hour)
	s.Update(eventsMsg{
		client.Reconnected{User: "alice"},
		client.Gap{Since: 1, Upto: old},
		client.Message{ID: old, User: "bob", Text: "one", Replayed: true},
		client.Whisper{ID: old, User: "carol", Text: "two", Replayed: true},
	})
	s.shows(`
12:00            • │ Connected again as alice. What was said in between
                   │ may be missing, unless it follows.
                 • │ Messages up to 12:00 on 9 October 2026 are no
                   │ longer kept by the server.
──────────────────── 2 messages while you were away ────────────────────
──────────────────────── Friday, 9 October 2026 ────────────────────────
12:00          bob │ one
       carol → you ┃ two
────────────────────────────────────────────────────────────────────────
› Say something, or /help
● alice   127.0.0.1:9000   1.2 ms                                  /help
`)
	s.Update(eventsMsg{
		client.Message{ID: old, User: "bob", Text: "three", Replayed: true},
		client.Message{ID: s.id(), User: "bob", Text: "four"},
		client.Message{ID: s.id(), User: "bob", Text: "five"},
	})
	s.shows(`
12:00            • │ Connected again as alice. What was said in between
                   │ may be missing, unless it follows.
                 • │ Messages up to 12:00 on 9 October 2026 are no
                   │ longer kept by the server.
──────────────────── 3 messages while you were away ────────────────────
──────────────────────── Friday, 9 October 2026 ────────────────────────
12:00          bob │ one
       carol → you ┃ two
               bob │ three
────────────────────── Saturday, 10 October 2026 ───────────────────────
───────────────────────────────── now ──────────────────────────────────
12:00          bob │ four
               bob │ five
────────────────────────────────────────────────────────────────────────
› Say something, or /help
● alice   127.0.0.1:9000   1.2 ms                                  /help
`)
	// What the user says himself ends it too, and the next time it counts anew.
	s.transcript.clear()
	s.Update(eventsMsg{client.Message{ID: s.id(), User: "bob", Text: "six", Replayed: true}})
	s.enter("hi")
	s.shows(`
──────────────────── 1 message while you were away ─────────────────────
12:00          bob │ six
───────────────────────────────── now ──────────────────────────────────
12:00        alice │ hi
────────────────────────────────────────────────────────────────────────
› Say something, or /help
● alice   127.0.0.1:9000   1.2 ms                                  /help
`)
}

// Whatever comes below what was missed ends it, and what is missed after that is counted anew.
func TestMissedEnds(t *testing.T) {
	s := newScreen(t, 40, 18)
	missed := func() {
		s.Update(eventsMsg{client.Message{ID: s.id(), User: "bob", Text: "hi", Replayed: true}})
	}
	missed()
	s.enter("/clear")
	missed()
	s.Update(eventsMsg{client.Notice{Code: codec.ServerBusy, Text: "busy"}})
	missed()
	missed()
	s.Update(pastMsg{action{verb: history, count: 1}, []client.HistoryMessage{{ID: s.id(), User: "bob", Text: "hi"}}, nil})
	s.shows(`
──── 1 message while you were away ─────
12:00 ├ bob: hi
───────────────── now ──────────────────
12:00 ├ • the server says: busy
──── 2 messages while you were away ────
12:00 ├ bob: hi
      ├ bob: hi
───────────────── now ──────────────────
──────── 1 message of the past ─────────
12:00 ├ bob: hi
───────────────── now ──────────────────
────────────────────────────────────────
› Say something, or /help
● alice   127.0.0.1:9000   1.2 ms
`)
}

func TestHistoryOnScreen(t *testing.T) {
	s := newScreen(t, 72, 24)
	var fetched []action
	s.fetch = func(a action) tea.Cmd {
		fetched = append(fetched, a)
		return nil
	}
	s.enter("/history 3")
	s.enter("/history bob")
	if want := []action{{verb: history, count: 3}, {verb: history, to: "bob", count: pastDefault}}; len(fetched) != 2 ||
		fetched[0] != want[0] || fetched[1] != want[1] {
		t.Fatalf("it asked for %+v, want %+v", fetched, want)
	}
	s.transcript.clear()
	s.Update(pastMsg{fetched[0], []client.HistoryMessage{
		{ID: s.id(), User: "bob", Text: "al\x1bice"}, {ID: s.id(), User: "bob", Text: "alice: hi"}, {ID: s.id(), User: "alice", Text: "ho, I am alice"},
	}, nil})
	s.Update(pastMsg{fetched[1], []client.HistoryMessage{
		{ID: s.id(), User: "bob", Text: "psst"}, {ID: s.id(), User: "alice", Text: "what?"},
	}, nil})
	s.Update(pastMsg{fetched[0], nil, nil})
	s.Update(pastMsg{fetched[1], nil, errNoHistory})
	s.shows(`
──────────────────────── 3 messages of the past ────────────────────────
12:00          bob │ al�ice
               bob ┃ alice: hi
             alice │ ho, I am alice
───────────────────────────────── now ──────────────────────────────────
───────────────────────── 2 whispers with bob ──────────────────────────
12:00    bob → you ┃ psst
         you → bob ┃ what?
───────────────────────────────── now ──────────────────────────────────
12:00            • │ The server remembers nothing of that.
                 ✗ │ The server keeps no history, or does not show you
                   │ this one
────────────────────────────────────────────────────────────────────────
› Say something, or /help
● alice   127.0.0.1:9000   1.2 ms                                  /help
`)
	if s.transcript.scroll(1); s.transcript.unread != 0 {
		t.Error("the test needs a transcript that fits")
	}
	s.Update(tea.WindowSizeMsg{Width: 72, Height: 9})
	s.transcript.scroll(3)
	s.Update(pastMsg{fetched[0], []client.HistoryMessage{{ID: s.id(), User: "bob", Text: "hi"}}, nil})
	if s.transcript.unread != 0 {
		t.Errorf("%d messages of the past are new", s.transcript.unread)
	}
}

// A script knows what is not live by its date.
func TestMissedInLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script{gap: codec.MakeID(codec.TickAt(noon), 0)}
		<-time.After(time.Until(noon))
		options := s.options()
		options.Since = 1
		r := runLines(t, "chat", options, time.Minute)
		s.say(&codec.BroadcastNotify{ID: s.gap + 1, User: "bob", Message: "one", Flags: codec.Replayed})
		s.say(&codec.WhisperNotify{ID: s.gap + 2, User: "bob", Message: "two", Flags: codec.Replayed})
		s.say(&codec.WhisperNotify{ID: s.gap + 3, User: "bob", Message: "three"})
		if err := r.end(""); err != nil {
			t.Error(err)
		}
		at := noon.Local().Format("15:04:05")
		day := noon.Local().Format("2006-01-02 ")
		r.wants(t, day+at+" bob: one\n"+day+at+" bob whispers: two\n"+at+" bob whispers: three\n",
			"messages up to "+noon.Local().Format("15:04 on 2 January 2006")+" are no longer kept by the server\n")
	})
	synctest.Test(t, func(t *testing.T) { // in 2000, when the id's time can't be right
		s := script{gap: codec.MakeID(codec.TickAt(noon), 0)}
		options := s.options()
		options.Since = 1
		r := runLines(t, "chat", options, time.Minute)
		at := time.Now().Add(-time.Hour)
		s.say(&codec.BroadcastNotify{ID: s.gap + 1, User: "bob", Message: "one", At: uint64(at.UnixMilli())})
		if err := r.end(""); err != nil {
			t.Error(err)
		}
		r.wants(t, at.Local().Format("15:04:05")+" bob: one\n", "some messages are no longer kept by the server\n")
	})
}

func TestHistoryInLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script{past: 250, busy: 1}
		r := runLines(t, "chat", s.options(), 0)
		if err := r.end("/history 2\n/history bob 1\n/history 101\n"); err != nil {
			t.Error(err)
		}
		lines := strings.Split(strings.TrimSpace(r.out.String()), "\n")
		day := noon.Local().Format("2006-01-02 15:04:05 ")
		if len(lines) != 2+1+101 {
			t.Fatalf("got %d lines", len(lines))
		}
		for at, want := range map[int]string{0: "bob: 249", 1: "bob: 250", 2: "bob whispers: 250", 3: "bob: 150", 103: "bob: 250"} {
			if lines[at] != day+want {
				t.Errorf("line %d is %q, want %q", at, lines[at], day+want)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) { // it waits for the next connection
		s := script{past: 1}
		options := s.options()
		options.Reconnect = true
		r := runLines(t, "chat", options, 0)
		if err := r.end("die\n/history 1\n"); !errors.Is(err, errUndone) || strings.Contains(r.err.String(), "line 2") {
			t.Errorf("got %v and\n%s", err, r.err.String())
		}
		if want := noon.Local().Format("2006-01-02 15:04:05 ") + "bob: 1\n"; r.out.String() != want {
			t.Errorf("got %q, want %q", r.out.String(), want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var s script
		r := runLines(t, "chat", s.options(), 0)
		if err := r.end("/history\n/register\n/passwd\n"); !errors.Is(err, errUndone) {
			t.Errorf("got %v, want %v", err, errUndone)
		}
		r.wants(t, "", "line 1: the server keeps no history, or does not show you this one\n"+
			"line 2: /register is for people; a script runs hubbub chat --register with HUBBUB_PASSWORD set\n"+
			"line 3: /passwd is for a chat that fills the screen, where nobody sees the password; an operator's hubbub user passwd sets one too\n")
	})
}

// A screen that opens shows what was said before and how many are there; what came meanwhile is not shown twice.
func TestOpening(t *testing.T) {
	s := newScreen(t, 80, 14)
	s.model = newModel(s.addr, "alice", 3, s.now)
	s.listen = func() tea.Msg { return nil }
	s.rtt = func() time.Duration { return time.Millisecond }
	s.limits = func() client.Limits { return client.Limits{} }
	s.Update(tea.WindowSizeMsg{Width: 80, Height: 14})
	first, second, third := s.id(), s.id()+1, s.id()+2
	_, next := s.Update(openedMsg{action: action{verb: history, count: pastDefault}, messages: []client.HistoryMessage{
		{ID: first, User: "bob", Text: "good morning"}, {ID: second, User: "alice", Text: "is alice here?"},
	}})
	if next == nil {
		t.Fatal("nothing waits for what is live")
	}
	s.Update(eventsMsg{client.Message{ID: second, User: "bob", Text: "twice"}, client.Message{ID: third, User: "bob", Text: "live"}})
	s.shows(`
12:00            • │ You are alice at 127.0.0.1:9000, and 2 others are online.
                   │ What you type goes to everybody who is here; /help tells
                   │ more.
──────────────────────────── 2 messages of the past ────────────────────────────
12:00          bob │ good morning
             alice │ is alice here?
───────────────────────────────────── now ──────────────────────────────────────
12:00          bob │ live
────────────────────────────────────────────────────────────────────────────────
› Say something, or /help
● alice   127.0.0.1:9000   1.0 ms                                          /help
`)
	if !slices.Equal(s.names, []string{"bob"}) {
		t.Errorf("the names are %v", s.names)
	}
}

func TestOpeningWithoutHistory(t *testing.T) {
	f := func(err error, lines int) {
		t.Helper()
		s := newScreen(t, 80, 14)
		before := s.transcript.total
		if _, next := s.Update(openedMsg{err: err}); next == nil {
			t.Errorf("%v: nothing waits for what is live", err)
		}
		if got := s.transcript.total - before; got != lines {
			t.Errorf("%v takes %d lines", err, got)
		}
	}
	f(nil, 0)
	f(errNoHistory, 0)
	f(codec.ServerBusy, 2)
	f(context.DeadlineExceeded, 2)
}

func TestCompany(t *testing.T) {
	for online, want := range map[int]string{0: "", 1: ", and nobody else is online", 2: ", and 1 other is online", 1235: ", and 1,234 others are online"} {
		if got := company(online); got != want {
			t.Errorf("%d: %q, want %q", online, got, want)
		}
	}
}
