package main

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"hubbub/codec"
)

// gate is a server of which only the door is there: it registers names and knows their passwords.
type gate struct {
	address string

	mu        sync.Mutex
	passwords map[string]string
	met       []string // what it was asked, in words
}

func openGate(t *testing.T) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	g := &gate{address: l.Addr().String(), passwords: map[string]string{}}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go g.serve(conn)
		}
	}()
	return g
}

func (g *gate) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		packet, err := codec.Native.Next(in, nil, codec.MaxPacket)
		if err != nil {
			return
		}
		m, err := codec.Native.Decode(packet)
		if err != nil {
			return
		}
		if _, err := conn.Write(g.answer(m)); err != nil {
			return
		}
	}
}

func (g *gate) answer(m codec.Message) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch m := m.(type) {
	case *codec.RegisterRequest:
		g.met = append(g.met, "register "+m.User+" "+m.Password)
		if g.passwords[m.User] != "" {
			return codec.Native.AppendFailure(nil, m, codec.NameTaken)
		}
		g.passwords[m.User] = m.Password
		return codec.Native.Append(nil, &codec.RegisterResponse{Answer: codec.Answer{Ref: m.Ref}})
	case *codec.LoginRequest:
		g.met = append(g.met, "login "+m.User+" "+m.Password)
		if g.passwords[m.User] != m.Password {
			return codec.Native.AppendFailure(nil, m, codec.AuthFailed)
		}
		return codec.Native.Append(nil, &codec.LoginResponse{Answer: codec.Answer{Ref: m.Ref}, User: m.User})
	}
	return codec.Native.AppendFailure(nil, m, codec.Success) // a goodbye
}

// wants compares what the gate was asked since the last time.
func (g *gate) wants(t *testing.T, want ...string) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if !slices.Equal(g.met, want) {
		t.Errorf("the server was asked %q, want %q", g.met, want)
	}
	g.met = nil
}

// TestChatPassword shows where a script's password comes from, and what it reads when there is none.
func TestChatPassword(t *testing.T) {
	g := openGate(t)
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
		out, ok := run(t, env, append([]string{"chat", "--server", g.address, "--user", "alice"}, args...)...)
		if ok != (want == "") || strings.TrimSpace(out) != want {
			t.Errorf("%v: got\n%swant\n%s", args, out, want)
		}
	}
	f("hubbub: a registration needs a password: set HUBBUB_PASSWORD, use --password-file, or run it in a terminal", "", "--register")
	f("hubbub: there are two passwords: use either HUBBUB_PASSWORD or --password-file", "x", "--password-file", file)
	f("hubbub: the first line of "+empty+" is empty: it must be the password", "", "--password-file", empty)
	f("hubbub: read the password of --password-file: open "+file+"x: no such file or directory", "", "--password-file", file+"x")
	g.wants(t)
	f("", "", "--register", "--password-file", file)
	g.wants(t, "register alice correct horse ", "login alice correct horse ")
	f("", "correct horse ")
	g.wants(t, "login alice correct horse ")
	f("hubbub: register alice: this name is registered already (NAME_TAKEN)", "other", "--register")
	g.wants(t, "register alice other")
	f("hubbub: log in as alice: the name or the password is wrong (AUTH_FAILED)", "")
	g.wants(t, "login alice ")

	p := serve(t)
	out, ok := run(t, []string{"HUBBUB_PASSWORD=correct horse"}, "chat", "--server", p.chat, "--user", "alice", "--register")
	if want := "hubbub: the server has no accounts, or only its operators register names\n"; ok || out != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}

// TestScreenPassword shows how somebody registers a name, and comes back to it, in a terminal.
func TestScreenPassword(t *testing.T) {
	g := openGate(t)
	enter := func(s *terminal, question, answer string) {
		t.Helper()
		s.shows(question)
		s.types(answer)
		s.press("Enter")
	}
	alice := openTerminal(t, "chat", "--user", "alice", "--server", g.address, "--register")
	enter(alice, "New password for alice:", "correct")
	enter(alice, "Once more:", "horse")
	if screen := alice.ends("1"); !strings.Contains(screen, "hubbub: the passwords differ; nothing was registered") ||
		strings.Contains(screen, "horse") {
		t.Errorf("the screen has\n%s", screen)
	}
	g.wants(t)

	alice = openTerminal(t, "chat", "--user", "alice", "--server", g.address, "--register")
	enter(alice, "New password for alice:", "correct horse")
	enter(alice, "Once more:", "correct horse")
	alice.shows("You are alice")
	g.wants(t, "register alice correct horse", "login alice correct horse")
	alice.press("C-c")
	alice.ends("0")

	alice = openTerminal(t, "chat", "--user", "alice", "--server", g.address)
	enter(alice, "Password of alice:", "correct horse")
	alice.shows("You are alice")
	g.wants(t, "login alice ", "login alice correct horse")
	alice.press("C-c")
	alice.ends("0")

	alice = openTerminal(t, "chat", "--user", "alice", "--server", g.address)
	enter(alice, "Password of alice:", "wrong")
	if screen := alice.ends("1"); !strings.Contains(screen, "the name or the password is wrong (AUTH_FAILED)") {
		t.Errorf("the screen has\n%s", screen)
	}
	g.wants(t, "login alice ", "login alice wrong")
}

// TestScreenPasswordInterrupted shows that Ctrl+C at the question leaves a terminal that shows again what is typed.
func TestScreenPasswordInterrupted(t *testing.T) {
	g := openGate(t)
	alice := openTerminal(t, "chat", "--user", "alice", "--server", g.address, "--register")
	alice.shows("New password for alice:")
	alice.press("C-c")
	if screen := alice.ends("1"); !strings.Contains(screen, "hubbub: no password was given") {
		t.Errorf("the screen has\n%s", screen)
	}
	alice.types("it echoes")
	alice.shows("it echoes")
	g.wants(t)
}

// TestScreenRegister shows /register: nothing of the password is seen, and the name is somebody's then.
func TestScreenRegister(t *testing.T) {
	g := openGate(t)
	alice := openTerminal(t, "chat", "--user", "alice", "--server", g.address)
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
	g.wants(t, "login alice ", "register alice correct horse")
}
