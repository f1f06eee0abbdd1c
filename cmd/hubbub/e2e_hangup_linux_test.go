package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hubbub/codec"
	"hubbub/internal/testenv"
)

// seat is a terminal that can be closed, at which the program runs without heeding the hangup signal, as under nohup.
type seat struct {
	t        *testing.T
	keyboard *os.File
	cmd      *exec.Cmd
	shown    chan string // what the terminal is given, until it is closed
}

// takeSeat runs the program at a new terminal. A shell's redirection may take one of its ends away from it, with 3 for
// an input in which nothing ever comes.
func takeSeat(t *testing.T, redirection string, args ...string) *seat {
	t.Helper()
	blocking, tty := testenv.OpenTerminal(t)
	defer tty.Close()
	defer blocking.Close()
	fd, err := unix.FcntlInt(blocking.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = syscall.SetNonblock(fd, true) // else Close would wait for a Read
	}
	if err != nil {
		t.Fatal(err)
	}
	keyboard := os.NewFile(uintptr(fd), "keyboard")
	s := &seat{t: t, keyboard: keyboard, shown: make(chan string, 1000)}
	s.cmd = exec.Command("sh", append([]string{"-c", `trap "" HUP; exec "$0" "$@" ` + redirection, binary}, args...)...)
	s.cmd.Env = append(os.Environ(), "TERM=xterm-256color") // else it may be a terminal that can't be drawn on
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = tty, tty, tty
	silence, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer silence.Close()
	t.Cleanup(func() { writer.Close() })
	s.cmd.ExtraFiles = []*os.File{silence}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); keyboard.Close() })
	go func() {
		defer close(s.shown)
		buf := make([]byte, 4096)
		for {
			n, err := keyboard.Read(buf)
			if err != nil {
				return
			}
			s.shown <- string(buf[:n])
		}
	}()
	return s
}

// reads waits until the terminal has shown something.
func (s *seat) reads(want string) {
	s.t.Helper()
	var text strings.Builder
	for deadline := time.After(patience); ; {
		select {
		case part := <-s.shown:
			if text.WriteString(part); strings.Contains(text.String(), want) {
				return
			}
		case <-deadline:
			s.t.Fatalf("the terminal does not show %q, but %q", want, text.String())
		}
	}
}

// leaves closes the terminal, does something and waits until the program has ended, which must not take the processor meanwhile.
func (s *seat) leaves(then func()) {
	s.t.Helper()
	s.keyboard.Close()
	then()
	ended := make(chan struct{})
	go func() { _ = s.cmd.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(patience):
		s.t.Fatal("the program goes on without its terminal")
	}
	if ws := s.cmd.ProcessState.Sys().(syscall.WaitStatus); !ws.Exited() {
		s.t.Errorf("it was ended by a signal: %v", s.cmd.ProcessState)
	}
	if took := s.cmd.ProcessState.UserTime(); took > 10*time.Second {
		s.t.Errorf("it computed for %s", took)
	}
}

// TestTerminalIsClosed: a chat ends with its terminal, though the hangup signal is ignored, and the user is offline.
func TestTerminalIsClosed(t *testing.T) {
	p := serve(t)
	f := func(redirection string, speaks bool) {
		t.Helper()
		s := takeSeat(t, redirection, "chat", "--server", p.chat, "--user", "alice")
		p.eventually("hubbub_names", equal(1))
		s.leaves(func() {
			if speaks { // an output that is gone is noticed by what is written to it
				bob := login(t, p.chat, "bob")
				bob.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 1}, Message: "hi"})
				bob.read()
				bob.conn.Close()
			}
		})
		p.eventually("hubbub_names", equal(0))
	}
	f("", false)           // a screen
	f(">/dev/null", false) // lines that are typed
	f("<&3", true)         // lines of a program that goes on
}

// TestTerminalIsClosedAtAQuestion: the end of a terminal answers no question for a password.
func TestTerminalIsClosedAtAQuestion(t *testing.T) {
	p := serve(t)
	if out, ok := run(t, []string{"HUBBUB_PASSWORD=correct horse"}, "chat", "--server", p.chat, "--user", "bob", "--register"); !ok {
		t.Fatal(out)
	}
	s := takeSeat(t, "", "chat", "--server", p.chat, "--user", "bob")
	s.reads("Password of bob: ")
	s.leaves(func() {})
	s = takeSeat(t, "", "chat", "--server", p.chat, "--user", "carol", "--register")
	s.reads("New password for carol: ")
	s.leaves(func() {})
	s = takeSeat(t, "", "user", "add", "dave", "--create", "--data-dir", t.TempDir())
	s.reads("New password for dave: ")
	s.leaves(func() {})
	s = takeSeat(t, "", "chat", "--server", p.chat, "--user", "erin")
	s.reads("Say something")
	_, _ = io.WriteString(s.keyboard, "/register\r")
	s.reads("New password: ")
	s.leaves(func() {})
	p.eventually("hubbub_names", equal(0))
}
