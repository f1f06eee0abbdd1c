package term

import (
	"context"
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hubbub/client"
	"hubbub/codec"
)

// What is asked for, in the place of the prompt. Whatever is typed behind it is not shown.
const (
	askOld      = "Old password: "
	askPassword = "New password: "
	askAgain    = "Once more: "
	askPatience = "One moment: "
	askEscape   = "Esc goes back to the chat: "
)

// leaves is how somebody leaves a dialogue, which every note in it says.
const leaves = " Esc goes back to the chat."

// secret is a dialogue in which passwords are typed unseen. It ends with success or with Esc. Nothing else ends it once
// somebody may be typing a password: what is typed next would be sent to everybody and kept.
type secret struct {
	verb     verb // what the passwords are for
	question string
	old      string   // the password that there is, once it was typed; of passwd alone
	password string   // the new one, until it was typed again
	asked    bool     // the server is asked: what is typed waits in ahead
	refused  bool     // the server does not allow it at all
	ahead    []string // the lines that were typed meanwhile
}

// credentials are what the server is asked with. An empty password asks whether one could be set at all.
type credentials struct {
	verb     verb
	old      string // of passwd alone
	password string
}

// settledMsg says what the server answered in a dialogue.
type settledMsg struct {
	secret *secret
	probe  bool // whether a password could be set
	err    error
}

// ask begins a dialogue. The server is asked first whether it allows what the dialogue is for.
func (m *model) ask(v verb) tea.Cmd {
	m.secret = &secret{verb: v}
	return m.request("")
}

// prompts shows a question of the dialogue.
func (m *model) prompts(question string) {
	m.secret.question = question
	m.input.hide(question)
}

// request asks the server. Until it answers, what is typed stays unseen and waits.
func (m *model) request(password string) tea.Cmd {
	s := m.secret
	s.asked = true
	m.prompts(askPatience)
	with := credentials{verb: s.verb, password: password}
	if password != "" {
		with.old = s.old
	}
	return m.settle(s, with)
}

// pressHidden handles a key while a password is typed.
func (m *model) pressHidden(key tea.KeyPressMsg) tea.Cmd {
	switch key.String() {
	case "ctrl+c":
		return tea.Quit
	case "esc":
		m.endSecret()
		m.say(note, "Nothing was changed.")
	case "enter":
		return m.typed(m.input.takeHidden())
	case "up", "down", "tab", "shift+tab": // neither recalls nor completes a password
	default:
		return m.edit(key)
	}
	return nil
}

// pasteHidden takes a password that is pasted. Line ends behind it are no part of it. Of several lines nothing is taken:
// nobody can say which of them is the password.
func (m *model) pasteHidden(text string) {
	if strings.ContainsAny(strings.TrimRight(text, "\r\n"), "\r\n") {
		m.say(fault, "Several lines were pasted, and a password is one. Nothing of them was taken."+leaves)
		return
	}
	m.taken(m.input.paste(text), len(text))
}

// typed takes a line of the dialogue: the old password where there is one, and the new one, the first time to compare it, the
// second time to use it.
func (m *model) typed(password string) tea.Cmd {
	s := m.secret
	switch fits := client.CheckPassword(password); {
	case s.asked:
		s.ahead = append(s.ahead, password)
	case s.refused: // nothing that could be done with it
	case s.question == askOld && password == "":
		m.say(fault, "An empty password is none."+leaves)
	case s.question == askOld:
		s.old = password
		m.prompts(askPassword)
	case s.password == "" && password == "":
		m.say(fault, "An empty password is none."+leaves)
	case s.password == "" && fits != nil:
		m.say(fault, sentence(fits.Error())+"."+leaves)
	case s.password == "":
		s.password = password
		m.prompts(askAgain)
	case password != s.password:
		m.again("The passwords differ.")
	default:
		return m.request(password)
	}
	return nil
}

// again says why the dialogue begins anew, and begins.
func (m *model) again(why string) {
	m.say(fault, why+leaves)
	m.secret.password = ""
	m.prompts(askPassword)
}

// anew begins a dialogue's questions again, from the first.
func (m *model) anew() {
	m.secret.old, m.secret.password = "", ""
	if m.secret.verb == passwd {
		m.prompts(askOld)
		return
	}
	m.prompts(askPassword)
}

func (m *model) endSecret() {
	m.secret = nil
	m.input.takeHidden()
	m.input.hide("")
}

// settled goes on when the server has answered, unless the dialogue was left meanwhile.
func (m *model) settled(msg settledMsg) tea.Cmd {
	s := msg.secret
	switch {
	case s != m.secret && msg.probe:
		return nil
	case s != m.secret: // it may have been done nevertheless
		m.outcome(s.verb, msg.err, "")
		return nil
	}
	ahead := s.ahead
	s.asked, s.ahead = false, nil
	switch {
	case msg.probe && errors.Is(msg.err, codec.PasswordInvalid):
		m.begin()
		var asks []tea.Cmd
		for _, line := range ahead {
			asks = append(asks, m.typed(line))
		}
		return tea.Batch(asks...)
	case msg.probe && len(ahead) == 0 && m.input.value() == "": // nobody has begun to type a password
		m.endSecret()
		m.outcome(s.verb, msg.err, "")
	case msg.probe:
		s.refused = true
		m.prompts(askEscape)
		m.outcome(s.verb, msg.err, leaves)
	case msg.err != nil:
		m.input.takeHidden()
		m.outcome(s.verb, msg.err, leaves)
		m.anew()
	default:
		m.endSecret()
		m.outcome(s.verb, nil, "")
	}
	return nil
}

// begin asks for the first password.
func (m *model) begin() {
	if m.secret.verb == passwd {
		m.say(note, "Type the password that "+m.user+" has, then a new one twice. Nobody sees them. Esc leaves the password as it is.")
	} else {
		m.say(note, "Choose a password for "+m.user+", which nobody sees and which is asked for twice. Esc leaves the name as it is.")
	}
	m.anew()
}

// outcome tells what became of a dialogue.
func (m *model) outcome(v verb, err error, leaves string) {
	if err != nil {
		m.say(fault, explain(err)+"."+leaves)
		return
	}
	if v == passwd {
		m.say(note, "The password of "+m.user+" is the new one. Whoever else was logged in with the old one is not any more.")
		return
	}
	m.say(note, "The name "+m.user+" is yours: from now on it takes your password to log in.")
}

// settle is the command that asks the server in a dialogue.
func settle(ctx context.Context, c *client.Client, s *secret, with credentials) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, answerMax)
		defer cancel()
		var err error
		if with.verb == passwd {
			err = permitted(c.ChangePassword(ctx, with.old, with.password), errNoPasswd)
		} else {
			err = permitted(c.Register(ctx, with.password), errNoRegister)
		}
		return settledMsg{s, with.password == "", err}
	}
}
