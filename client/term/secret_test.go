package term

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hubbub/client"
	"hubbub/codec"
)

// asking is a screen on which somebody has begun a dialogue, and what the server was asked in it.
type asking struct {
	*screen
	asked []credentials
	of    []*secret
}

func begin(t *testing.T, command string) *asking {
	s := &asking{screen: newScreen(t, 72, 12)}
	s.settle = func(of *secret, with credentials) tea.Cmd {
		s.asked, s.of = append(s.asked, with), append(s.of, of)
		return nil
	}
	s.enter(command)
	s.transcript.clear()
	return s
}

func refusal(code codec.Code) error {
	return &client.Error{Op: "register alice", Code: code, Text: code.Text()}
}

// answers says what the server answers to what it was asked last.
func (s *asking) answers(err error) {
	last := len(s.asked) - 1
	s.Update(settledMsg{s.of[last], s.asked[last].password == "", err})
}

// registering is a screen on which the server has said that the name can be registered.
func registering(t *testing.T) *asking {
	s := begin(t, "/register")
	s.answers(refusal(codec.PasswordInvalid))
	s.transcript.clear()
	return s
}

// hides fails unless what is typed is hidden and nothing is sent.
func (s *asking) hides(question string) {
	s.t.Helper()
	view := strip(s.View().Content)
	if !strings.Contains(view, "\n"+question) || strings.Contains(view, "›") || len(s.sent) != 0 {
		s.t.Errorf("want the question %q, sent %+v\n%s", question, s.sent, view)
	}
}

// staysSecret fails unless the screen has a note and asks a question, what is typed, pasted or resized next is hidden and not
// sent, and Esc leads back to the chat.
func (s *asking) staysSecret(what, note, question string) {
	s.t.Helper()
	view := strings.Join(strings.Fields(strings.NewReplacer("│", "", "\n", " ").Replace(strip(s.View().Content))), " ")
	if !strings.Contains(view, note) {
		s.t.Errorf("%s: want %q in\n%s", what, note, view)
	}
	s.hides(question)
	s.enter("my next password")
	s.Update(tea.PasteMsg{Content: "my next\npassword\n"})
	s.Update(tea.WindowSizeMsg{Width: 72, Height: 12})
	if strings.Contains(strip(s.View().Content), "next") || len(s.sent) != 0 || len(s.input.history) != 1 {
		s.t.Errorf("%s: sent %+v, ↑ brings %q, the screen has\n%s", what, s.sent, s.input.history, strip(s.View().Content))
	}
	s.keys(tea.KeyPressMsg{Code: tea.KeyEscape})
	s.chats()
}

// chats fails unless the prompt is the chat's again.
func (s *asking) chats() {
	s.t.Helper()
	s.enter("hello")
	if len(s.sent) != 1 || s.sent[0].text != "hello" {
		s.t.Errorf("sent %+v", s.sent)
	}
}

func TestRegister(t *testing.T) {
	s := registering(t)
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
	if len(s.asked) != 2 || s.asked[1] != (credentials{register, "", "pass 世界"}) {
		t.Errorf("asked %+v", s.asked)
	}
	s.hides("One moment:")
	s.answers(nil)
	s.shows(`
12:00            • │ The name alice is yours: from now on it takes your
                   │ password to log in.
────────────────────────────────────────────────────────────────────────
› Say something, or /help
● alice   127.0.0.1:9000   1.2 ms                                  /help
`)
	// The password is not among the lines that come back.
	s.keys(tea.KeyPressMsg{Code: tea.KeyUp})
	if got := s.input.value(); got != "/register" {
		t.Errorf("↑ brings %q", got)
	}
	s.keys(tea.KeyPressMsg{Code: tea.KeyDown})
	s.chats()
}

// TestSecretStaysSecret: whatever goes wrong while a password is typed, what is typed next is hidden and not sent.
func TestSecretStaysSecret(t *testing.T) {
	const good = "correct horse"
	f := func(what, note, question string, act func(s *asking)) {
		t.Helper()
		s := registering(t)
		act(s)
		s.staysSecret(what, note, question)
	}
	esc := "Esc goes back to the chat."
	f("two that differ", "The passwords differ. "+esc, "New password:", func(s *asking) { s.enter(good); s.enter("battery staple") })
	f("nothing at first", "An empty password is none. "+esc, "New password:", func(s *asking) { s.enter("") })
	f("nothing the second time", "The passwords differ. "+esc, "New password:", func(s *asking) { s.enter(good); s.enter("") })
	f("too short", "A password has 8 to 128 bytes; this has 5. "+esc, "New password:", func(s *asking) { s.enter("short") })
	f("too long", "this has 1000. "+esc, "New password:", func(s *asking) { s.enter(strings.Repeat("x", 1000)) })
	f("a resize", "", "Once more:", func(s *asking) { s.enter(good); s.Update(tea.WindowSizeMsg{Width: 72, Height: 11}) })
	f("several lines pasted", "Several lines were pasted", "New password:", func(s *asking) {
		s.Update(tea.PasteMsg{Content: good + "\r\nhello"})
	})
	f("lines behind it", "", "One moment:", func(s *asking) { s.enter(good); s.enter(good); s.enter("hello") })
	f("a loss", "Trying again.", "Once more:", func(s *asking) {
		s.enter(good)
		s.Update(eventsMsg{client.Disconnected{Err: client.ErrLost}, client.Reconnected{User: "alice"}})
		s.Update(eventsMsg{client.Disconnected{Err: client.ErrLost}})
	})
	f("the end of the chat", "Ctrl+C leaves.", "Once more:", func(s *asking) { s.enter(good); s.Update(closedMsg{client.ErrLost}) })
	for _, code := range []codec.Code{codec.NameTaken, codec.PasswordInvalid, codec.RateLimited, codec.ServerBusy} {
		f("a refusal", "("+code.String()+"). "+esc, "New password:", func(s *asking) { s.enter(good); s.enter(good); s.answers(refusal(code)) })
	}
	f("a refusal while a line is typed", esc, "New password:", func(s *asking) {
		s.enter(good)
		s.enter(good)
		s.keys(tea.KeyPressMsg{Code: 'x', Text: "x"})
		s.answers(client.ErrOffline)
	})

	s := registering(t)
	_, cmd := s.Update(tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl})
	if cmd == nil || cmd() != tea.Quit() {
		t.Error("Ctrl+C does not quit")
	}
}

// TestRegisterAsksFirst: what speaks against a registration is said before a password is asked for, and hides what somebody
// who is faster than the server types.
func TestRegisterAsksFirst(t *testing.T) {
	s := begin(t, "/register")
	s.hides("One moment:")
	if len(s.asked) != 1 || s.asked[0] != (credentials{verb: register}) {
		t.Errorf("asked %+v", s.asked)
	}
	s.answers(refusal(codec.NameTaken))
	if view := strip(s.View().Content); !strings.Contains(view, "this name is registered") || strings.Contains(view, "password") {
		t.Errorf("the screen has\n%s", view)
	}
	s.chats()

	s = begin(t, "/register") // somebody who knows what comes
	s.enter("correct horse")
	s.enter("correct horse")
	s.hides("One moment:")
	s.answers(refusal(codec.PasswordInvalid))
	if len(s.asked) != 2 || s.asked[1].password != "correct horse" {
		t.Errorf("asked %+v", s.asked)
	}

	for _, typed := range []func(s *asking){
		func(s *asking) { s.enter("correct horse") },
		func(s *asking) { s.keys(tea.KeyPressMsg{Code: 'c', Text: "c"}) },
		func(s *asking) { s.Update(tea.PasteMsg{Content: "correct horse\n"}) },
	} {
		s = begin(t, "/register")
		typed(s)
		s.answers(errNoRegister)
		s.hides("Esc goes back to the chat:")
		s.enter("correct horse")
		s.hides("Esc goes back to the chat:")
		s.keys(tea.KeyPressMsg{Code: tea.KeyEscape})
		s.chats()
	}

	s = begin(t, "/register") // an answer that nobody waits for any more
	s.keys(tea.KeyPressMsg{Code: tea.KeyEscape})
	s.answers(refusal(codec.PasswordInvalid))
	s.chats()
}
