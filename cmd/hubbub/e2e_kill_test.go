package main

import (
	"syscall"
	"testing"

	"hubbub/internal/pgtest"
)

// TestKillLosesNothing kills the server by force, again and again, while everybody talks. Whatever a sender was told is
// kept is in the history once, and whoever comes back has heard all of it in order and nothing twice.
func TestKillLosesNothing(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { killAgainAndAgain(t, 20, "sqlite") })
	t.Run("PostgreSQL", func(t *testing.T) { killAgainAndAgain(t, 5, pgtest.Start(t).URL(t)) })
}

func killAgainAndAgain(t *testing.T, kills int, database string) {
	dir := t.TempDir()
	args := []string{"--data-dir", dir, "--database", database, "--message-rate", "0"}
	p := serve(t, args...)
	args = append(args, "--listen", p.chat)
	c := newChoir(t, p.chat, database, dir)
	c.sing(4)
	for range kills {
		c.goesOn(10)
		p.kill()
		p = serve(t, args...)
	}
	c.goesOn(10)
	c.hush()
	c.leave()
	kept, phantoms := c.audit()
	lost := 0
	for _, r := range c.said {
		if r.lost() {
			lost++
		}
	}
	if lost == 0 {
		t.Error("nothing was under way at any kill")
	}
	t.Logf("%d kills: %d messages are kept, of %d the senders do not know, %d times somebody heard one that is not kept",
		kills, kept, lost, phantoms)
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	p.t.Helper()
	p.wantsNonZero = true
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		p.t.Fatal(err)
	}
	<-p.exited
}
