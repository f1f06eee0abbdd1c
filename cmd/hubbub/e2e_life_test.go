package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"hubbub/codec"
)

// TestShutdown shows the lame duck: not ready, nobody new, everybody told, queued output flushed, exit status 0.
func TestShutdown(t *testing.T) {
	t.Parallel()
	p := serve(t, "--drain", "3s", "--message-rate", "0")
	var clients []*peer
	for i := range 20 {
		clients = append(clients, login(t, p.chat, fmt.Sprintf("u%d", i)))
	}
	clients[0].send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 7}, Message: "last words"})
	if m, ok := clients[0].read().(*codec.BroadcastResponse); !ok || m.Result != codec.Success {
		t.Fatal("the broadcast failed")
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.logValue("shutting down")
	if status, body := p.get("/readyz"); status != 503 || !strings.Contains(body, "draining") {
		t.Errorf("/readyz while draining: %d %s", status, body)
	}
	late := dial(t, p.chat)
	late.send(&codec.Ping{})
	expectNotice(t, late, codec.ShuttingDown)
	for i, c := range clients {
		if i > 0 {
			if m, ok := c.read().(*codec.BroadcastNotify); !ok || m.Message != "last words" {
				t.Errorf("%s did not get the broadcast", c.name)
			}
		}
		expectNotice(t, c, codec.ShuttingDown)
	}
	<-p.exited
	if p.exit != nil {
		t.Errorf("exit: %v", p.exit)
	}
}

func expectNotice(t *testing.T, c *peer, code codec.Code) {
	t.Helper()
	m, err := c.next()
	if err != nil {
		t.Errorf("%s: expected SYSTEM_NOTIFY %s: %v", c.name, code, err)
		return
	}
	if notice, ok := m.(*codec.SystemNotify); !ok || notice.Code != code {
		t.Errorf("%s: expected SYSTEM_NOTIFY %s, got %s", c.name, code, codec.Format(m))
	}
	if m, err := c.next(); err == nil {
		t.Errorf("%s: something came after the farewell: %s", c.name, codec.Format(m))
	}
}

// TestSecondSignal shows that a second signal ends the server at once.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p := serve(t, "--drain", "1h")
	p.wantsNonZero = true
	login(t, p.chat, "alice")
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	p.logValue("shutting down")
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	<-p.exited
	if p.exit == nil {
		t.Error("the second signal did not end the process by force")
	}
}

// TestNoLoginWhileDraining shows that who is connected but not logged in when the server begins to stop stays out.
func TestNoLoginWhileDraining(t *testing.T) {
	t.Parallel()
	p := serve(t, "--drain", "30s") // nobody is ended in its first two seconds
	c := dial(t, p.chat)
	p.eventually(`hubbub_sessions{dialect="native",state="connected"}`, equal(1))
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.logValue("shutting down")
	c.send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "late"})
	if m, ok := c.read().(*codec.LoginResponse); !ok || m.Result != codec.ShuttingDown {
		t.Error("a login while the server stops was not refused with SHUTTING_DOWN")
	}
	c.conn.Close() // it was the last one, so the server need not wait any longer
	<-p.exited
}

// TestReload shows that SIGHUP applies what can be, names what can't, and keeps the old settings when the file is bad.
func TestReload(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "hubbub.yaml", "max-message: 10\n")
	p := serve(t, "--config", file)
	c := login(t, p.chat, "alice")
	say := func(text string, want codec.Code) {
		t.Helper()
		c.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 1}, Message: text})
		if m, ok := c.read().(*codec.BroadcastResponse); !ok || m.Result != want {
			t.Errorf("%q: expected %s", text, want)
		}
	}
	say("twelve bytes", codec.MessageInvalid)
	rewrite(t, file, "max-message: 12\nloops: 3\n")
	_ = p.cmd.Process.Signal(syscall.SIGHUP)
	p.logValue("settings reloaded")
	if log := p.tail(); !strings.Contains(log, "--loops") {
		t.Errorf("the log does not say that --loops needs a restart:\n%s", log)
	}
	say("twelve bytes", codec.Success)
	rewrite(t, file, "max-message: 0\n")
	_ = p.cmd.Process.Signal(syscall.SIGHUP)
	p.logValue("the settings stay as they are")
	say("twelve bytes", codec.Success)
}

// TestReloadSays shows what a SIGHUP logs, and that the metrics tell a failure from a success.
func TestReloadSays(t *testing.T) {
	file := writeFile(t, "hubbub.yaml", "max-message: 10\n")
	p := serve(t, "--config", file)
	success := func(want float64) (at float64) {
		t.Helper()
		p.eventually("hubbub_config_reload_success", func(v float64) bool { return v == want })
		return p.metric("hubbub_config_reload_success_timestamp_seconds")
	}
	begun := success(1)
	hangup := func(text, logged string, wants ...string) {
		t.Helper()
		rewrite(t, file, text)
		_ = p.cmd.Process.Signal(syscall.SIGHUP)
		p.logValue(logged)
		log := p.tail()
		for _, want := range wants {
			if !strings.Contains(log, want) {
				t.Errorf("the log lacks %s:\n%s", want, log)
			}
		}
		if strings.Contains(log, "verysecret") {
			t.Errorf("the log has a password:\n%s", log)
		}
	}
	hangup("max-message: nonsense\n", "the settings stay as they are")
	if failed := success(0); failed != begun {
		t.Errorf("a failure moved the time of the last success from %v to %v", begun, failed)
	}
	hangup("max-message: 12\ndrain: 0s\nloops: 3\ndatabase: postgres://me:verysecret@db/chat\n", "settings reloaded",
		`"changed":["--max-message: 10 → 12"]`,
		`"need-restart":["--database: sqlite → postgres://me:***@db/chat","--loops: 0 → 3"]`)
	if at := success(1); at <= begun {
		t.Errorf("the time of the last success is %v, at the start it was %v", at, begun)
	}
}

// run runs the program to its end.
func run(t testing.TB, env []string, args ...string) (output string, ok bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, quick, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// hubbub runs the program with an input to an end that is a success, and returns what it wrote to its standard output.
func hubbub(t *testing.T, input string, args ...string) (output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, quick, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		t.Fatalf("%v: %v\n%s", args, err, exit.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestPrintConfig(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "hubbub.yaml", "message-rate: 7\nmax-message: 500\noutbox-bytes: 2MiB\n")
	out, ok := run(t, []string{"HUBBUB_MESSAGE_RATE=8", "HUBBUB_MESSAGE_BURST=9", "HUBBUB_MESSAGE_RTE=5"},
		"serve", "--print-config", "--config", file, "--message-burst", "10")
	if !ok {
		t.Fatal(out)
	}
	for _, want := range []string{
		"# HUBBUB_MESSAGE_RTE is set, and is no setting",
		"message-rate: 8 # environment HUBBUB_MESSAGE_RATE", "message-burst: 10 # flag --message-burst",
		"max-message: 500 # file " + file, "outbox-bytes: 2MiB # file " + file, "heartbeat: 30s # default",
	} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

// TestBadStarts shows what somebody reads who starts the server wrongly.
func TestBadStarts(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := writeFile(t, "hubbub.yaml", "max-mesage: 500\n")
	f := func(want string, args ...string) {
		t.Helper()
		out, ok := run(t, nil, append([]string{"serve", "--admin", "", "--database", "none"}, args...)...)
		if ok || !strings.Contains(out, want) {
			t.Errorf("%v: expected a failure with %q, got\n%s", args, want, out)
		}
	}
	f("can't listen for chat on "+taken.Addr().String(), "--listen", taken.Addr().String())
	f("can't listen for operators on", "--listen", "127.0.0.1:0", "--admin", taken.Addr().String())
	f("hubbub: error: "+file+`:1:1: unknown setting "max-mesage": is max-message meant?`, "--config", file)
	f("give host:port", "--listen", "foo")
	f("no such file", "--config", file+".missing")
	f("--max-packet must be at least", "--max-packet", "100")
	f("is not a size", "--outbox-bytes", "lots")
	f("unknown flag --lisen", "--lisen", ":1")
	f("--heartbeat must be whole seconds", "--heartbeat", "1500ms")
}

// TestSecondServer shows that a second server on the same port is refused, though gnet's loops share their port.
func TestSecondServer(t *testing.T) {
	t.Parallel()
	p := serve(t)
	out, ok := run(t, nil, "serve", "--listen", p.chat, "--admin", "", "--database", "none")
	if ok || !strings.Contains(out, "is another server running there?") {
		t.Errorf("the second server was not refused:\n%s", out)
	}
}

// TestListeningEverywhere shows that the address of all addresses is that of IPv4 as well, however it is written.
func TestListeningEverywhere(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{":0", "0.0.0.0:0", "[::]:0"} {
		p := serve(t, "--listen", listen)
		_, port, err := net.SplitHostPort(p.chat)
		if err != nil {
			t.Fatal(err)
		}
		login(t, "127.0.0.1:"+port, "alice")
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	p := serve(t)
	if out, ok := run(t, nil, "health", "--admin", p.admin); !ok || out != "ready\n" {
		t.Errorf("health of a running server: %v %s", ok, out)
	}
	if out, ok := run(t, nil, "health", "--admin", "127.0.0.1:1"); ok || !strings.Contains(out, "is it running") {
		t.Errorf("health of no server: %v %s", ok, out)
	}
	// A server without an operators' port, as the image's health check asks it.
	const noAdmin = "--admin, or HUBBUB_ADMIN, is empty, so "
	if out, ok := run(t, []string{"HUBBUB_ADMIN=", "HUBBUB_LISTEN=" + p.chat}, "health"); !ok || !strings.Contains(out, "ready: the chat port answers; "+noAdmin) {
		t.Errorf("health of the chat port: %v %s", ok, out)
	}
	if out, ok := run(t, []string{"HUBBUB_ADMIN="}, "health", "--listen", "127.0.0.1:1"); ok || !strings.Contains(out, noAdmin+"the chat port was asked: can't reach the chat at 127.0.0.1:1") {
		t.Errorf("health of no chat port: %v %s", ok, out)
	}
	yaml := writeFile(t, "f.yaml", "admin: \"\"\nlisten: "+p.chat+"\nmax-message: 10\n")
	if out, ok := run(t, nil, "health", "--config", yaml); !ok || !strings.Contains(out, "ready: the chat port answers") {
		t.Errorf("health by the settings file: %v %s", ok, out)
	}
	for _, timeout := range []string{"0s", "-1s"} {
		if out, ok := run(t, nil, "health", "--admin", p.admin, "--timeout="+timeout); ok || !strings.Contains(out, "--timeout must be longer than 0s") {
			t.Errorf("health within %s: %v %s", timeout, ok, out)
		}
	}
	for _, path := range []string{"/livez", "/readyz", "/metrics", "/loglevel"} {
		if status, body := p.get(path); status != 200 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, _ := p.get("/debug/pprof/"); status != 404 {
		t.Errorf("pprof is served without --pprof: %d", status)
	}
}

// TestLateLogin shows that a native client that does not log in is sent away.
func TestLateLogin(t *testing.T) {
	t.Parallel()
	p := serve(t, "--login-timeout", "200ms")
	begun := time.Now()
	c := dial(t, p.chat)
	c.send(&codec.Ping{Asked: codec.Asked{Ref: 1}})
	c.read()
	expectNotice(t, c, codec.LoginTimeout)
	if waited := time.Since(begun); waited < 150*time.Millisecond {
		t.Errorf("it was closed after %v already", waited)
	}
}
