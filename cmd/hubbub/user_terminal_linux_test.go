package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hubbub/internal/testenv"
)

// person types at a pseudo terminal, at which a command runs.
type person struct {
	t        *testing.T
	keyboard *os.File
	tty      *os.File
	notes    chan string // what the command notes, in order
	ended    chan error
}

func (p *person) Write(note []byte) (int, error) {
	p.notes <- string(note)
	return len(note), nil
}

// terminals stay open until the process ends: a question that was interrupted goes on reading from one.
var terminals []*os.File

// sit runs a command at a new terminal.
func sit(ctx context.Context, t *testing.T, m *memory, args ...string) *person {
	t.Helper()
	keyboard, tty := testenv.OpenTerminal(t)
	terminals = append(terminals, keyboard, tty)
	p := &person{t: t, keyboard: keyboard, tty: tty, notes: make(chan string, 100), ended: make(chan error, 1)}
	go func() { p.ended <- m.run(ctx, &console{tty, io.Discard, p}, args...) }()
	p.reads("database: ")
	return p
}

// echoes reports whether the terminal shows what is typed.
func (p *person) echoes() bool {
	state, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// reads waits until the command notes something.
func (p *person) reads(want string) {
	p.t.Helper()
	select {
	case note := <-p.notes:
		if !strings.Contains(note, want) {
			p.t.Fatalf("it says %q, not %q", note, want)
		}
	case <-time.After(patience):
		p.t.Fatalf("it does not say %q", want)
	}
}

// hidden waits until the terminal does not show what is typed.
func (p *person) hidden() {
	p.t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for deadline := time.After(patience); p.echoes(); {
		select {
		case <-poll.C:
		case <-deadline:
			p.t.Fatal("the terminal goes on showing what is typed")
		}
	}
}

// secretly answers a question for something that is not shown.
func (p *person) secretly(question, answer string) {
	p.t.Helper()
	p.reads(question)
	p.hidden()
	if _, err := p.keyboard.WriteString(answer); err != nil {
		p.t.Fatal(err)
	}
	p.reads("\n")
}

// leaves waits for the command's end, with an error of these words or without one. The terminal is as it was before.
func (p *person) leaves(words string) {
	p.t.Helper()
	select {
	case err := <-p.ended:
		if (err == nil) != (words == "") || err != nil && !strings.Contains(err.Error(), words) {
			p.t.Errorf("it ended with %v, want %q", err, words)
		}
	case <-time.After(patience):
		p.t.Fatal("it does not end")
	}
	if !p.echoes() {
		p.t.Error("the terminal does not show any more what is typed")
	}
}

// screen returns what the terminal shows of what was typed.
func (p *person) screen() string {
	p.t.Helper()
	waiting, err := unix.IoctlGetInt(int(p.keyboard.Fd()), unix.TIOCINQ)
	if err != nil {
		p.t.Fatal(err)
	}
	shown := make([]byte, waiting)
	if _, err := io.ReadFull(p.keyboard, shown); err != nil {
		p.t.Fatal(err)
	}
	return string(shown)
}

func TestPasswordIsAskedForTwiceAndNotShown(t *testing.T) {
	m := newMemory()
	p := sit(t.Context(), t, m, "user", "add", "alice")
	p.secretly("New password for alice: ", "correct horse\n")
	p.secretly("The same again: ", "correct horse\n")
	p.leaves("")
	if shown := p.screen(); shown != "" || !m.opens(t, "alice", "correct horse") {
		t.Errorf("the terminal shows %q", shown)
	}
	p = sit(t.Context(), t, m, "user", "passwd", "alice")
	p.secretly("New password for alice: ", "battery staple\n")
	p.secretly("The same again: ", "battery stable\n")
	p.reads("the two are not the same; nothing was changed yet")
	p.secretly("New password", "short\n") // and is not asked for the same again
	p.reads("8 to 128 bytes; this has 5")
	p.secretly("New password", "\n")
	p.reads("8 to 128 bytes; this has 0")
	p.secretly("New password for alice: ", "\x04")
	p.leaves("no password was given; nothing was changed")

	// The rest of a paste, behind its first line, answers no further question and does not reach the shell.
	p = sit(t.Context(), t, m, "user", "passwd", "alice")
	p.secretly("New password", "battery staple\nbattery staple\nrm -rf x\n")
	p.hidden()
	p.reads("The same again: ")
	if waiting, err := unix.IoctlGetInt(int(p.tty.Fd()), unix.TIOCINQ); err != nil || waiting != 0 {
		t.Errorf("%d bytes wait for the shell (%v)", waiting, err)
	}
	p.hidden()
	_, _ = p.keyboard.WriteString("\x04")
	p.reads("\n")
	p.leaves("no password was given")

	sit(t.Context(), t, m, "user", "add", "alice").leaves("is an account already") // before a password is asked for
	sit(t.Context(), t, m, "user", "passwd", "bob").leaves("there is no account bob")
	if !m.opens(t, "alice", "correct horse") || len(m.accounts) != 1 {
		t.Error("a failure changed the password")
	}
}

func TestRemovalIsConfirmed(t *testing.T) {
	m := newMemory()
	m.must(t, "", "user", "add", "alice", "--generate")
	for _, typed := range []string{"\n", "y\n", "alic\n", "\x04"} {
		p := sit(t.Context(), t, m, "user", "remove", "Alice")
		p.reads("This removes alice")
		if _, err := p.keyboard.WriteString(typed); err != nil {
			t.Fatal(err)
		}
		p.leaves("nothing was changed")
	}
	if len(m.accounts) != 1 {
		t.Error("it is removed without being confirmed")
	}
	p := sit(t.Context(), t, m, "user", "remove", "Alice")
	p.reads("This removes alice")
	if _, err := p.keyboard.WriteString("alice\n"); err != nil {
		t.Fatal(err)
	}
	p.leaves("")
	if shown := p.screen(); shown != "alice\r\n" || len(m.accounts) != 0 {
		t.Errorf("it is not removed; the terminal shows %q", shown)
	}
}

// A signal ends a question at once, and the terminal shows again what is typed.
func TestQuestionsAreInterrupted(t *testing.T) {
	m := newMemory()
	ctx, cancel := context.WithCancel(t.Context())
	p := sit(ctx, t, m, "user", "add", "alice")
	p.reads("New password for alice: ")
	p.hidden()
	cancel()
	p.leaves("interrupted; nothing was changed")
	if len(m.accounts) != 0 {
		t.Error("an account was made")
	}
}
