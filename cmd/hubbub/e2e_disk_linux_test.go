package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/internal/disktest"
)

// refusesToStart shows what somebody reads whose server can't have its database.
func refusesToStart(t *testing.T, dataDir, database string, words ...string) {
	t.Helper()
	out, ok := run(t, nil, "serve", "--listen", "127.0.0.1:0", "--admin", "", "--data-dir", dataDir, "--database", database)
	for _, want := range words {
		if ok || !strings.Contains(out, want) {
			t.Errorf("expected a failure with %q, got\n%s", want, out)
		}
	}
}

// TestUnfitDatabases starts the server with databases that it can't use.
func TestUnfitDatabases(t *testing.T) {
	t.Parallel()
	letter := t.TempDir()
	file := filepath.Join(letter, "hubbub.db")
	if err := os.WriteFile(file, []byte(strings.Repeat("this is a letter to a friend. ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	refusesToStart(t, letter, "sqlite", file+" is not a database: restore a backup, or move the file away")

	future := t.TempDir()
	addAccounts(t, future, "alice")
	db, err := sql.Open("sqlite", filepath.Join(future, "hubbub.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (1000, true)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	refusesToStart(t, future, "sqlite", "has schema version 1000, this binary knows up to ", ": run a newer hubbub, or restore a backup")
}

// TestUnfitDisks starts the server on disks that are read-only, or full.
func TestUnfitDisks(t *testing.T) {
	disktest.On(t, func(t *testing.T, disk string) {
		disktest.Writable(t, disk, false)
		refusesToStart(t, filepath.Join(disk, "data"), "sqlite", "read-only file system: choose another --data-dir, or let this user write to it")
		disktest.Writable(t, disk, true)
		disktest.Fill(t, disk)
		refusesToStart(t, disk, "sqlite", filepath.Join(disk, "hubbub.db"), "disk", "space")
	})
}

// TestDiskFillsUp fills the disk under a server. Messages are delivered and wait to be kept, until there are too many and
// senders hear so; when there is space again, all that waited is kept and acknowledged.
func TestDiskFillsUp(t *testing.T) {
	disktest.On(t, func(t *testing.T, disk string) {
		p := serve(t, "--data-dir", disk, "--history-queue", "64KiB", "--message-rate", "0")
		alice, bob := login(t, p.chat, "alice"), login(t, p.chat, "bob")
		s := &speaker{peer: alice, acknowledged: map[uint32]codec.ID{}}
		for range 10 {
			s.say()
		}
		s.settle()
		free := disktest.Fill(t, disk)
		for !s.busy && s.said < 5000 {
			s.say()
		}
		waiting := int(s.said) - len(s.acknowledged)
		if !s.busy || waiting == 0 {
			t.Fatalf("of %d messages %d were acknowledged; busy: %t", s.said, len(s.acknowledged), s.busy)
		}
		p.readyz(503, "disk is full: free some space")
		for n := range s.said {
			if m, ok := bob.read().(*codec.BroadcastNotify); !ok || m.Message != text(n+1) {
				t.Fatalf("bob did not hear message %d", n+1)
			}
		}
		free()
		p.readyz(200, `"database":"ok"`)
		s.settle()
		s.busy = false
		s.say()
		s.settle()
		if s.busy {
			t.Error("there is space again and the server is busy")
		}
		s.compare(p)
		t.Logf("%d messages waited for space, and are kept", waiting)
	})
}

// speaker says one thing after the other and notes what is acknowledged.
type speaker struct {
	*peer
	said         uint32 // so many messages, whose numbers begin with 1
	busy         bool   // the last one was refused
	acknowledged map[uint32]codec.ID
}

// text is what a message with a number says.
func text(n uint32) string { return fmt.Sprintf("%1000d", n) }

// say says the next thing, and waits until the server has taken it or refused it. The PONG comes behind a refusal.
func (s *speaker) say() {
	s.t.Helper()
	s.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: s.said + 1}, Message: text(s.said + 1)}, &codec.Ping{})
	s.said++
	s.until(func(m codec.Message) bool {
		s.hear(m)
		_, done := m.(*codec.Pong)
		return done
	})
}

// hear notes an answer.
func (s *speaker) hear(m codec.Message) {
	s.t.Helper()
	answer, ok := m.(*codec.BroadcastResponse)
	switch {
	case !ok:
	case answer.Result == codec.Success:
		s.acknowledged[answer.Ref] = answer.ID
	case answer.Result == codec.ServerBusy && answer.Ref == s.said:
		s.busy = true
		s.said-- // it was not
	default:
		s.t.Errorf("message %d of %d: %s", answer.Ref, s.said, answer.Result)
	}
}

// settle waits until everything is acknowledged.
func (s *speaker) settle() {
	s.t.Helper()
	for len(s.acknowledged) < int(s.said) {
		s.hear(s.read())
	}
}

// compare shows that the history has what was acknowledged, once and in order, and nothing else.
func (s *speaker) compare(p *process) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	reader, err := client.Dial(ctx, p.chat, client.Options{User: "reader", DiscardEvents: true})
	if err != nil {
		s.t.Fatal(err)
	}
	defer reader.Close()
	n := uint32(0)
	for m, err := range reader.HistorySeq(ctx, client.HistoryQuery{After: 1}) {
		if n++; err != nil || m != (client.HistoryMessage{ID: s.acknowledged[n], User: s.name, Text: text(n)}) {
			s.t.Fatalf("message %d in the history is %+v (%v)", n, m, err)
		}
	}
	if n != s.said {
		s.t.Errorf("the history has %d messages of %d", n, s.said)
	}
}
