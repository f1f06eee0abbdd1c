package term

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hubbub/client"
	"hubbub/codec"
)

// registering is a screen on which somebody has asked to register.
func registering(t *testing.T) (s *screen, registered *[]string) {
	s = newScreen(t, 72, 9)
	registered = new([]string)
	s.register = func(password string) tea.Cmd {
		*registered = append(*registered, password)
		return nil
	}
	s.enter("/register")
	s.transcript.clear()
	return s, registered
}

func TestRegister(t *testing.T) {
	s, registered := registering(t)
	for _, r := range "pass 世界" {
		s.keys(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	s.keys(tea.KeyPressMsg{Code: tea.KeyUp}, tea.KeyPressMsg{Code: tea.KeyTab}) // they do nothing
	s.shows(`
────────────────────────────────────────────────────────────────────────
New password: •••••••
● alice   127.0.0.1:9000   1.2 ms                                  /help
`)
	if at := s.View().Cursor.X; at != len("New password: ")+7 {
		t.Errorf("the cursor is in column %d", at)
	}
	s.keys(tea.KeyPressMsg{Code: tea.KeyEnter})
	s.shows(`
────────────────────────────────────────────────────────────────────────
Once more:
● alice   127.0.0.1:9000   1.2 ms                                  /help
`)
	s.enter("pass 世界")
	if len(*registered) != 1 || (*registered)[0] != "pass 世界" {
		t.Errorf("registered with %q", *registered)
	}
	s.Update(registeredMsg{})
	s.Update(registeredMsg{&client.Error{Op: "register alice", Code: codec.NameTaken, Text: codec.NameTaken.Text()}})
	s.shows(`
12:00            • │ The name alice is yours: from now on it takes your
                   │ password to log in.
                 ✗ │ Register alice: this name is registered already
                   │ (NAME_TAKEN)
────────────────────────────────────────────────────────────────────────
› Say something, or /help
● alice   127.0.0.1:9000   1.2 ms                                  /help
`)
	// The password is not among the lines that come back.
	s.keys(tea.KeyPressMsg{Code: tea.KeyUp})
	if got := s.input.value(); got != "/register" {
		t.Errorf("↑ brings %q", got)
	}
	if len(s.sent) != 0 {
		t.Errorf("sent %+v", s.sent)
	}
}

func TestRegisterIsGivenUp(t *testing.T) {
	f := func(want string, act func(s *screen)) {
		t.Helper()
		s, registered := registering(t)
		act(s)
		view := strip(s.View().Content)
		if !strings.Contains(view, want) || !strings.Contains(view, "› Say something") {
			t.Errorf("got\n%s\nwant %q", view, want)
		}
		s.enter("hello")
		if len(*registered) != 0 || len(s.sent) != 1 || s.sent[0].text != "hello" {
			t.Errorf("registered %q, sent %+v", *registered, s.sent)
		}
	}
	f("The passwords differ. You did not register.", func(s *screen) { s.enter("one"); s.enter("two") })
	f("An empty password is none.", func(s *screen) { s.enter("") })
	f("An empty password is none.", func(s *screen) { s.enter("one"); s.enter("") })
	f("You did not register.", func(s *screen) {
		s.keys(tea.KeyPressMsg{Code: 'x', Text: "x"}, tea.KeyPressMsg{Code: tea.KeyEscape})
	})

	s, _ := registering(t)
	_, cmd := s.Update(tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl})
	if cmd == nil || cmd() != tea.Quit() {
		t.Error("Ctrl+C does not quit")
	}
}
