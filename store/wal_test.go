package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/store"
)

// long returns messages of a thousand bytes each.
func long(from uint64, n int) []history.Message {
	messages := make([]history.Message, n)
	for i := range messages {
		messages[i] = history.Message{ID: codec.MakeID(from+uint64(i), 0), From: history.Party{Name: "alice"}, Text: strings.Repeat("x", 1000)}
	}
	return messages
}

func walSize(t *testing.T, d database) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(d.dir, "hubbub.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// grown returns a database whose -wal file a reader in a transaction has let grow beyond 24 MiB, and that reader.
func grown(t *testing.T) (database, *store.Store, *sql.Tx) {
	t.Helper()
	d := sqlite(t)
	s := d.open(t)
	shell, err := sql.Open("sqlite", "file:"+filepath.Join(d.dir, "hubbub.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shell.Close() })
	reader, err := shell.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reader.QueryRow("SELECT count(*) FROM messages").Scan(&n); err != nil {
		t.Fatal(err)
	}
	for from := uint64(1); walSize(t, d) < 24<<20; from += 500 {
		if err := s.Append(t.Context(), long(from, 500)); err != nil {
			t.Fatal(err)
		}
	}
	return d, s, reader
}

// TestCheckpoint: what a reader let the -wal file grow to is given back once it is gone, also when nobody writes any more,
// and while it is there it is not disturbed and keeps nobody waiting.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	d, s, reader := grown(t)
	if err := s.Checkpoint(t.Context()); err != nil {
		t.Errorf("with a reader: %v", err)
	}
	var n int
	if err := reader.QueryRow("SELECT count(*) FROM messages").Scan(&n); err != nil || n != 0 {
		t.Errorf("the reader sees %d messages now: %v", n, err)
	}
	if size := walSize(t, d); size < 24<<20 {
		t.Errorf("what the reader needs was cut to %d bytes", size)
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	before := lobby(t, s)
	if err := s.Checkpoint(t.Context()); err != nil {
		t.Error(err)
	}
	if size := walSize(t, d); size > 8<<20 {
		t.Errorf("without a reader the file keeps %d bytes", size)
	}
	if after := lobby(t, s); len(after) == 0 || len(after) != len(before) {
		t.Errorf("%d messages became %d", len(before), len(after))
	}
}

// TestCheckpointWaitsForNobody: somebody else who writes, and a reader, keep Checkpoint from its work, not from returning,
// and it does not keep Append from its own.
func TestCheckpointWaitsForNobody(t *testing.T) {
	t.Parallel()
	const busy = 5 * time.Second // how long connections to the file wait for each other
	d, s, reader := grown(t)
	defer reader.Rollback()
	within := func(what string, do func() error) {
		t.Helper()
		begun := time.Now()
		if err := do(); err != nil {
			t.Errorf("%s: %v", what, err)
		} else if took := time.Since(begun); took >= busy {
			t.Errorf("%s took %s", what, took)
		}
	}
	for i := range uint64(3) {
		done := make(chan error)
		go func() { done <- s.Checkpoint(context.Background()) }()
		within("Append beside Checkpoint and a reader", func() error { return s.Append(t.Context(), long(1e6+i, 1)) })
		within("Checkpoint beside a reader", func() error { return <-done })
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", "file:"+filepath.Join(d.dir, "hubbub.db")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	writer, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	within("Checkpoint beside a writer", func() error { return s.Checkpoint(t.Context()) })
	if err := writer.Rollback(); err != nil {
		t.Fatal(err)
	}
	within("Checkpoint", func() error { return s.Checkpoint(t.Context()) })
	if size := walSize(t, d); size > 8<<20 {
		t.Errorf("without anybody the file keeps %d bytes", size)
	}
}

// TestJournalSizeLimit: where there is no Checkpoint, the writer cuts the file when it begins it anew.
func TestJournalSizeLimit(t *testing.T) {
	t.Parallel()
	d, s, reader := grown(t)
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(3) {
		if err := s.Append(t.Context(), long(1e6+i, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if size := walSize(t, d); size > 8<<20 {
		t.Errorf("the file keeps %d bytes", size)
	}
}
