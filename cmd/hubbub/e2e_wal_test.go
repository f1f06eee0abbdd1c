package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
)

// TestWALShrinks: when a shell has sat in a transaction, the file that grew beside it is small again soon after, though
// nobody says anything any more. Smaller than where journal_size_limit cuts it: so much it is when something is written
// again, and here that need not be.
func TestWALShrinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, "--data-dir", dir, "--message-rate", "0")
	alice := login(t, p.chat, "alice")
	shell, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "hubbub.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	reader, err := shell.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reader.QueryRow("SELECT count(*) FROM messages").Scan(&n); err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		t.Helper()
		info, err := os.Stat(filepath.Join(dir, "hubbub.db-wal"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	text := strings.Repeat("x", 1000)
	for size() < 24<<20 {
		for range 200 {
			alice.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 1}, Message: text})
		}
		for range 200 {
			if m, ok := alice.read().(*codec.BroadcastResponse); !ok || m.Result != codec.Success {
				t.Fatal("a message was not kept")
			}
		}
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); size() >= 8<<20; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("the file stays at %d bytes", size())
		}
	}
}
