package main

import (
	"os"
	"path/filepath"
	"testing"

	"hubbub/codec"
	"hubbub/internal/pgtest"
)

// TestFencedByAnother: a server that keeps no messages, or does not wait for that, hangs until another one has taken over.
// When it wakes up it makes nobody an account, ends its sessions, is not ready and stands by, though no message has told it
// that its lease is lost.
func TestFencedByAnother(t *testing.T) {
	t.Parallel()
	f := func(name, database, history string) {
		t.Run(name+"/"+history, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			args := []string{"--data-dir", dir, "--database", database, "--history", history}
			first := launchServer(t, args...)
			first.expectServing()
			second := launchServer(t, args...)
			second.expectPhase("standing_by", "standing by: another server has the database")
			eve := login(t, first.chatAddress(), "eve")
			first.freeze()
			defer first.thaw()
			eve.send(&codec.RegisterRequest{Asked: codec.Asked{Ref: 2}, User: "late", Password: "correct horse"})
			if database == "sqlite" { // PostgreSQL gives the lock away by itself
				if err := os.Remove(filepath.Join(dir, "hubbub.lock")); err != nil {
					t.Fatal(err)
				}
			}
			second.expectServing()
			first.thaw()

			var last codec.Code
			eve.untilClosed(func(m codec.Message) {
				switch m := m.(type) {
				case *codec.RegisterResponse:
					if m.Result == codec.Success {
						t.Error("a server without the lease makes an account")
					}
				case *codec.SystemNotify:
					last = m.Code
				}
			})
			if last != codec.ShuttingDown {
				t.Errorf("eve's session ended with %v", last)
			}
			first.logValue("lease lost")
			first.expectPhase("standing_by", "standing by: another server has the database")
			second.expectServing()
			if code := dial(t, second.chatAddress()).register("late"); code != codec.Success {
				t.Errorf("the account that was refused can't be made at the other server: %v", code)
			}
			second.kill()
			first.expectServing()
		})
	}
	pg := pgtest.Start(t)
	for _, history := range []string{"off", "async"} {
		f("SQLite", "sqlite", history)
		f("PostgreSQL", pg.URL(t), history)
	}
}

// register makes a name an account, and returns what came of it.
func (p *peer) register(name string) codec.Code {
	p.t.Helper()
	p.send(&codec.RegisterRequest{Asked: codec.Asked{Ref: 2}, User: name, Password: "correct horse"})
	m := p.read()
	answer, ok := m.(*codec.RegisterResponse)
	if !ok {
		p.t.Fatalf("the answer to a registration is %s", codec.Format(m))
	}
	return answer.Result
}
