package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"hubbub/handler/account"
	"hubbub/handler/history"
)

// Store is history and accounts in one database. It implements history.Store and account.Store; any goroutine may call
// any method. A method whose context ends returns the context's error, and what it was to change may be changed or not.
type Store struct {
	engine
	read, write *sql.DB // the same one, where readers need no connections of their own

	claimed func() error // gives up what Claim has; nil: nothing
}

var (
	_ history.Store = (*Store)(nil)
	_ account.Store = (*Store)(nil)
)

// engine is what the databases do each in their own way.
type engine interface {
	// insert adds messages that are not there yet, counts them, and notes the newest id: all of that or nothing.
	insert(ctx context.Context, messages []history.Message) error
	// explain says what an error of the database means and what to do about it. Errors that it does not know stay as
	// they are.
	explain(err error) error
	// claim makes this process the only server, if it can, and returns what gives that up; nil when another one is.
	claim(ctx context.Context) (giveUp func() error, err error)
	// checkpoint gives the disk space back that readers kept from being reused.
	checkpoint(ctx context.Context) error
}

// Open connects to a database and brings its tables up to date. "sqlite" is the file hubbub.db in dataDir, which is made
// for this user alone when it is not there; "postgres://…" and "postgresql://…" are URLs as libpq knows them. ctx limits
// the opening only.
func Open(ctx context.Context, database, dataDir string) (*Store, error) {
	switch scheme, _, isURL := strings.Cut(database, "://"); {
	case database == "sqlite":
		return openSQLite(ctx, dataDir)
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		return openPostgres(ctx, database)
	}
	return nil, errors.New("this is no database that can be opened: it must be sqlite, or a URL like " + exampleURL)
}

// Check asks the database for something small, and returns why it did not answer.
func (s *Store) Check(ctx context.Context) error {
	_, _, err := s.Bounds(ctx)
	return err
}

// Checkpoint gives back what a reader that took long, such as a shell in a transaction, let SQLite's -wal file grow to, once
// that reader is gone; until then it does nothing. No Append waits for more than some milliseconds of it. On PostgreSQL, which
// does so itself, it does nothing. Call it every second or so.
func (s *Store) Checkpoint(ctx context.Context) error {
	return s.failed("shrink the write-ahead log", s.checkpoint(ctx))
}

// Close closes the connections. Nothing may be called after it, and nothing that is running is waited for.
func (s *Store) Close() error {
	var err error
	if s.claimed != nil {
		err = s.claimed()
	}
	err = errors.Join(err, s.read.Close())
	if s.write != s.read {
		err = errors.Join(err, s.write.Close())
	}
	return err
}

// change runs f in a transaction, and says what it was for when that fails.
func (s *Store) change(ctx context.Context, what string, f func(tx *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.failed(what, err)
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := f(tx); err != nil {
		return s.failed(what, err)
	}
	return s.failed(what, tx.Commit())
}

// failed completes an error with what could not be done. nil stays nil, and answers that are no failures stay bare.
func (s *Store) failed(what string, err error) error {
	if err == nil || errors.Is(err, account.ErrUnknown) || errors.Is(err, account.ErrTaken) {
		return err
	}
	return fmt.Errorf("%s: %w", what, s.explain(err))
}

// collect reads all rows of a query with scan.
func collect[T any](ctx context.Context, db *sql.DB, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// row is one *sql.Row, or the current one of *sql.Rows.
type row interface{ Scan(dest ...any) error }
