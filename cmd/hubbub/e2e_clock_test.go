package main

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/internal/pgtest"
	"hubbub/store"
)

const day = 24 * time.Hour

// remember makes a database in which a guest said something to everybody some times ago, the last of them last.
func remember(t *testing.T, database, dir string, ago ...time.Duration) (last codec.ID) {
	t.Helper()
	s, err := store.Open(t.Context(), database, dir)
	if err != nil {
		t.Fatal(err)
	}
	var messages []history.Message
	for _, ago := range ago {
		last = codec.MakeID(codec.TickAt(time.Now().Add(-ago)), 0)
		messages = append(messages, history.Message{ID: last, From: history.Party{Name: "ghost"}, Text: "boo"})
	}
	if err := s.Append(t.Context(), messages); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return last
}

// TestClockJumpKeepsHistory: a clock that is months ahead of the database, or a server that was off for months, removes
// nothing until an operator says that the clock is right.
func TestClockJumpKeepsHistory(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); keepsHistory(t, "sqlite") })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); keepsHistory(t, pgtest.Start(t).URL(t)) })
}

func keepsHistory(t *testing.T, database string) {
	dir := t.TempDir()
	remember(t, database, dir, 121*day, 120*day)
	file := filepath.Join(dir, "hubbub.yaml")
	rewrite(t, file, "clock-jump: refuse\n")
	p := serve(t, "--database", database, "--data-dir", dir, "--config", file)
	p.logValue("clock jump refused")
	p.eventually("hubbub_history_prunes_total", func(v float64) bool { return v > 0 })
	if jump := p.metric("hubbub_clock_jump_seconds"); jump < 119*day.Seconds() || jump > 121*day.Seconds() {
		t.Errorf("the clock jumped by %v s", jump)
	}
	if n := p.metric("hubbub_history_pruned_total"); n != 0 {
		t.Errorf("%v messages were removed", n)
	}
	if status, body := p.get("/readyz"); status != 200 || !strings.Contains(body, "--clock-jump accept") {
		t.Errorf("/readyz says %d, %s", status, body)
	}
	rewrite(t, file, "clock-jump: accept\n")
	_ = p.cmd.Process.Signal(syscall.SIGHUP)
	p.eventually("hubbub_history_pruned_total", equal(2))
	if jump := p.metric("hubbub_clock_jump_seconds"); jump != 0 {
		t.Errorf("the clock is still %v s ahead", jump)
	}
}

// TestIdsAheadTellTheTime: after a clock was 400 days ahead ids go on from there, and clients are told the time.
func TestIdsAheadTellTheTime(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); tellTheTime(t, "sqlite") })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); tellTheTime(t, pgtest.Start(t).URL(t)) })
}

func tellTheTime(t *testing.T, database string) {
	dir := t.TempDir()
	ahead := remember(t, database, dir, -400*day)
	p := serve(t, "--database", database, "--data-dir", dir)
	alice, bob := login(t, p.chat, "alice"), login(t, p.chat, "bob")
	right := func(what string, id codec.ID, at uint64) {
		t.Helper()
		if ago := time.Since(id.TimeOf(at)).Abs(); id <= ahead || ago > patience {
			t.Errorf("%s: id %d after %d, %v off", what, id, ahead, ago)
		}
	}
	alice.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 2}, Message: "hi"})
	heard, ok := bob.read().(*codec.BroadcastNotify)
	if !ok {
		t.Fatal("bob heard nothing")
	}
	right("live", heard.ID, heard.At)
	if m, ok := alice.read().(*codec.BroadcastResponse); !ok || m.ID != heard.ID {
		t.Errorf("alice heard %+v", m)
	}
	alice.send(&codec.HistoryRequest{Asked: codec.Asked{Ref: 3}, Limit: 1})
	page, ok := alice.read().(*codec.HistoryResponse)
	if !ok || len(page.Messages) != 1 || len(page.Times) != 1 {
		t.Fatalf("the page is %+v", page)
	}
	right("history", page.Messages[0].ID, page.Times[0].At)
	carol := dial(t, p.chat)
	carol.send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "carol", Since: ahead})
	carol.read()
	if again, ok := carol.read().(*codec.BroadcastNotify); !ok || again.At != heard.At {
		t.Errorf("carol heard %+v", again)
	}
}

// TestNoIDTwice kills a server whose ids run ahead of the clock while the database does not take what it delivered. The
// next one gives none of those ids to another message.
func TestNoIDTwice(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		noIDTwice(t, "sqlite", dir, func() (*sql.DB, error) {
			return sql.Open("sqlite", "file:"+filepath.Join(dir, "hubbub.db")+"?_txlock=immediate")
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Start(t).URL(t)
		noIDTwice(t, url, t.TempDir(), func() (*sql.DB, error) { return sql.Open("pgx", url) })
	})
}

func noIDTwice(t *testing.T, database, dir string, open func() (*sql.DB, error)) {
	ahead := remember(t, database, dir, -time.Hour)
	given := map[codec.ID]string{}
	for _, text := range []string{"m1", "m2", "m3"} {
		p := serve(t, "--database", database, "--data-dir", dir)
		alice, bob := login(t, p.chat, "alice"), login(t, p.chat, "bob")
		unlock := lockMessages(t, open)
		alice.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 2}, Message: text})
		heard, ok := bob.read().(*codec.BroadcastNotify)
		if !ok || heard.ID <= ahead || time.Since(heard.ID.TimeOf(heard.At)).Abs() > patience {
			t.Fatalf("bob heard %+v, want a message after %d", heard, ahead)
		}
		if other, twice := given[heard.ID]; twice {
			t.Errorf("%s has the id of %s", text, other)
		}
		given[heard.ID] = text
		p.kill()
		unlock()
	}
}

// lockMessages keeps a server from writing messages until unlock.
func lockMessages(t *testing.T, open func() (*sql.DB, error)) (unlock func()) {
	t.Helper()
	db, err := open()
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(context.Background(), nil)
	if err == nil {
		_, err = tx.Exec("UPDATE counters SET newest = newest") // which an Append changes too
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() { _, _ = tx.Rollback(), db.Close() }
}
