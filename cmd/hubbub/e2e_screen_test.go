package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/internal/testenv"
)

// terminal is a terminal of 80 by 24, played by tmux, in which the program runs.
type terminal struct {
	t      *testing.T
	socket string
}

func openTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	return openTerminalOf(t, "tmux-256color", args...)
}

// openTerminalOf opens a terminal that says it is of a type, or of none.
func openTerminalOf(t *testing.T, kind string, args ...string) *terminal {
	t.Helper()
	testenv.Terminals(t)
	dir, err := os.MkdirTemp("", "hubbub") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "tmux.conf")
	if err := os.WriteFile(config, []byte("set -g default-terminal tmux-256color\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &terminal{t, filepath.Join(dir, "tmux")}
	t.Cleanup(func() {
		s.tmux("kill-server")
		os.RemoveAll(dir)
	})
	set := "export TERM=" + kind + "; "
	if kind == "" {
		set = "unset TERM; "
	}
	s.tmux(append([]string{"-f", config, "new-session", "-d", "-x", "80", "-y", "24",
		"sh", "-c", set + `trap : INT; "$0" "$@"; echo "[status $?]"; read -r line`, binary}, args...)...)
	return s
}

func (s *terminal) tmux(args ...string) string {
	s.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-u", "-S", s.socket}, args...)...)
	cmd.Env = append(os.Environ(), "TMUX=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %s: %v\n%s", args, err, out)
	}
	return string(out)
}

func (s *terminal) types(text string) { s.tmux("send-keys", "-l", text) }

func (s *terminal) press(keys ...string) { s.tmux(append([]string{"send-keys"}, keys...)...) }

// shows waits until the screen has all of these.
func (s *terminal) shows(wants ...string) {
	s.t.Helper()
	s.await(strings.Join(wants, "\n"), func(screen string) bool {
		return !slices.ContainsFunc(wants, func(want string) bool { return !strings.Contains(screen, want) })
	})
}

// ends waits for the program's end, with this status, and returns what it left on the screen.
func (s *terminal) ends(status string) (screen string) {
	s.t.Helper()
	s.shows("[status ")
	screen = s.tmux("capture-pane", "-p", "-J")
	if !strings.Contains(screen, "[status "+status+"]") {
		s.t.Errorf("the status is not %s:\n%s", status, screen)
	}
	return screen
}

func (s *terminal) await(what string, is func(screen string) bool) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	step := time.NewTicker(50 * time.Millisecond)
	defer step.Stop()
	for {
		screen := s.tmux("capture-pane", "-p")
		if is(screen) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the screen never had\n%s\nit has\n%s", what, screen)
		}
		<-step.C
	}
}

// TestScreen shows two people who chat in their terminals.
func TestScreen(t *testing.T) {
	t.Parallel()
	p := serve(t)
	alice := openTerminal(t, "chat", "--user", "Alice", "--server", p.chat)
	alice.shows("You are Alice at "+p.chat, "› Say something, or /help", "● Alice   "+p.chat, " ms")
	bob := openTerminal(t, "chat", "--user", "bob", "--server", p.chat)
	bob.shows("You are bob")

	alice.types("Hello, 世界 👋")
	alice.shows("› Hello, 世界 👋")
	alice.press("Enter")
	alice.shows("             Alice │ Hello, 世界 👋", "› Say something")
	bob.shows("             Alice │ Hello, 世界 👋")

	bob.types("/w al")
	bob.press("Tab")
	bob.types("psst")
	bob.press("Enter")
	bob.shows("       you → Alice ┃ psst")
	alice.shows("         bob → you ┃ psst")
	alice.types("/r what is it?")
	alice.press("Enter")
	bob.shows("Alice → you ┃ what is it?")
	bob.types("alice: lunch")
	bob.press("Enter")
	alice.shows("bob ┃ alice: lunch")

	alice.types("/w nobody hi")
	alice.press("Enter")
	alice.shows("not sent: nobody of this name is logged in")
	alice.press("Up")
	alice.shows("› /w nobody hi")
	alice.press("C-u")
	alice.types("/help")
	alice.press("Enter")
	alice.shows("/w NAME TEXT         whisper to one person", "PgUp PgDn")

	alice.tmux("resize-window", "-x", "40", "-y", "12")
	alice.shows("────────────────────────────────────────\n› Say something, or /help\n● Alice   " + p.chat)
	alice.press("PPage")
	bob.types("more")
	bob.press("Enter")
	alice.shows("↓ 1 new message · Esc")
	alice.press("Escape")
	alice.shows("├ bob: more")

	alice.press("C-c")
	if screen := alice.ends("0"); strings.Contains(screen, "│") {
		t.Errorf("the chat is left on the screen:\n%s", screen)
	}
	p.eventually("hubbub_names", equal(1))
	bob.types("/quit")
	bob.press("Enter")
	bob.ends("0")
	p.eventually("hubbub_names", equal(0))
}

// TestScreenKeepsTheRate: many lines at once, as from a paste, are slowed to the server's rate. None is refused or lost.
func TestScreenKeepsTheRate(t *testing.T) {
	p := serve(t)
	bob := login(t, p.chat, "bob")
	alice := openTerminal(t, "chat", "--user", "alice", "--server", p.chat)
	alice.shows("You are alice")
	var lines strings.Builder
	for i := range 200 {
		fmt.Fprintf(&lines, "line %d\r", i)
	}
	alice.types(lines.String() + "/quit\r")
	for i := range 200 {
		m, ok := bob.read().(*codec.BroadcastNotify)
		if want := fmt.Sprintf("line %d", i); !ok || m.Message != want {
			t.Fatalf("bob got %+v, want %q", m, want)
		}
	}
	alice.ends("0")
	if n := p.metric(`hubbub_requests_refused_total{code="RATE_LIMITED"}`); n != 0 {
		t.Errorf("%v requests were refused", n)
	}
}

// TestScreenLeftEarly: whoever leaves while lines wait for the server's rate reads which of them it does not have.
func TestScreenLeftEarly(t *testing.T) {
	t.Parallel()
	p := serve(t, "--message-rate", "1", "--message-burst", "5")
	bob := login(t, p.chat, "bob")
	alice := openTerminal(t, "chat", "--user", "alice", "--server", p.chat)
	alice.shows("You are alice")
	var lines strings.Builder
	for i := range 12 {
		fmt.Fprintf(&lines, "line %d.\r", i)
	}
	alice.types(lines.String())
	if m, ok := bob.read().(*codec.BroadcastNotify); !ok || m.Message != "line 0." {
		t.Fatalf("bob got %+v", m)
	}
	alice.shows("line 11.")
	alice.press("C-c")
	screen := alice.ends("0")
	if !strings.Contains(screen, "You left before the server confirmed ") || !strings.Contains(screen, "  line 11.\n") {
		t.Errorf("the screen has\n%s", screen)
	}
	login(t, p.chat, "eve").send(&codec.BroadcastRequest{Message: "the end"})
	got := map[string]bool{"line 0.": true}
	for {
		m, ok := bob.read().(*codec.BroadcastNotify)
		if !ok || m.Message == "the end" {
			break
		}
		got[strings.Clone(m.Message)] = true
	}
	for i := range 12 {
		if line := fmt.Sprintf("line %d.", i); !got[line] && !strings.Contains(screen, "  "+line+"\n") {
			t.Errorf("%q is lost without a word:\n%s", line, screen)
		}
	}
}

// TestScreenWithoutServer shows what somebody in a terminal reads when there is no server, and when it goes and comes.
func TestScreenWithoutServer(t *testing.T) {
	t.Parallel()
	screen := openTerminal(t, "chat", "--user", "alice", "--server", "127.0.0.1:1").ends("1")
	if !strings.Contains(screen, "hubbub: cannot reach chat server at 127.0.0.1:1: connection refused") {
		t.Errorf("the screen has\n%s", screen)
	}
	p := serve(t)
	alice := openTerminal(t, "chat", "--user", "alice", "--server", p.chat)
	alice.shows("You are alice")
	p.stop()
	alice.shows("the server says: the server is shutting down", "The connection is closed and will be opened again.", "reconnecting")
	alice.types("hello?")
	alice.press("Enter")
	alice.shows("not sent: there is no connection at the moment")
	serve(t, "--listen", p.chat)
	alice.shows("Connected again as alice", " ms")
	alice.press("Up", "Enter")
	alice.shows("alice │ hello?\n" + strings.Repeat("─", 80))
}
