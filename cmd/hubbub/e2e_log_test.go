package main

import (
	"strings"
	"testing"

	"hubbub/codec"
)

// TestPasswordsAreNotLogged: not even where every packet is.
func TestPasswordsAreNotLogged(t *testing.T) {
	t.Parallel()
	const password = "correct horse battery staple"
	p := serve(t, "--log-level", "debug")
	alice := dial(t, p.chat)
	alice.send(&codec.RegisterRequest{Asked: codec.Asked{Ref: 1}, User: "alice", Password: password},
		&codec.LoginRequest{Asked: codec.Asked{Ref: 2}, User: "alice", Password: password[1:]},
		&codec.LoginRequest{Asked: codec.Asked{Ref: 3}, User: "alice", Password: password},
		&codec.PasswordRequest{Asked: codec.Asked{Ref: 5}, Old: password[1:], New: password + "!"},
		&codec.PasswordRequest{Asked: codec.Asked{Ref: 6}, Old: password, New: password + "!"},
		&codec.LogoutRequest{Asked: codec.Asked{Ref: 4}})
	for {
		if _, ok := alice.read().(*codec.LogoutResponse); ok {
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	log := p.log.String()
	if strings.Contains(log, password[1:]) || strings.Count(log, "***") != 7 {
		t.Errorf("the log is\n%s", log)
	}
}
