package term

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hubbub/client"
	"hubbub/codec"
)

// changing is a screen on which the server has said that the password can be changed.
func changing(t *testing.T) *asking {
	s := begin(t, "/passwd")
	s.answers(refusal(codec.PasswordInvalid))
	s.transcript.clear()
	return s
}

func TestPasswd(t *testing.T) {
	s := begin(t, "/passwd")
	s.hides("One moment:")
	s.answers(refusal(codec.PasswordInvalid))
	if view := strip(s.View().Content); !strings.Contains(view, "Type the password that alice has") {
		t.Errorf("the screen has\n%s", view)
	}
	s.hides("Old password:")
	s.keys(tea.KeyPressMsg{Code: tea.KeyUp}, tea.KeyPressMsg{Code: tea.KeyTab}) // they do nothing
	s.enter("old")
	s.hides("New password:")
	s.enter("pass 世界")
	s.hides("Once more:")
	s.enter("pass 世界")
	s.hides("One moment:")
	if len(s.asked) != 2 || s.asked[0] != (credentials{verb: passwd}) || s.asked[1] != (credentials{passwd, "old", "pass 世界"}) {
		t.Errorf("asked %+v", s.asked)
	}
	s.answers(nil)
	if view := strip(s.View().Content); !strings.Contains(view, "The password of alice is the new one.") || strings.Contains(view, "世界") {
		t.Errorf("the screen has\n%s", view)
	}
	s.keys(tea.KeyPressMsg{Code: tea.KeyUp})
	if got := s.input.value(); got != "/passwd" || len(s.input.history) != 1 {
		t.Errorf("↑ brings %q of %q", got, s.input.history)
	}
	s.keys(tea.KeyPressMsg{Code: tea.KeyDown})
	s.chats()
}

// TestPasswdStaysSecret: whatever goes wrong while a password is changed, what is typed next is hidden and not sent, until Esc.
func TestPasswdStaysSecret(t *testing.T) {
	const old, word = "correct horse", "battery staple"
	f := func(what, note, question string, act func(s *asking)) {
		t.Helper()
		s := changing(t)
		act(s)
		s.staysSecret(what, note, question)
	}
	all := func(s *asking) { s.enter(old); s.enter(word); s.enter(word) }
	f("no old one", "An empty password is none. Esc", "Old password:", func(s *asking) { s.enter("") })
	f("two that differ", "The passwords differ. Esc", "New password:", func(s *asking) { s.enter(old); s.enter(word); s.enter(old) })
	f("too short", "this has 5. Esc", "New password:", func(s *asking) { s.enter(old); s.enter("short") })
	f("several lines pasted", "Several lines were pasted", "Old password:", func(s *asking) { s.Update(tea.PasteMsg{Content: old + "\n" + word}) })
	f("a loss", "Trying again.", "Once more:", func(s *asking) {
		s.enter(old)
		s.enter(word)
		s.Update(eventsMsg{client.Disconnected{Err: client.ErrLost}})
	})
	f("the end of the chat", "Ctrl+C leaves.", "New password:", func(s *asking) { s.enter(old); s.Update(closedMsg{client.ErrLost}) })
	f("lines behind it", "", "One moment:", func(s *asking) { all(s); s.enter("hello") })
	for _, code := range []codec.Code{codec.AuthFailed, codec.PasswordInvalid, codec.RateLimited, codec.ServerBusy} {
		f("a refusal", "("+code.String()+"). Esc", "Old password:", func(s *asking) { all(s); s.answers(refusal(code)) })
	}
	f("a lost answer", "Esc", "Old password:", func(s *asking) { all(s); s.answers(client.ErrLost) })

	s := changing(t) // after a refusal it is asked with what is typed then
	all(s)
	s.answers(refusal(codec.AuthFailed))
	s.enter("the right one")
	s.enter(word)
	s.enter(word)
	if last := s.asked[len(s.asked)-1]; last != (credentials{passwd, "the right one", word}) {
		t.Errorf("asked %+v", last)
	}
}

// TestPasswdAsksFirst: a guest hears at once that there is no password, and what somebody typed meanwhile stays hidden.
func TestPasswdAsksFirst(t *testing.T) {
	guest := permitted(&client.Error{Op: "change the password", Code: codec.PermissionDenied, Text: "a guest has no password; register the name first",
		Detail: "a guest has no password; register the name first"}, errNoPasswd)
	s := begin(t, "/passwd")
	s.answers(guest)
	if view := strip(s.View().Content); !strings.Contains(view, "a guest has no password;") || strings.Contains(view, "Old password") {
		t.Errorf("the screen has\n%s", view)
	}
	s.chats()

	s = begin(t, "/passwd") // somebody who knows what comes
	for range 3 {
		s.enter("correct horse")
	}
	s.hides("One moment:")
	s.answers(refusal(codec.PasswordInvalid))
	if len(s.asked) != 2 || s.asked[1] != (credentials{passwd, "correct horse", "correct horse"}) {
		t.Errorf("asked %+v", s.asked)
	}

	s = begin(t, "/passwd")
	s.enter("correct horse")
	s.answers(guest)
	s.hides("Esc goes back to the chat:")
	s.enter("battery staple")
	s.hides("Esc goes back to the chat:")
	s.keys(tea.KeyPressMsg{Code: tea.KeyEscape})
	s.chats()
}
