package main

import (
	"fmt"
	"strings"
	"testing"

	"hubbub/client"
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

// TestDumbTerminal shows a chat in terminals that can't be drawn on: it reads and prints lines.
func TestDumbTerminal(t *testing.T) {
	p := serve(t)
	bob := openTerminal(t, "chat", "--user", "bob", "--server", p.chat)
	bob.shows("You are bob")
	for _, kind := range []string{"dumb", "unknown", ""} {
		alice := openTerminalOf(t, kind, "chat", "--user", "alice", "--server", p.chat)
		alice.shows("You are alice at " + p.chat + ". Each line that you type goes to everybody")
		if got := alice.tmux("display-message", "-p", "#{alternate_on}"); got != "0\n" {
			t.Errorf("TERM=%q: the screen was taken", kind)
		}
		alice.types("hello of " + kind + ".")
		alice.press("Enter")
		bob.shows("alice │ hello of " + kind + ".")
		bob.types("/w alice psst " + kind + "!")
		bob.press("Enter")
		alice.shows("bob whispers: psst " + kind + "!")
		alice.rings()
		alice.types("/r who is it")
		alice.press("Enter")
		bob.shows("alice → you ┃ who is it")
		alice.press("C-d")
		alice.ends("0")
	}
}

// rings waits until the bell has rung.
func (s *terminal) rings() {
	s.t.Helper()
	s.await("a bell", func(string) bool { return s.rang() })
}

func (s *terminal) rang() bool {
	s.t.Helper()
	return s.tmux("display-message", "-p", "#{window_bell_flag}") == "1\n"
}

// TestBell rings for a whisper and for a message that names the user, and for nothing else.
func TestBell(t *testing.T) {
	p := serve(t)
	bob := openTerminal(t, "chat", "--user", "bob", "--server", p.chat)
	whispered := openTerminal(t, "chat", "--user", "alice", "--server", p.chat)
	named := openTerminal(t, "chat", "--user", "carol", "--server", p.chat)
	silent := openTerminal(t, "chat", "--user", "dave", "--server", p.chat, "--no-bell")
	for _, s := range []*terminal{bob, whispered, named, silent} {
		s.shows("You are ")
	}
	bob.types("hello, caroline")
	bob.press("Enter")
	for _, s := range []*terminal{whispered, named, silent} {
		s.shows("bob │ hello, caroline")
		if s.rang() {
			t.Error("the bell rang for what was said to everybody")
		}
	}
	for _, line := range []string{"/w alice psst", "/w dave psst", "Carol? dave?", "the end"} {
		bob.types(line)
		bob.press("Enter")
	}
	whispered.shows("bob → you ┃ psst")
	whispered.rings()
	named.shows("bob ┃ Carol? dave?")
	named.rings()
	silent.shows("bob ┃ Carol? dave?", "the end")
	silent.press("C-c")
	silent.ends("0")
	if silent.rang() {
		t.Error("it rang although nobody wanted that")
	}
}

// TestMouse gives the mouse to the terminal and takes it back.
func TestMouse(t *testing.T) {
	p := serve(t)
	alice := openTerminal(t, "chat", "--user", "alice", "--server", p.chat)
	bob := openTerminal(t, "chat", "--user", "bob", "--server", p.chat, "--no-mouse")
	reports := func(s *terminal, want string) {
		t.Helper()
		s.await("the mouse's reports: "+want, func(string) bool {
			return s.tmux("display-message", "-p", "#{mouse_any_flag}") == want+"\n"
		})
	}
	alice.shows("You are alice")
	reports(alice, "1")
	bob.shows("You are bob")
	reports(bob, "0")
	for _, s := range []*terminal{alice, bob} {
		s.types("/mouse")
		s.press("Enter")
	}
	alice.shows("The mouse is the terminal's")
	reports(alice, "0")
	bob.shows("The mouse wheel scrolls.")
	reports(bob, "1")
}

// TestScreenOpens: whoever opens a chat sees the last twenty messages and how many are there.
func TestScreenOpens(t *testing.T) {
	p := serve(t, "--message-rate", "0")
	bob, err := client.Dial(t.Context(), p.chat, client.Options{User: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	defer bob.Close()
	for i := range 25 {
		if _, err := bob.Broadcast(t.Context(), fmt.Sprintf("message %d.", i+1)); err != nil {
			t.Fatal(err)
		}
	}
	alice := openTerminal(t, "chat", "--user", "alice", "--server", p.chat)
	alice.tmux("resize-window", "-x", "80", "-y", "40")
	alice.shows("You are alice at "+p.chat+", and 1 other is online.", "20 messages of the past", "bob │ message 6.", "message 25.\n", " now ")
	if screen := alice.tmux("capture-pane", "-p"); strings.Contains(screen, "message 5.") {
		t.Errorf("the screen has\n%s", screen)
	}
	if _, err := bob.Whisper(t.Context(), "alice", "welcome"); err != nil {
		t.Fatal(err)
	}
	alice.shows("bob → you ┃ welcome")

	silent := serve(t, "--history", "off")
	carol := openTerminal(t, "chat", "--user", "carol", "--server", silent.chat)
	carol.shows("You are carol at "+silent.chat+", and nobody else", " ms")
	carol.types("hello")
	carol.press("Enter")
	carol.shows("carol │ hello\n")
	if screen := carol.tmux("capture-pane", "-p"); strings.Contains(screen, "history") || strings.Contains(screen, "past") {
		t.Errorf("the screen has\n%s", screen)
	}
}
