package term

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/client"
	"hubbub/codec"
)

var escapes = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// strip removes colours. Any other escape sequence stays and makes the test fail.
func strip(s string) string { return escapes.ReplaceAllString(s, "") }

// screen is a model under test whose clock and connection are the test's.
type screen struct {
	*model
	t    *testing.T
	sent []action
	time time.Time
}

func newScreen(t *testing.T, width, height int) *screen {
	s := &screen{t: t, time: time.Date(2026, time.October, 9, 12, 0, 0, 0, time.Local)}
	s.model = newModel("127.0.0.1:9000", "alice", 0, func() time.Time { return s.time })
	s.rtt = func() time.Duration { return 1234 * time.Microsecond }
	s.limits = func() client.Limits { return client.Limits{MessageBytes: 1024, PacketBytes: 4096} }
	s.listen = func() tea.Msg { return nil }
	s.send = func(a action) tea.Cmd {
		s.sent = append(s.sent, a)
		return nil
	}
	s.Update(tea.WindowSizeMsg{Width: width, Height: height})
	return s
}

func (s *screen) keys(keys ...tea.KeyPressMsg) {
	for _, key := range keys {
		s.Update(key)
	}
}

func (s *screen) enter(line string) {
	for _, r := range line {
		s.keys(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	s.keys(tea.KeyPressMsg{Code: tea.KeyEnter})
}

// id is a message id of the screen's time.
func (s *screen) id() codec.ID { return codec.MakeID(codec.TickAt(s.time), 0) }

// shows compares the screen, without colours and spaces at the ends of lines.
func (s *screen) shows(want string) {
	s.t.Helper()
	lines := strings.Split(strip(s.View().Content), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	got := strings.Join(lines, "\n")
	if want = strings.Trim(want, "\n"); strings.TrimLeft(got, "\n") != want {
		s.t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(lines) != s.height {
		s.t.Errorf("%d lines on a screen of %d", len(lines), s.height)
	}
}

func TestScreen(t *testing.T) {
	s := newScreen(t, 72, 16)
	s.Update(eventsMsg{
		client.Message{ID: s.id(), User: "bob", Text: "hello, everybody"},
		client.Message{ID: s.id(), User: "山田太郎", Text: "alice, こんにちは"},
	})
	s.time = s.time.Add(time.Minute)
	s.Update(eventsMsg{client.Whisper{ID: s.id(), User: "bob", Text: "psst\x1b[2J"}})
	s.enter("hi, bob")
	s.Update(sentMsg{nil})
	s.enter("/r what is it?")
	s.Update(sentMsg{&client.Error{Op: "whisper to bob", Code: codec.UserNotFound, Text: codec.UserNotFound.Text()}})
	s.enter("/nonsense")
	s.time = s.time.Add(12 * time.Hour)
	s.Update(eventsMsg{client.Message{ID: s.id(), User: "carol", Text: "a new day"}})
	s.shows(`
12:00            • │ You are alice at 127.0.0.1:9000. What you type goes
                   │ to everybody who is here; /help tells more.
               bob │ hello, everybody
          山田太郎 ┃ alice, こんにちは
12:01    bob → you ┃ psst�[2J
             alice │ hi, bob
         you → bob ┃ what is it?
                   ┃ not sent: nobody of this name is logged in
                 ✗ │ there is no command /nonsense; /help lists them,
                   │ and //nonsense says it as it is
────────────────────── Saturday, 10 October 2026 ───────────────────────
00:01        carol │ a new day
────────────────────────────────────────────────────────────────────────
› Say something, or /help
● alice   127.0.0.1:9000   1.2 ms                                  /help
`)
	want := []action{{verb: say, text: "hi, bob"}, {verb: whisper, to: "bob", text: "what is it?"}}
	if len(s.sent) != 2 || s.sent[0] != want[0] || s.sent[1] != want[1] {
		t.Errorf("sent %+v, want %+v", s.sent, want)
	}
}

func TestNarrowScreen(t *testing.T) {
	s := newScreen(t, 40, 10)
	s.Update(eventsMsg{
		client.Message{ID: s.id(), User: "bob", Text: "a message that is longer than the screen is wide"},
		client.Whisper{ID: s.id(), User: "carol", Text: "psst"},
	})
	s.Update(tea.WindowSizeMsg{Width: 40, Height: 9})
	s.Update(tea.KeyPressMsg{Code: tea.KeyPgUp})
	s.Update(eventsMsg{client.Message{ID: s.id(), User: "bob", Text: "more"}})
	s.shows(`
12:00 ├ • You are alice at
      │ 127.0.0.1:9000. What you type
      │ goes to everybody who is here;
      │ /help tells more.
      ├ bob: a message that is longer
      │ than the screen is wide
─────────────── ↓ 1 new message · Esc ──
› Say something, or /help
● alice   127.0.0.1:9000   1.2 ms
`)
}

// A screen of any size is filled and no more.
func TestAnySize(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.enter("/help")
	s.enter("a message")
	for _, width := range []int{1, 5, 10, 20, 63, 64, 65, 200} {
		for _, height := range []int{1, 2, 3, 4, 10, 100} {
			s.Update(tea.WindowSizeMsg{Width: width, Height: height})
			view := s.View()
			if rows := strings.Count(view.Content, "\n") + 1; rows != height {
				t.Errorf("%d×%d: %d rows", width, height, rows)
			}
			if view.Cursor.Y >= height {
				t.Errorf("%d×%d: the cursor is in row %d", width, height, view.Cursor.Y)
			}
		}
	}
}

// Messages leave one after the other, in the order in which they were typed.
func TestSendInOrder(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.enter("one")
	s.enter("two")
	s.enter("three")
	for i, want := range []string{"one", "two", "three"} {
		if len(s.sent) != i+1 || s.sent[i].text != want {
			t.Fatalf("sent %+v, want %s next", s.sent, want)
		}
		s.Update(sentMsg{nil})
	}
}

// A line that begins with a blank is text, and is sent with its blanks.
func TestSendAsTyped(t *testing.T) {
	s := newScreen(t, 80, 24)
	for _, line := range []string{"    x ", " /quit", "   ", ""} {
		if s.enter(line); len(s.waiting) > 0 {
			s.Update(sentMsg{nil})
		}
	}
	if len(s.sent) != 2 || s.sent[0].text != "    x " || s.sent[1].text != " /quit" {
		t.Errorf("sent %+v", s.sent)
	}
}

func TestConnectionState(t *testing.T) {
	s := newScreen(t, 80, 9)
	closing := &client.Error{Op: "the server closed the connection", Code: codec.ShuttingDown, Text: codec.ShuttingDown.Text()}
	f := func(e client.Event, want string) {
		t.Helper()
		s.Update(eventsMsg{e})
		if got := strip(s.status()); !strings.Contains(got, want) {
			t.Errorf("the status is %q, want %q in it", got, want)
		}
	}
	f(client.Notice{Code: codec.ShuttingDown, Text: "back soon"}, "1.2 ms")
	f(client.Disconnected{Err: closing, Retry: 2500 * time.Millisecond}, "reconnecting in 3s")
	f(client.Disconnected{Err: errors.New("client: connection refused"), Retry: 0}, "reconnecting")
	s.enter("hello?")
	s.Update(sentMsg{client.ErrOffline})
	f(client.Reconnected{User: "alice2"}, "alice2")
	s.shows(`
                 • │ The connection is closed and will be opened again.
             alice │ hello?
                   │ not sent: there is no connection at the moment; ↑ brings it
                   │ back
                 • │ Connected again as alice2. What was said in between may be
                   │ missing, unless it follows.
────────────────────────────────────────────────────────────────────────────────
› Say something, or /help
● alice2   127.0.0.1:9000   1.2 ms                                         /help
`)
	s.Update(closedMsg{&client.Error{Op: "the server closed the connection", Code: codec.Kicked, Text: codec.Kicked.Text()}})
	f(client.Notice{}, "closed")
}

func TestScrollKeys(t *testing.T) {
	s := newScreen(t, 80, 13)
	s.transcript.clear()
	s.transcript.hear(1, 100)
	f := func(msg tea.Msg, up int) {
		t.Helper()
		if s.Update(msg); s.transcript.up != up {
			t.Errorf("%v: %d lines below, want %d", msg, s.transcript.up, up)
		}
	}
	f(tea.KeyPressMsg{Code: tea.KeyPgUp}, 9)
	f(tea.KeyPressMsg{Code: tea.KeyPgDown}, 0)
	f(tea.MouseWheelMsg{Button: tea.MouseWheelUp}, 3)
	f(tea.MouseWheelMsg{Button: tea.MouseWheelDown}, 0)
	f(tea.KeyPressMsg{Code: tea.KeyUp, Mod: tea.ModShift}, 1)
	f(tea.KeyPressMsg{Code: tea.KeyHome, Mod: tea.ModCtrl}, 90)
	f(tea.KeyPressMsg{Code: tea.KeyEscape}, 0)
}

func TestQuit(t *testing.T) {
	f := func(keys ...tea.KeyPressMsg) {
		t.Helper()
		s := newScreen(t, 80, 24)
		var cmd tea.Cmd
		for _, key := range keys {
			_, cmd = s.Update(key)
		}
		if cmd == nil || cmd() != tea.Quit() {
			t.Errorf("%v does not quit", keys)
		}
	}
	enter := tea.KeyPressMsg{Code: tea.KeyEnter}
	f(tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl})
	f(tea.KeyPressMsg{Code: 'd', Mod: tea.ModCtrl})
	f(tea.KeyPressMsg{Code: '/', Text: "/"}, tea.KeyPressMsg{Code: 'q', Text: "q"}, enter)
}

// rings reports whether one of the commands that an update yields rings the bell.
func (s *screen) rings(events ...client.Event) bool {
	_, cmd := s.Update(eventsMsg(events))
	if cmd == nil {
		return false
	}
	batch, ok := cmd().(tea.BatchMsg)
	return ok && slices.ContainsFunc(batch, func(cmd tea.Cmd) bool {
		raw, ok := cmd().(tea.RawMsg)
		return ok && raw.Msg == "\a"
	})
}

// The bell rings for what is new and meant for the user, and not once for each of a flood.
func TestBell(t *testing.T) {
	s := newScreen(t, 80, 24)
	f := func(want bool, events ...client.Event) {
		t.Helper()
		if got := s.rings(events...); got != want {
			t.Errorf("%+v: rings %t", events, got)
		}
		s.time = s.time.Add(bellEvery)
	}
	f(false, client.Whisper{User: "bob", Text: "psst"}) // it was not asked to ring
	s.bell = true
	f(true, client.Whisper{User: "bob", Text: "psst"})
	f(true, client.Message{User: "bob", Text: "hello"}, client.Message{User: "bob", Text: "Alice!"})
	f(false, client.Message{User: "bob", Text: "hello"})
	f(false, client.Message{User: "bob", Text: "alices"}, client.Notice{Text: "alice"})
	f(false, client.Whisper{User: "bob", Text: "psst", Replayed: true}, client.Message{User: "bob", Text: "alice", Replayed: true})
	s.rings(client.Whisper{User: "bob", Text: "psst"})
	f(false, client.Whisper{User: "bob", Text: "psst"})
	f(true, client.Whisper{User: "bob", Text: "psst"})
}

func TestMouse(t *testing.T) {
	s := newScreen(t, 80, 24)
	for range 2 {
		if mode := s.View().MouseMode; mode != tea.MouseModeNone {
			t.Errorf("the mouse is %v", mode)
		}
		s.enter("/mouse")
		if mode := s.View().MouseMode; mode != tea.MouseModeCellMotion {
			t.Errorf("the mouse is %v after /mouse", mode)
		}
		s.enter("/mouse")
	}
}

func TestPaintable(t *testing.T) {
	f := func(terminal, system string, want bool) {
		t.Helper()
		if got := paintable(terminal, system); got != want {
			t.Errorf("TERM=%q on %s: %t", terminal, system, got)
		}
	}
	f("xterm-256color", "linux", true)
	f("vt100", "linux", true)
	f("dumb", "linux", false)
	f("unknown", "linux", false)
	f("", "linux", false)
	f("", "darwin", false)
	f("", "windows", true)
	f("dumb", "windows", false)
}
