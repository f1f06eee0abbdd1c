package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hubbub/codec"
)

// TestFileReplacedUnderStandby: a backup is put in the place of SQLite's file while one server hangs and another one stands
// by. That one serves the file that is there, and nothing of the one that was: neither what it had open itself, nor what the
// write-ahead log beside the file has left.
func TestFileReplacedUnderStandby(t *testing.T) {
	dir, backup := t.TempDir(), t.TempDir()
	say := func(p *process, texts ...string) {
		t.Helper()
		c := login(t, p.chatAddress(), "alice")
		defer c.conn.Close()
		for _, text := range texts {
			c.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 1}, Message: text})
			if m, ok := c.read().(*codec.BroadcastResponse); !ok || m.Result != codec.Success {
				t.Fatalf("%q was not kept: %v", text, m)
			}
		}
	}
	other := serve(t, "--data-dir", backup)
	say(other, "of the backup")
	other.stop()

	first := serve(t, "--data-dir", dir)
	say(first, slices.Repeat([]string{"of the old file"}, 20)...)
	second := launchServer(t, "--data-dir", dir)
	second.expectPhase("standing_by", "standing by: another server has the database")
	first.freeze() // or it would notice
	if err := os.Rename(filepath.Join(backup, "hubbub.db"), filepath.Join(dir, "hubbub.db")); err != nil {
		t.Fatal(err)
	}
	first.kill()
	second.expectServing()
	say(second, "of the new server")
	second.stop()

	db, err := sql.Open("sqlite", filepath.Join(dir, "hubbub.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var sound string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("the file is %s (%v)", sound, err)
	}
	rows, err := db.Query("SELECT text FROM messages ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		got = append(got, text)
	}
	if err := rows.Err(); err != nil || !slices.Equal(got, []string{"of the backup", "of the new server"}) {
		t.Errorf("the file has %q (%v)", got, err)
	}
	if log := second.tail(); !strings.Contains(log, "replaced") {
		t.Errorf("the server does not say what it does:\n%s", log)
	}
}
