package term

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hubbub/client"
)

// What a registration asks for, in the place of the prompt.
const (
	askPassword = "New password: "
	askAgain    = "Once more: "
)

// registeredMsg says what became of a registration.
type registeredMsg struct{ err error }

// registration is what has been typed, unseen, for a /register: a password, twice.
type registration struct{ password string }

// ask begins a registration: the line that is typed next is hidden.
func (m *model) ask() {
	m.registration = &registration{}
	m.input.hide(askPassword)
	m.say(note, "Choose a password for "+m.user+", which nobody sees and which is asked for twice. Esc leaves the name as it is.")
}

// pressHidden handles a key while a password is typed.
func (m *model) pressHidden(key tea.KeyPressMsg) tea.Cmd {
	switch key.String() {
	case "ctrl+c":
		return tea.Quit
	case "esc":
		m.giveUp("You did not register.")
	case "enter":
		return m.typed(m.input.takeHidden())
	case "up", "down", "tab", "shift+tab": // neither recalls nor completes a password
	default:
		return m.edit(key)
	}
	return nil
}

// typed takes a password: the first time to compare it, the second time to register the name with it.
func (m *model) typed(password string) tea.Cmd {
	switch first := m.registration.password; {
	case password == "":
		m.giveUp("An empty password is none. You did not register.")
	case first == "":
		m.registration.password = password
		m.input.hide(askAgain)
	case password != first:
		m.giveUp("The passwords differ. You did not register.")
	default:
		m.endRegistration()
		return m.register(password)
	}
	return nil
}

func (m *model) giveUp(why string) {
	m.endRegistration()
	m.say(note, why)
}

func (m *model) endRegistration() {
	m.registration = nil
	m.input.takeHidden()
	m.input.hide("")
}

// registered tells what became of a registration.
func (m *model) registered(err error) {
	if err != nil {
		m.say(fault, explain(err))
		return
	}
	m.say(note, "The name "+m.user+" is yours: from now on it takes your password to log in.")
}

// enroll is the command that registers the user's name.
func enroll(ctx context.Context, c *client.Client, password string) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, answerMax)
		defer cancel()
		return registeredMsg{permitted(c.Register(ctx, password), errNoRegister)}
	}
}
