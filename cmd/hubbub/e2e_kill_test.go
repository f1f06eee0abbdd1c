package main

import (
	"syscall"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/internal/pgtest"
)

// TestKillLosesNothing kills the server by force, again and again, while everybody talks. Whatever a sender was told is
// kept is in the history once, and whoever comes back has heard all of it in order and nothing twice.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	times := 20
	if raceEnabled {
		times = 8
	}
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); endAgainAndAgain(t, times, "sqlite", (*process).kill) })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); endAgainAndAgain(t, 5, pgtest.Start(t).URL(t), (*process).kill) })
}

// TestShutdownKeepsEverything ends the server in good order while everybody talks: then what anybody heard is kept, too,
// whether its sender was told or not.
func TestShutdownKeepsEverything(t *testing.T) {
	t.Parallel()
	f := func(name, database string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if phantoms := endAgainAndAgain(t, 5, database, (*process).stop); phantoms != 0 {
				t.Errorf("%d times somebody heard a message that is not kept", phantoms)
			}
		})
	}
	f("SQLite", "sqlite")
	f("PostgreSQL", pgtest.Start(t).URL(t))
}

// TestShutdownWaitsForDatabase ends the server while the database owes it an answer: what was delivered is kept all the
// same.
func TestShutdownWaitsForDatabase(t *testing.T) {
	t.Parallel()
	proxy := newProxy(t, pgtest.Start(t).URL(t))
	p := serve(t, "--database", proxy.url)
	alice, bob := login(t, p.chat, "alice"), login(t, p.chat, "bob")
	proxy.freeze(true)
	alice.send(&codec.BroadcastRequest{Message: "last words"})
	heard, ok := bob.read().(*codec.BroadcastNotify)
	if !ok {
		t.Fatal("bob did not hear the last words")
	}
	id := heard.ID
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.logValue("stopped")
	select {
	case <-time.After(time.Second): // that is to last longer than a server needs that does not wait
	case <-p.exited:
		t.Error("the server did not wait for the database")
	}
	proxy.freeze(false)
	<-p.exited
	carol := login(t, serve(t, "--database", proxy.url).chat, "carol")
	carol.send(&codec.HistoryRequest{Asked: codec.Asked{Ref: 2}})
	page, ok := carol.read().(*codec.HistoryResponse)
	if !ok || len(page.Messages) != 1 || page.Messages[0] != (codec.HistoryMessage{ID: id, User: "alice", Message: "last words"}) {
		t.Errorf("the history is %+v", page)
	}
}

// endAgainAndAgain ends a server and starts another one while everybody talks, and compares what they said and heard with
// the history. It returns how many messages somebody heard that are not kept.
func endAgainAndAgain(t *testing.T, times int, database string, end func(*process)) (phantoms int) {
	t.Helper()
	dir := t.TempDir()
	args := []string{"--data-dir", dir, "--database", database, "--message-rate", "0"}
	p := serve(t, args...)
	args = append(args, "--listen", p.chat)
	c := newChoir(t, p.chat, database, dir)
	c.sing(4)
	for range times {
		c.goesOn(10)
		end(p)
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
		t.Error("nothing was under way at any end")
	}
	t.Logf("%d ends: %d messages are kept, of %d the senders do not know, %d times somebody heard one that is not kept",
		times, kept, lost, phantoms)
	return phantoms
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
