package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3/lock"

	"hubbub/handler/history"
	"hubbub/internal/pgtest"
	"hubbub/store"
)

// refuses checks that a database can't be opened, and that the error says why and what to do.
func refuses(t *testing.T, d database, says ...string) {
	t.Helper()
	s, err := store.Open(context.Background(), d.url, d.dir)
	if err == nil {
		s.Close()
		t.Fatal("it was opened")
	}
	for _, words := range says {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("the error is %q, without %q", err, words)
		}
	}
}

func TestOpenOthers(t *testing.T) {
	for _, other := range []string{"", "none", "mysql://u:secret@h/d", "SQLite", "hubbub.db", "postgres:", "sqlite://x"} {
		refuses(t, database{other, t.TempDir()}, "it must be sqlite, none, or a URL like postgres://")
	}
}

// sql opens a database without the store.
func (d database) sql(t testing.TB) *sql.DB {
	t.Helper()
	if d.dir == "" {
		config, err := pgx.ParseConfig(d.url)
		if err != nil {
			t.Fatal(err)
		}
		return stdlib.OpenDB(*config)
	}
	db, err := sql.Open("sqlite", filepath.Join(d.dir, "hubbub.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// sqlOn runs statements on a database without the store.
func sqlOn(t testing.TB, d database, statements ...string) {
	t.Helper()
	db := d.sql(t)
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSchemaFromTheFuture(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		d.open(t)
		sqlOn(t, d, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (1000, true)")
		refuses(t, d, fmt.Sprintf("has schema version 1000, this binary knows up to %d: ", store.SchemaVersion(t))+"run a newer hubbub, or restore a backup")
	})
}

// TestForeignTables: a table of ours is there already, but we did not make it.
func TestForeignTables(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		sqlOn(t, d, "CREATE TABLE counters (id integer)")
		refuses(t, d, "from schema version 0 to ", "already exists")
		sqlOn(t, d, "DROP TABLE counters")
		d.open(t)
	})
}

func TestPrivateFile(t *testing.T) {
	d := database{"sqlite", filepath.Join(t.TempDir(), "new", "odd ?#%41")}
	s := d.open(t)
	if err := s.Append(context.Background(), broadcasts(1, 3)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(d.dir)
	if err != nil || len(entries) != 4 {
		t.Fatalf("the directory has %v (%v), want the file, its log, the log's index and the lock", entries, err)
	}
	for _, entry := range append(entries, dirEntry(t, d.dir)) {
		if info, err := entry.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v (%v)", entry.Name(), info.Mode(), err)
		}
	}
}

func dirEntry(t *testing.T, path string) os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	return entries[0]
}

func TestDamagedFile(t *testing.T) {
	d := sqlite(t)
	file := filepath.Join(d.dir, "hubbub.db")
	if err := os.WriteFile(file, []byte(strings.Repeat("this is a letter to a friend. ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	refuses(t, d, file, "is not a database: restore a backup, or move the file away")

	d = sqlite(t)
	s := d.open(t)
	if err := s.Append(context.Background(), broadcasts(1, 5000)); err != nil {
		t.Fatal(err)
	}
	sqlOn(t, d, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(d.dir, "hubbub.db"))
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096 * 4; i < len(content); i++ { // all but the first tables
		content[i] ^= 0x55
	}
	if err := os.WriteFile(filepath.Join(d.dir, "hubbub.db"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err = store.Open(context.Background(), d.url, d.dir)
	if err == nil {
		defer s.Close()
		_, err = s.Page(context.Background(), []history.Conversation{{}}, 0, 0, 1000)
	}
	if err == nil || !strings.Contains(err.Error(), "is damaged: stop the server and restore a backup") {
		t.Errorf("a damaged file says %v", err)
	}
}

// TestBlockedFile lets a directory stand where SQLite keeps its log.
func TestBlockedFile(t *testing.T) {
	d := sqlite(t)
	if err := os.Mkdir(filepath.Join(d.dir, "hubbub.db-wal"), 0o700); err != nil {
		t.Fatal(err)
	}
	refuses(t, d, "can't be read or written: look at the disk")
}

func TestLockedFile(t *testing.T) {
	t.Parallel() // it waits for as long as the store does
	d := sqlite(t)
	s := d.open(t)
	other, err := sql.Open("sqlite", "file:"+filepath.Join(d.dir, "hubbub.db")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- s.Append(context.Background(), broadcasts(1, 3)) }()
	err = <-done
	if err == nil || !strings.Contains(err.Error(), "is locked by another process") {
		t.Errorf("a locked file says %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(context.Background(), broadcasts(1, 3)); err != nil || len(lobby(t, s)) != 3 {
		t.Errorf("when it is free again: %v", err)
	}
}

func TestPostgresRefuses(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	refuses(t, database{url: server.Address("nowhere")}, `database "nowhere"`, "is not there: make it with CREATE DATABASE")
	good := server.URL(t)
	wrong := strings.Replace(good, "sea%40", "s3cret", 1)
	refuses(t, database{url: wrong}, `does not let user "hubbub" in: check user and password in the URL`)

	sqlOn(t, database{url: good}, "CREATE USER visitor PASSWORD 'sea@ of/voices'", "REVOKE ALL ON SCHEMA public FROM public",
		"CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
	refuses(t, database{url: server.Address("latin")}, "has the encoding LATIN1: make one with the encoding UTF8")
	sqlOn(t, database{url: good}, "GRANT USAGE ON SCHEMA public TO visitor")
	refuses(t, database{url: strings.Replace(good, "hubbub", "visitor", 1)},
		`does not let user "visitor" make or change its tables: make the user its owner`)
	refuses(t, database{url: good + "&default_transaction_read_only=on"}, "can only be read: connect to the primary server")

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close() // nobody listens there now
	refuses(t, database{url: "postgres://hubbub:s3cret@" + listener.Addr().String() + "/chat"},
		`database "chat" on `+listener.Addr().String()+" can't be reached", "connection refused")
}

// TestPostgresTurns: while another server makes the tables, Open waits.
func TestPostgresTurns(t *testing.T) {
	t.Parallel()
	d := postgres(t)
	config, err := pgx.ParseConfig(d.url)
	if err != nil {
		t.Fatal(err)
	}
	other := stdlib.OpenDB(*config)
	defer other.Close()
	if _, err := other.Exec("SELECT pg_advisory_lock($1)", lock.DefaultLockID); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s, err := store.Open(ctx, d.url, "")
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), " does not answer in time: look at its load, its locks") {
		t.Errorf("Open returned %v and %v", s, err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	d.open(t)
}

// TestPasswordStaysSecret: no URL's password is in an error, also when the URL is cut where its author did not mean it.
func TestPasswordStaysSecret(t *testing.T) {
	for _, url := range []string{
		"postgres://u:s3cret@127.0.0.1:1/d", "postgres://u:s3cret/x@127.0.0.1:1/d", "postgres://u:s3cret%zz@127.0.0.1:1/d",
		"postgres://u:s3cret@127.0.0.1:x/d", "postgres://u:#s3cret@127.0.0.1:1/d", "postgres://127.0.0.1:1/d?user=u&password=s3cret&sslmode=no",
		"postgresql://u:a b?s3cret@127.0.0.1:1/d", "postgres://u:s3cret@[::1/d",
	} {
		s, err := store.Open(context.Background(), url, "")
		if err == nil {
			s.Close()
			t.Errorf("%s was opened", url)
		} else if strings.Contains(err.Error(), "cret") {
			t.Errorf("%s says %q", url, err)
		}
	}
}

// TestSettings: what Append returns from is on the disk, whatever the URL or the database says, and others can see
// whose the connections are.
func TestSettings(t *testing.T) {
	d := postgres(t)
	d.url += "&synchronous_commit=off&application_name=x"
	s := d.open(t)
	for setting, want := range map[string]string{"synchronous_commit": "on", "application_name": "hubbub"} {
		if got := s.Setting(t, setting); got != want {
			t.Errorf("%s is %s, want %s", setting, got, want)
		}
	}
	file := sqlite(t).open(t)
	for setting, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000"} {
		if got := file.Pragma(t, setting); got != want {
			t.Errorf("%s is %s, want %s", setting, got, want)
		}
	}
}
