package main

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/internal/pgtest"
)

// onBoth runs a test on a server with each of the databases, which its accounts are kept in as well.
func onBoth(t *testing.T, test func(t *testing.T, p *process, store []string), args ...string) {
	run := func(name string, url func(t *testing.T) string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := []string{"--database", url(t), "--data-dir", t.TempDir()}
			test(t, serve(t, slices.Concat(args, store)...), store)
		})
	}
	run("SQLite", func(*testing.T) string { return "sqlite" })
	run("PostgreSQL", func(t *testing.T) string { return pgtest.Start(t).URL(t) })
}

// dialFrom dials from an address of this machine's own.
func dialFrom(t testing.TB, from, address string) *peer {
	t.Helper()
	dialer := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := dialer.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return newPeer(t, c)
}

// tryLogin asks for a name with a password, and returns what the server says to that.
func (p *peer) tryLogin(name, password string) codec.Code {
	p.t.Helper()
	p.send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: name, Password: password})
	m := p.read()
	answer, ok := m.(*codec.LoginResponse)
	if !ok {
		p.t.Fatalf("the login as %s was answered with %s", name, codec.Format(m))
	}
	p.name = strings.Clone(name)
	return answer.Result
}

// TestBanEndsSessions has an operator work on the accounts of a server that runs: whoever is banned, removed or has a
// new password is sent away within seconds, and a ban is told only to who knows the password.
func TestBanEndsSessions(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *process, store []string) {
		user := func(input string, args ...string) string {
			t.Helper()
			return hubbub(t, input, append(append([]string{"user"}, args...), store...)...)
		}
		try := func(password string, want codec.Code) *peer {
			t.Helper()
			c := dial(t, p.chat)
			if got := c.tryLogin("alice", password); got != want {
				t.Errorf("the login with %q: %s, want %s", password, got, want)
			}
			return c
		}
		ends := func(c *peer) {
			t.Helper()
			begun := time.Now()
			expectNotice(t, c, codec.Kicked)
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		}
		bob := login(t, p.chat, "bob") // a guest, whom all this does not concern
		user("right password\n", "add", "Alice")
		first := try("right password", codec.Success)
		user("", "ban", "alice", "--reason", "spam")
		ends(first)
		try("right password", codec.PermissionDenied)
		try("wrong password", codec.AuthFailed)
		try("", codec.AuthFailed)
		if list := user("", "list"); !strings.Contains(list, "Alice") || !strings.Contains(list, "for good: spam") {
			t.Errorf("the list is\n%s", list)
		}
		user("", "unban", "alice")
		second := try("right password", codec.Success)
		user("other password\n", "passwd", "alice")
		ends(second)
		try("right password", codec.AuthFailed)
		third := try("other password", codec.Success)
		user("", "remove", "alice", "--yes")
		ends(third)
		if list := user("", "list"); strings.Contains(list, "alice") {
			t.Errorf("the list is\n%s", list)
		}
		guest := login(t, p.chat, "alice") // the name is anybody's again
		bob.send(&codec.WhisperRequest{To: "alice", Message: "who are you?"})
		if m, ok := guest.read().(*codec.WhisperNotify); !ok || m.User != "bob" {
			t.Error("bob is not there any more")
		}
	})
}
