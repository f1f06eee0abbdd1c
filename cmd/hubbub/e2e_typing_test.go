package main

import (
	"strings"
	"testing"
)

// pastes puts text into the terminal as its user's paste: in brackets, with the line ends that terminals send.
func (s *terminal) pastes(text string) {
	s.t.Helper()
	s.tmux("set-buffer", "--", text)
	s.tmux("paste-buffer", "-p", "-d")
}

// TestTyping edits and pastes in a terminal what is more than a byte, a letter or a line.
func TestTyping(t *testing.T) {
	p := serve(t)
	alice := openTerminal(t, "chat", "--user", "alice", "--server", p.chat)
	bob := openTerminal(t, "chat", "--user", "bob", "--server", p.chat)
	alice.shows("You are alice")
	bob.shows("You are bob")

	// A family is one character, and so is a heart: nothing lands inside.
	alice.types("a👩‍👩‍👧‍👦")
	alice.press("BSpace")
	alice.types("b❤️")
	alice.press("Left")
	alice.types("X")
	alice.press("End")
	alice.types("c🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F")
	alice.press("BSpace", "Enter")
	bob.shows("alice │ abX❤️c\n")

	// Several lines are one message.
	alice.pastes("first\n  second\ncarol: third\n")
	alice.shows("› first↵  second↵carol: third")
	alice.press("Enter")
	bob.shows("alice │ first\n" + strings.Repeat(" ", 19) + "│   second\n" + strings.Repeat(" ", 19) + "│ carol: third\n")

	// What is too long is not sent, not even in part.
	alice.pastes(strings.Repeat("0123456789", 260))
	alice.press("Enter")
	alice.shows("This was not sent: a message has at most 1,024 bytes", "has 2,600 bytes. Shorten it", "2,600 of 1,024 bytes")
	alice.press("C-u")
	alice.types("short")
	alice.press("Enter")
	bob.shows("│ short\n")
	if screen := bob.tmux("capture-pane", "-p"); strings.Contains(screen, "0123") {
		t.Errorf("a part was sent:\n%s", screen)
	}
}
