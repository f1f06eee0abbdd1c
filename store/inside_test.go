package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"hubbub/handler/account"
	"hubbub/handler/history"
)

// Setting returns one of PostgreSQL, on a connection of the store.
func (s *Store) Setting(t *testing.T, name string) string { return s.ask(t, "SHOW "+name) }

// Pragma returns one of SQLite, on the connection that writes.
func (s *Store) Pragma(t *testing.T, name string) string { return s.ask(t, "PRAGMA "+name) }

func (s *Store) ask(t *testing.T, query string) (value string) {
	t.Helper()
	if err := s.write.QueryRowContext(context.Background(), query).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func openTest(t *testing.T) *Store {
	t.Helper()
	s, err := Open(context.Background(), "sqlite", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestReadersOnlyRead: a mistake in a query can't write past the one connection that may.
func TestReadersOnlyRead(t *testing.T) {
	if _, err := openTest(t).read.ExecContext(context.Background(), "DELETE FROM messages"); err == nil {
		t.Error("a reader could write")
	}
}

// TestWriterLocksAtOnce: a transaction that only reads at first has its turn from the start, so it can't fail later.
func TestWriterLocksAtOnce(t *testing.T) {
	s := openTest(t)
	tx, err := s.write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	other, err := sql.Open("sqlite", "file:"+s.engine.(*sqliteEngine).path+"?_busy_timeout=0&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Begin(); err == nil {
		t.Error("two could begin to write")
	}
}

// TestOldRevocationsGo: those go that are too many, but none because of what the clock says.
func TestOldRevocationsGo(t *testing.T) {
	ctx, s := context.Background(), openTest(t)
	if _, err := s.Create(ctx, account.Name{Display: "ann", Key: "ann"}, ""); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		query string
		want  int
	}{
		{"", 2}, // the first one is the account's own
		{"UPDATE revocations SET at = 0", 3},
		{fmt.Sprintf("UPDATE counters SET revocations = %d", revocationsMax+1), 2},
	} {
		if _, err := s.write.ExecContext(ctx, test.query); err != nil {
			t.Fatal(err)
		}
		if err := s.SetPassword(ctx, account.Name{Display: "ann", Key: "ann"}, ""); err != nil {
			t.Fatal(err)
		}
		if all, err := s.Revocations(ctx, 0); err != nil || len(all) != test.want {
			t.Errorf("after %q there are %+v (%v), want %d", test.query, all, err, test.want)
		}
	}
}

// TestMigrateInSteps goes through versions that are still to come, one of which fails at first: it leaves nothing behind.
func TestMigrateInSteps(t *testing.T) {
	ctx, s := context.Background(), openTest(t)
	files, version := fstest.MapFS{}, SchemaVersion(t)
	for _, name := range versions(t) {
		files[name] = &fstest.MapFile{Data: read(t, "schema/sqlite/"+name)}
	}
	more, bad := fmt.Sprint(version+1, "_more.sql"), fmt.Sprint(version+2, "_bad.sql")
	files[more] = &fstest.MapFile{Data: []byte("-- +goose Up\nALTER TABLE accounts ADD COLUMN email TEXT;\nCREATE TABLE more (id INTEGER);")}
	files[bad] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE even_more (id INTEGER);\nINSERT INTO nothing VALUES (1);")}
	apply := func() error {
		return apply(ctx, "hubbub.db", s.write, goose.DialectSQLite3, files, moves{})
	}
	if err := apply(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("bring hubbub.db from schema version %d to %d: ", version+1, version+2)) {
		t.Errorf("a version that fails says %v", err)
	}
	files[bad].Data = []byte("-- +goose Up\nCREATE TABLE even_more (id INTEGER);")
	if err := apply(); err != nil {
		t.Error(err)
	}
	if _, err := s.write.ExecContext(ctx, "INSERT INTO even_more SELECT id FROM more"); err != nil {
		t.Error(err)
	}
}

// versions returns the names of SQLite's schema files, in their order.
func versions(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir("schema/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// SchemaVersion is the one that this binary knows.
func SchemaVersion(t *testing.T) (version int) {
	t.Helper()
	names := versions(t)
	if _, err := fmt.Sscanf(names[len(names)-1], "%d_", &version); err != nil {
		t.Fatal(err)
	}
	return version
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := fs.ReadFile(os.DirFS("."), name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// DropIdle closes the connections that nobody uses.
func (s *Store) DropIdle() {
	s.write.SetMaxIdleConns(0)
	s.write.SetMaxIdleConns(postgresConnections)
}

// OpenLeasedInParts is OpenLeased with so many messages that a migration moves in a transaction.
func OpenLeasedInParts(ctx context.Context, database, dataDir string, part int, waiting func(why error)) (*Store, error) {
	s, err := connect(database, dataDir)
	if err != nil {
		return nil, err
	}
	s.repackPart = part
	return s.openLeased(ctx, waiting)
}

// SetFlush sets with how many ids in memory a flush into lists begins, and how many blocks of it an Append writes.
func (s *Store) SetFlush(ids, blocks int) { s.recentIDs, s.flushBlocks = ids, blocks }

// ConversationOf names the conversation in which a message was said.
func ConversationOf(m *history.Message) string { return conversationOf(m) }
