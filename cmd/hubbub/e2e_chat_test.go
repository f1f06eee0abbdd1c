package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"hubbub/codec"
)

// chat is a running `hubbub chat` with pipes for its input and output, as a script has it.
type chat struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
	err bytes.Buffer // read it after the end
}

// startChat starts a script's chat under a name and waits until it is logged in as the n-th.
func startChat(t *testing.T, p *process, n int, name string, args ...string) *chat {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	c := &chat{t: t}
	c.cmd = exec.CommandContext(ctx, binary, append([]string{"chat", "--user", name, "--server", p.chat}, args...)...)
	c.cmd.Stderr = &c.err
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.eventually("hubbub_names", equal(float64(n)))
	return c
}

func (c *chat) types(lines ...string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, strings.Join(lines, "\n")+"\n"); err != nil {
		c.t.Error(err)
	}
}

// prints waits for lines of the output, which begin with a time.
func (c *chat) prints(lines ...string) { c.t.Helper(); c.expect(timed, lines) }

// tellsOld waits for lines about what is not live, which begin with a date too.
func (c *chat) tellsOld(lines ...string) { c.t.Helper(); c.expect(dated, lines) }

func (c *chat) expect(form *regexp.Regexp, lines []string) {
	c.t.Helper()
	for _, want := range lines {
		c.out.Scan()
		if match := form.FindStringSubmatch(c.out.Text()); match == nil || match[1] != want {
			c.t.Errorf("got the line %q, want %s with %q", c.out.Text(), form, want)
		}
	}
}

var (
	timed = regexp.MustCompile(`^\d\d:\d\d:\d\d (.*)$`)
	dated = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (.*)$`)
)

// ends waits for the end, before which nothing more is printed, and returns what was written to the standard error.
func (c *chat) ends(status int) string {
	c.t.Helper()
	for c.out.Scan() {
		c.t.Errorf("got the line %q as well", c.out.Text())
	}
	var exit *exec.ExitError
	if err := c.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		c.t.Error(err)
	}
	if got := c.cmd.ProcessState.ExitCode(); got != status {
		c.t.Errorf("the exit status is %d, want %d; it said\n%s", got, status, c.err.String())
	}
	return c.err.String()
}

// TestChatScripts shows what README's and --help's scripts do.
func TestChatScripts(t *testing.T) {
	t.Parallel()
	p := serve(t)
	alice := startChat(t, p, 1, "Alice", "--exit-after", "1h")
	bob := startChat(t, p, 2, "bob")
	bob.types("build 42 is green", "", "/w alice lunch?", "//shrug 世界")
	alice.prints("bob: build 42 is green", "bob whispers: lunch?", "bob: /shrug 世界")
	alice.types("/w bob yes")
	alice.in.Close()
	bob.prints("Alice whispers: yes")
	bob.in.Close()
	if said := bob.ends(0); said != "" {
		t.Errorf("bob's standard error: %s", said)
	}
	p.eventually("hubbub_names", equal(1)) // alice stays for an hour
	if err := alice.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if said := alice.ends(0); said != "" {
		t.Errorf("alice's standard error: %s", said)
	}
	p.eventually("hubbub_names", equal(0))
	p.eventually(`hubbub_sessions_ended_total{reason="logged_out"}`, equal(2))
}

// TestChatTellsThePast shows what an account is told that was away, and what anybody can ask for.
func TestChatTellsThePast(t *testing.T) {
	t.Parallel()
	p := serve(t)
	secret := []string{"HUBBUB_PASSWORD=correct horse"}
	if out, ok := run(t, secret, "chat", "--server", p.chat, "--user", "alice", "--register"); !ok {
		t.Fatal(out)
	}
	bob := startChat(t, p, 1, "bob")
	bob.types("one", "/w alice call me", "two", "/w alice soon", "three", "/history 2", "/history alice")
	bob.tellsOld("bob: two", "bob: three")
	bob.in.Close()
	if said, want := bob.ends(1), `line 7: the server keeps no history, or you are a guest, whose whispers it shows to nobody: /register makes the name yours, and what is whispered from then on is kept for you
hubbub: not every line could be carried out
`; said != want {
		t.Errorf("bob's standard error: got\n%swant\n%s", said, want)
	}

	file := writeFile(t, "password", "correct horse\n")
	alice := startChat(t, p, 1, "alice", "--password-file", file)
	alice.tellsOld("bob whispers: call me", "bob whispers: soon")
	alice.types("here I am", "/history 2", "/history bob 1", "/quit")
	alice.tellsOld("bob: three", "alice: here I am", "bob whispers: soon")
	if said := alice.ends(0); said != "" {
		t.Errorf("alice's standard error: %s", said)
	}
	again := startChat(t, p, 1, "alice", "--password-file", file) // who is told once
	again.in.Close()
	if said := again.ends(0); said != "" {
		t.Errorf("alice's standard error: %s", said)
	}
}

// TestChatTellsFailedLines shows that a script can rely on the exit status.
func TestChatTellsFailedLines(t *testing.T) {
	t.Parallel()
	p := serve(t)
	alice := startChat(t, p, 1, "alice")
	alice.types("one", "/w nobody hi", "/dance", "/quit")
	if said, want := alice.ends(1), `line 2: whisper to nobody: nobody of this name is logged in (USER_NOT_FOUND)
line 3: there is no command /dance; /help lists them, and //dance says it as it is
hubbub: not every line could be carried out
`; said != want {
		t.Errorf("got\n%swant\n%s", said, want)
	}
}

// TestChatFails shows what somebody reads whose chat does not come about.
func TestChatFails(t *testing.T) {
	t.Parallel()
	p := serve(t)
	login(t, p.chat, "alice")
	f := func(want string, args ...string) {
		t.Helper()
		out, ok := run(t, nil, append([]string{"chat"}, args...)...)
		if ok || out != want+"\n" {
			t.Errorf("%v: got\n%swant\n%s", args, out, want)
		}
	}
	f("hubbub: log in as Alice: somebody is logged in under this name; choose another or try again later (LOGIN_USER_ALREADY)",
		"--server", p.chat, "--user", "Alice")
	f("hubbub: log in as a b: a name has 1 to 32 bytes of letters of one script, digits and signs, without spaces, and is not reserved (NAME_INVALID)",
		"--server", p.chat, "--user", "a b")
	f("hubbub: cannot reach chat server at 127.0.0.1:1: connection refused (is it running? is that its address and port?)",
		"--server", "127.0.0.1:1", "--user", "bob")
	f("hubbub: cannot reach chat server at 127.0.0.1:one: lookup tcp/one: unknown port (is the host's name spelled right?)",
		"--server", "127.0.0.1:one", "--user", "bob")
	web, other := stranger(t, "HTTP/1.1 400 Bad Request\r\n\r\n"), stranger(t, "\x01\x00\x00\x00")
	f("hubbub: "+web+" closed the connection without answering the login (is it a chat server?): EOF",
		"--server", web, "--user", "bob")
	f("hubbub: "+other+" does not speak the chat protocol (is that the right port?): "+
		"a packet's size must be at least 4 bytes, got 1 (type 0)", "--server", other, "--user", "bob")
}

// stranger is a server that answers the first that it gets with a text and hangs up.
func stranger(t *testing.T, text string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1000))
			_, _ = io.WriteString(conn, text)
			conn.Close()
		}
	}()
	return l.Addr().String()
}

// TestChatSettings shows that the variables count, and that a login is all that an empty input does.
func TestChatSettings(t *testing.T) {
	t.Parallel()
	p := serve(t)
	if out, ok := run(t, []string{"HUBBUB_USER=carol", "HUBBUB_SERVER=" + p.chat}, "chat"); !ok || out != "" {
		t.Errorf("an empty script: %t\n%s", ok, out)
	}
	p.eventually(`hubbub_sessions_ended_total{reason="logged_out"}`, equal(1))
	if out, ok := run(t, nil, "chat", "--help"); !ok || !strings.Contains(out, "echo 'build 42 is green' | hubbub chat --user ci") {
		t.Errorf("the help: %t\n%s", ok, out)
	}
}

// TestChatOutlivesServer shows that a script's chat waits for a server that is started anew, unless it was told not to.
func TestChatOutlivesServer(t *testing.T) {
	t.Parallel()
	p := serve(t)
	alice := startChat(t, p, 1, "alice")
	bob := startChat(t, p, 2, "bob", "--no-reconnect", "--exit-after", "1h")
	p.stop()
	if said := bob.ends(1); said != "the server says: the server is shutting down; connect again in a moment\n"+
		"hubbub: the server closed the connection: the server is shutting down; connect again in a moment (SHUTTING_DOWN)\n" {
		t.Errorf("bob's standard error:\n%s", said)
	}
	p = serve(t, "--listen", p.chat)
	carol := login(t, p.chat, "carol")
	alice.types("still here?")
	if m, ok := carol.read().(*codec.BroadcastNotify); !ok || m.User != "alice" || m.Message != "still here?" {
		t.Errorf("carol got %s", codec.Format(m))
	}
	alice.in.Close()
	said := alice.ends(0)
	for _, want := range []string{"(SHUTTING_DOWN); trying again in ", "connected again as alice\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("alice's standard error is\n%swant %q in it", said, want)
		}
	}
}
