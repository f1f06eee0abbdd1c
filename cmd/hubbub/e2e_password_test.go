package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hubbub/client"
	"hubbub/codec"
)

// opens reports whether a name may be had with a password.
func (p *process) opens(name, password string) bool {
	p.t.Helper()
	c, err := client.Dial(p.t.Context(), p.chat, client.Options{User: name, Password: password})
	switch {
	case errors.Is(err, codec.AuthFailed):
		return false
	case err != nil:
		p.t.Fatal(err)
	}
	if err := c.Logout(p.t.Context()); err != nil {
		p.t.Error(err)
	}
	return true
}

// asked checks how many registrations and logins the server was asked for.
func (p *process) asked(registrations, logins float64) {
	p.t.Helper()
	for kind, want := range map[string]float64{"REGISTER_REQUEST": registrations, "LOGIN_REQUEST": logins} {
		if got := p.metric(`hubbub_packets_received_total{type="` + kind + `"}`); got != want {
			p.t.Errorf("the server got %v of %s, want %v", got, kind, want)
		}
	}
}

// TestChatPassword shows where a script's password comes from, and what it reads when there is none.
func TestChatPassword(t *testing.T) {
	t.Parallel()
	p := serve(t)
	file, empty := filepath.Join(t.TempDir(), "password"), filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(file, []byte("correct horse \r\nand more\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(want, password string, args ...string) {
		t.Helper()
		var env []string
		if password != "" {
			env = []string{"HUBBUB_PASSWORD=" + password}
		}
		out, ok := run(t, env, append([]string{"chat", "--server", p.chat, "--user", "alice"}, args...)...)
		if ok != (want == "") || strings.TrimSpace(out) != want {
			t.Errorf("%v: got\n%swant\n%s", args, out, want)
		}
	}
	f("hubbub: a registration needs a password: set HUBBUB_PASSWORD, use --password-file, or run it in a terminal", "", "--register")
	f("hubbub: there are two passwords: use either HUBBUB_PASSWORD or --password-file", "x", "--password-file", file)
	f("hubbub: the first line of "+empty+" is empty: it must be the password", "", "--password-file", empty)
	f("hubbub: read the password of --password-file: open "+file+"x: no such file or directory", "", "--password-file", file+"x")
	f("hubbub: register alice: the password is too short or too long (PASSWORD_INVALID)", "short", "--register")
	p.asked(1, 0)
	f("", "", "--register", "--password-file", file)
	f("", "correct horse ")
	f("", "", "--password-file", file)
	p.asked(2, 3)
	f("hubbub: register alice: this name is registered already, or somebody else has it (NAME_TAKEN)", "another one", "--register")
	f("hubbub: the name alice is registered, or the server has no guests: give the name's password with HUBBUB_PASSWORD or "+
		"--password-file, run it in a terminal to be asked for it, or choose another name with --user", "")
	for _, wrong := range []string{"correct horse", "another one"} {
		f("hubbub: log in as alice: the name or the password is wrong (AUTH_FAILED)", wrong)
	}

	p = serve(t, "--database", "none")
	out, ok := run(t, []string{"HUBBUB_PASSWORD=correct horse"}, "chat", "--server", p.chat, "--user", "alice", "--register")
	if want := "hubbub: the server has no accounts, or only its operators register names\n"; ok || out != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}

// TestScreenPassword shows how somebody registers a name, and comes back to it, in a terminal.
func TestScreenPassword(t *testing.T) {
	t.Parallel()
	p := serve(t)
	answered := make(map[string]int) // of the questions that are on the screen
	enter := func(s *terminal, question, answer string) {
		t.Helper()
		answered[question]++
		s.await(question+" again", func(screen string) bool { return strings.Count(screen, question) == answered[question] })
		s.types(answer)
		if !strings.Contains(answer, "\n") { // else a slow Enter would answer the next question
			s.press("Enter")
		}
	}
	alice := openTerminal(t, "chat", "--user", "alice", "--server", p.chat, "--register")
	enter(alice, "New password for alice:", "correct")
	alice.shows("A password has 8 to 128 bytes; this has 7.")
	enter(alice, "New password for alice:", "correct horse")
	enter(alice, "Once more:", "battery staple")
	alice.shows("The passwords differ. Ctrl+C gives up.\nNew password for alice:")
	// What is pasted behind the line end is neither an answer nor a message.
	enter(alice, "New password for alice:", "correct horse\nleaks\nleaks\n/quit")
	enter(alice, "Once more:", "correct horse\nleaks\n/quit")
	alice.shows("You are alice")
	if screen := alice.tmux("capture-pane", "-p", "-S", "-"); strings.Contains(screen, "leaks") || strings.Contains(screen, "horse") {
		t.Errorf("the screen has\n%s", screen)
	}
	p.asked(2, 1) // one with an empty password, before somebody was asked for one
	alice.press("C-c")
	alice.ends("0")

	alice = openTerminal(t, "chat", "--user", "alice", "--server", p.chat)
	clear(answered)
	enter(alice, "Password of alice:", "correct horse")
	alice.shows("You are alice")
	p.asked(2, 3) // one without a password, and one with it
	alice.press("C-c")
	alice.ends("0")

	alice = openTerminal(t, "chat", "--user", "alice", "--server", p.chat)
	clear(answered)
	for range 3 {
		enter(alice, "Password of alice:", "wrong")
	}
	if screen := alice.ends("1"); !strings.Contains(screen, "the name or the password is wrong (AUTH_FAILED)") {
		t.Errorf("the screen has\n%s", screen)
	}
	p.asked(2, 7)
	alice = openTerminal(t, "chat", "--user", "alice", "--server", p.chat, "--register") // before a password is asked for
	if screen := alice.ends("1"); !strings.Contains(screen, "this name is registered already") || strings.Contains(screen, "New password") {
		t.Errorf("the screen has\n%s", screen)
	}
}

// TestScreenPasswordInterrupted shows that Ctrl+C at the question leaves a terminal that shows again what is typed.
func TestScreenPasswordInterrupted(t *testing.T) {
	t.Parallel()
	p := serve(t)
	alice := openTerminal(t, "chat", "--user", "alice", "--server", p.chat, "--register")
	alice.shows("New password for alice:")
	alice.press("C-c")
	if screen := alice.ends("1"); !strings.Contains(screen, "hubbub: no password was given") {
		t.Errorf("the screen has\n%s", screen)
	}
	alice.types("it echoes")
	alice.shows("it echoes")
	p.asked(1, 0)
}

// TestScreenRegister shows /register: nothing of the password is seen, and the name is somebody's then.
func TestScreenRegister(t *testing.T) {
	t.Parallel()
	p := serve(t)
	alice := openTerminal(t, "chat", "--user", "alice", "--server", p.chat)
	alice.shows("You are alice")
	alice.types("/register")
	alice.press("Enter")
	for _, question := range []string{"New password:", "Once more:"} {
		alice.shows(question)
		alice.types("correct horse")
		alice.shows(question + " •••••••••••••")
		alice.press("Enter")
	}
	alice.shows("The name alice is yours", "› Say something")
	if screen := alice.tmux("capture-pane", "-p"); strings.Contains(screen, "horse") {
		t.Errorf("the password is seen:\n%s", screen)
	}
	alice.press("C-c")
	alice.ends("0")
	if !p.opens("alice", "correct horse") || p.opens("alice", "") {
		t.Error("the name is not alice's")
	}
}

// TestScreenPasswordsStayHidden: whatever goes wrong at /register, nothing that is typed next reaches anybody.
func TestScreenPasswordsStayHidden(t *testing.T) {
	p := serve(t)
	bob := openTerminal(t, "chat", "--user", "bob", "--server", p.chat)
	bob.shows("You are bob")
	alice := openTerminal(t, "chat", "--user", "alice", "--server", p.chat)
	alice.shows("You are alice")
	line := func(question, text string) {
		t.Helper()
		alice.shows(question)
		alice.types(text)
		alice.press("Enter")
	}
	line("› ", "/register")
	line("New password:", "")
	line("An empty password is none.", "short")
	line("8 to 128 bytes; this has 5", "secret one")
	line("Once more:", "secret two")
	line("The passwords differ. Esc goes back to the chat.", "secret three")
	line("Once more:", "secret four")
	alice.press("Escape")
	alice.shows("› Say something")
	alice.types("/register\rsecret five\rsecret five\rsecret six\rsecret seven\r") // as a terminal without bracketed paste
	alice.shows("The name alice is yours")
	line("› ", "that was it")
	bob.shows("alice │ that was it")
	for _, s := range []*terminal{alice, bob} {
		if screen := s.tmux("capture-pane", "-p", "-S", "-"); strings.Contains(screen, "secret") || strings.Contains(screen, "short") {
			t.Errorf("the screen has\n%s", screen)
		}
	}
	line("› ", "/register")
	alice.shows("this name is registered already", "› Say something")
	line("› ", "/history")
	alice.shows("1 message of the past")
	alice.press("C-c")
	alice.ends("0")
	if !p.opens("alice", "secret five") {
		t.Error("the name does not have the password that was pasted")
	}
}
