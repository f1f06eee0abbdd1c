package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
)

// TestMigrationKilled kills a server that moves 300,000 messages of an earlier version to its tables. The next one goes on
// from there, and all messages are there. Meanwhile operators see how far it is.
func TestMigrationKilled(t *testing.T) {
	t.Parallel()
	const messages = 300_000
	dir := t.TempDir()
	path := filepath.Join(dir, "hubbub.db")
	schemaThree(t, path, fmt.Sprintf("INSERT INTO messages (id, conversation, sender, sender_account, recipient, recipient_account, mail, text) "+
		"WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < %d) "+
		"SELECT i, CASE i %% 2 WHEN 0 THEN '' ELSE '\"ann\" \"bob\"' END, 'ann', 0, CASE i %% 2 WHEN 0 THEN '' ELSE 'bob' END, 0, false, 'text ' || i FROM g", messages),
		fmt.Sprintf("UPDATE counters SET messages = %d, newest = %[1]d", messages))

	first := launchServer(t, "--data-dir", dir)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); first.counts("migrating the database") < 2; <-tick.C { // it begins, and a part is moved
		if time.Now().After(deadline) {
			t.Fatalf("no messages are moved:\n%s", first.tail())
		}
	}
	if _, body := first.get("/readyz"); !strings.Contains(body, "migrating the database") || !strings.Contains(body, "of 300000 messages are moved") {
		t.Errorf("/readyz says %s", body)
	}
	first.kill()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	count := func(query string) (n int) {
		t.Helper()
		if err := db.QueryRow(query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	moved, left := count("SELECT count(*) FROM messages"), count("SELECT count(*) FROM messages_before")
	if moved == 0 || left == 0 || moved+left != messages {
		t.Errorf("%d messages are moved and %d are not", moved, left)
	}

	second := launchServer(t, "--data-dir", dir)
	second.expectServing()
	if n := count("SELECT count(*) FROM messages"); n != messages {
		t.Errorf("%d messages are there", n)
	}
	if n := count("SELECT count(*) FROM sqlite_master WHERE name LIKE '%before%'"); n != 0 {
		t.Errorf("%d tables are left", n)
	}
	c := login(t, second.chatAddress(), "carol")
	c.send(&codec.HistoryRequest{Asked: codec.Asked{Ref: 1}, Limit: 3})
	page, ok := c.read().(*codec.HistoryResponse)
	if !ok || len(page.Messages) != 3 || page.Messages[0].Message != fmt.Sprint("text ", messages-4) || page.Messages[2].Message != fmt.Sprint("text ", messages) {
		t.Errorf("the newest messages are %+v", page)
	}
}

// schemaThree makes a database of schema version 3, with its files, and runs statements on it.
func schemaThree(t *testing.T, path string, statements ...string) {
	t.Helper()
	all := []string{
		"CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, " +
			"tstamp TIMESTAMP DEFAULT (datetime('now')))",
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true), (3, true)",
	}
	files, err := filepath.Glob("../../store/schema/sqlite/0000[123]_*.sql")
	if err != nil || len(files) != 3 {
		t.Fatalf("the files of the schema are %v (%v)", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, regexp.MustCompile(`(?m)^--.*$`).ReplaceAllString(string(text), ""))
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range append(all, statements...) {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}
