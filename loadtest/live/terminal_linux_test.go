package live

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"hubbub/internal/testenv"
)

// tty is a terminal whose other side is the test.
type tty struct {
	*os.File
	t     *testing.T
	other *os.File

	mu   sync.Mutex
	text strings.Builder // what was written to the terminal
}

func openTTY(t *testing.T) *tty {
	t.Helper()
	t.Setenv("TERM", "xterm-256color")
	other, file := testenv.OpenTerminal(t)
	if err := unix.IoctlSetWinsize(int(other.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 80}); err != nil {
		t.Fatal(err)
	}
	s := &tty{File: file, t: t, other: other}
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 4096)
		for {
			n, err := other.Read(buf)
			if err != nil {
				return // the terminal is closed
			}
			s.mu.Lock()
			s.text.Write(buf[:n])
			s.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		file.Close()
		<-read
		other.Close()
	})
	return s
}

func (s *tty) presses(keys string) {
	if _, err := s.other.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

func (s *tty) written() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// shows waits until this was written.
func (s *tty) shows(want string) {
	s.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	step := time.NewTicker(10 * time.Millisecond)
	defer step.Stop()
	for !strings.Contains(s.written(), want) {
		if time.Now().After(deadline) {
			s.t.Fatalf("the terminal never had %q, it has %q", want, s.written())
		}
		<-step.C
	}
}

// within fails when f does not return in time.
func within(t *testing.T, limit time.Duration, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatalf("not done within %s", limit)
	}
}

func TestTerminal(t *testing.T) {
	s := openTTY(t)
	before, err := term.GetState(int(s.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	v := New(s.File, Config{Name: "lobby", Targets: []string{"127.0.0.1:9000"}, In: s.File,
		End: func() { close(ended) }, Abandon: func() { t.Error("nobody lost patience") }})
	for _, u := range run(75, nil) {
		v.Update(u)
	}
	s.shows("steady")
	s.shows("Ctrl+C ends the run")
	s.presses("x\x03")
	<-ended
	s.shows("Ctrl+C again gives up waiting.")
	v.Close()
	v.Close()
	v.Update(Update{})
	if after, err := term.GetState(int(s.Fd())); err != nil || *after != *before {
		t.Errorf("the terminal is left as %+v, it was %+v (%v)", after, before, err)
	}
	if strings.Contains(s.written(), "\x1b[?1049h") {
		t.Error("the view took the alternate screen")
	}
}

// A second Ctrl+C gives up, once the terminal is as it was; so does the first of a run that something else has ended.
func TestAbandon(t *testing.T) {
	f := func(ending bool, keys ...string) {
		t.Helper()
		s := openTTY(t)
		before, err := term.GetState(int(s.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		left := make(chan *term.State)
		v := New(s.File, Config{In: s.File, Abandon: func() {
			after, _ := term.GetState(int(s.Fd()))
			left <- after
		}})
		v.Update(Update{Ending: ending})
		if ending {
			s.shows("Ending, the report comes.")
		}
		s.shows("Ctrl+C")
		for _, key := range keys {
			s.presses(key)
		}
		if after := <-left; after == nil || *after != *before {
			t.Errorf("the terminal is left as %+v, it was %+v", after, before)
		}
		v.Update(Update{})
		v.Close()
	}
	f(false, "\x03", "\x03")
	f(true, "\x03")
}

// A terminal that takes nothing holds up neither the updates nor, for long, the end.
func TestStuckTerminal(t *testing.T) {
	s := openTTY(t)
	v := New(s.File, Config{In: s.File})
	updates := run(75, nil)
	v.Update(updates[0])
	s.shows("ramp")
	if err := unix.IoctlSetInt(int(s.Fd()), unix.TCXONC, unix.TCOOFF); err != nil {
		t.Fatal(err)
	}
	within(t, 10*time.Second, func() {
		for range 100 {
			for _, u := range updates {
				v.Update(u)
			}
		}
	})
	within(t, closeMax+5*time.Second, v.Close)
	if err := unix.IoctlSetInt(int(s.Fd()), unix.TCXONC, unix.TCOON); err != nil {
		t.Fatal(err)
	}
	<-v.(*Terminal).done
}

// What can't show a frame gets lines.
func TestNew(t *testing.T) {
	f := func(terminal string, want bool) {
		t.Helper()
		s := openTTY(t)
		t.Setenv("TERM", terminal)
		v := New(s.File, Config{In: s.File})
		defer v.Close()
		if _, ok := v.(*Terminal); ok != want {
			t.Errorf("with TERM=%s there is a %T", terminal, v)
		}
	}
	f("xterm", true)
	f("dumb", false)
	f("", false)
	v := New(new(strings.Builder), Config{})
	defer v.Close()
	if _, ok := v.(*Lines); !ok {
		t.Error("something that is no file has no lines")
	}
}
