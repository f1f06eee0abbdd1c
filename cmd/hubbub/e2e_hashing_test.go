package main

import (
	"fmt"
	"testing"

	"hubbub/codec"
)

// attackers are connections that wait for their moment, by the number of it from the addresses that from tells.
func attackers(t *testing.T, p *process, connections int, from func(i int) string) (all []*peer) {
	t.Helper()
	for i := range connections {
		all = append(all, dialFrom(t, from(i), p.chat))
	}
	return all
}

// besideAnAttack has hundreds of connections log in at once, some way or other, and a normal login come right behind it
// from another address: it succeeds within so many hashes, however long a hash takes.
func besideAnAttack(t *testing.T, most float64, from func(i int) string, attack func(i int, c *peer)) {
	const connections = 450
	dir := t.TempDir()
	p := serve(t, "--data-dir", dir, "--hashers", "1", "--login-timeout", "0s", "--message-rate", "0")
	addAccounts(t, dir, "mallory", "alice")
	all := attackers(t, p, connections, from)
	alice := dialFrom(t, "127.0.3.1", p.chat)
	before := p.metric("hubbub_password_hashes_total")
	for i, c := range all {
		attack(i, c)
	}
	begun := p.metric("hubbub_password_hashes_total")
	if got := alice.tryLogin("alice", password("alice")); got != codec.Success {
		t.Fatalf("alice hears %s", got)
	}
	until := p.metric("hubbub_password_hashes_total") - begun
	if until > most {
		t.Errorf("%v hashes were computed until alice came in, more than %v", until, most)
	}
	p.eventually("hubbub_hashing_waiting", equal(0))
	t.Logf("%v hashes until alice came in, %v in all", until, p.metric("hubbub_password_hashes_total")-before)
}

// logIn sends a login whose answer is not waited for.
func (p *peer) logIn(name, password string) {
	p.send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: name, Password: password})
}

func oneAddress(int) string { return "127.0.2.1" }

func manyAddresses(i int) string { return fmt.Sprintf("127.0.%d.%d", 4+i/200, 1+i%200) }

// TestLoginsKeepNobodyWaiting: whoever logs in from elsewhere is behind what is computed and one login of the attackers,
// or behind as many as may wait for an account that is tried from everywhere.
func TestLoginsKeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	const some = 10 // those two, the own one, and what a slow machine computes between the count and the login
	t.Run("one account from one address", func(t *testing.T) {
		besideAnAttack(t, some, oneAddress, func(_ int, c *peer) { c.logIn("mallory", password("mallory")) })
	})
	t.Run("one account from everywhere", func(t *testing.T) {
		besideAnAttack(t, 16+some, manyAddresses, func(_ int, c *peer) { c.logIn("mallory", password("mallory")) })
	})
	t.Run("logins of who is gone", func(t *testing.T) {
		besideAnAttack(t, some, oneAddress, func(_ int, c *peer) {
			c.logIn("mallory", password("mallory"))
			c.conn.Close()
		})
	})
}
