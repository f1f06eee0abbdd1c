package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/handler/history"
)

// Store is history and accounts in one database. It implements history.Store and account.Store; any goroutine may call
// any method. A method whose context ends returns the context's error, and what it was to change may be changed or not.
//
// A Store that OpenLeased returned is a server's, and what it writes of the history is fenced: once another server has the
// lease, Append, Prune and Delivered return history.ErrFenced and change nothing, and so do Create and ChangePassword:
// no client hears of a new account or password from a server that has no say any more. Other changes of accounts are not fenced: each is one transaction
// of its own, as those of the hubbub user commands beside a server are.
type Store struct {
	engine
	read, write *sql.DB // the same one, where readers need no connections of their own

	lease *lease // nil: the database was opened by Open, and nothing is fenced

	recent      recent
	flush       *flush                     // in progress; guarded by recent.appending
	repackPart  int                        // repackPart; less in tests
	flushBlocks int                        // flushBlocks; fewer in tests
	recentIDs   int                        // recentIDs; less in tests
	pruned      atomic.Pointer[blockPlace] // up to where Prune has looked at the lists; nil: at none
}

var (
	_ history.Store = (*Store)(nil)
	_ account.Store = (*Store)(nil)
)

// engine is what the databases do each in their own way.
type engine interface {
	// reach asks whether the database can be used at all, and returns the version of its tables, 0 for none. It changes
	// nothing in it.
	reach(ctx context.Context) (version int64, err error)
	// newest returns the version of the tables that this binary knows.
	newest() int64
	// migrate brings the tables up to date.
	migrate(ctx context.Context, moves moves) error
	// prepare makes ready what needs the tables.
	prepare(ctx context.Context) error
	// lock takes the lock that a server holds; nil when another process has it.
	lock(ctx context.Context) (hold, error)
	// held reports whether another process has the lock, where that can be seen without taking it.
	held(ctx context.Context) (bool, error)
	// insert adds messages that are not there yet, counts them, and notes the newest id: all of that or nothing.
	// history.ErrFenced says that the epoch is another one; 0 is any.
	insert(ctx context.Context, epoch int64, messages []history.Message) error
	// add adds messages and nothing else.
	add(ctx context.Context, tx *sql.Tx, messages []history.Message) error
	// misplaced returns a history.ErrFenced when what was committed went into a file that is not the database any more.
	misplaced() error
	// explain says what an error of the database means and what to do about it. Errors that it does not know stay as
	// they are.
	explain(err error) error
	// checkpoint gives the disk space back that readers kept from being reused.
	checkpoint(ctx context.Context) error
	// kind says what is to be done about an error, cause tells it from others while it lasts.
	kind(err error) kind
	cause(err error) string
	// oneOf is the condition that a number is one of some ids, which are the query's first parameter, and that parameter.
	oneOf(ids []codec.ID) (condition string, parameter any)
	// forUpdate ends a SELECT whose rows are to be locked.
	forUpdate() string
}

// kind is what an error of a database asks for.
type kind int

const (
	lasting   kind = iota // the same would fail again
	passing               // the database is away, or can't do it now: it may do so later
	contended             // two transactions stood in each other's way: at once again
	duplicate             // a row with that key is there
)

// Open connects to a database for a command beside the server. "sqlite" is the file hubbub.db in dataDir, which is made
// for this user alone when it is not there; "postgres://…" and "postgresql://…" are URLs as libpq knows them. Where there are
// no tables of this version Open makes them, unless a server uses the database: that one knows older tables only. ctx
// limits the opening only.
func Open(ctx context.Context, database, dataDir string) (*Store, error) {
	s, err := connect(database, dataDir)
	if err != nil {
		return nil, err
	}
	if err = s.setUp(ctx); err == nil {
		err = s.prepare(ctx)
	}
	if err != nil {
		return nil, errors.Join(s.failed("open the database", err), s.Close())
	}
	return s, nil
}

// errDatabase says what can be opened.
var errDatabase = errors.New("this is no database that can be opened: it must be sqlite, none, or a URL like " + exampleURL)

// Validate reports why a database can't be opened, as far as its address tells: nothing is connected to, and no file of the
// database is looked at. The error is the one that Open and OpenLeased would return, and has no secret in it. "none" is no
// database. Anyone.
func Validate(database string) error {
	switch scheme, _, isURL := strings.Cut(database, "://"); {
	case database == "sqlite":
		return nil
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		_, err := parseURL(database)
		return err
	}
	return errDatabase
}

// connect returns a Store that has touched no table, and on PostgreSQL made no connection yet.
func connect(database, dataDir string) (*Store, error) {
	switch scheme, _, isURL := strings.Cut(database, "://"); {
	case database == "sqlite":
		return connectSQLite(dataDir)
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		return connectPostgres(database)
	}
	return nil, errDatabase
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

// Close gives the lease up and closes the connections. Nothing may be called after it, and nothing that is running is waited for.
func (s *Store) Close() error {
	if s.lease != nil {
		s.lease.release()
	}
	err := s.read.Close()
	if s.write != s.read {
		err = errors.Join(err, s.write.Close())
	}
	return err
}

// change runs f in a transaction that has the row of counters locked from its beginning: that is the one order of locks.
// Where two transactions stood in each other's way all the same, f is run again, so it must only change what tx does. The
// error says what it was for. fenced: history.ErrFenced when another server has the lease.
func (s *Store) change(ctx context.Context, what string, fenced bool, f func(tx *sql.Tx) error) error {
	epoch := int64(0)
	if fenced {
		epoch = s.epoch()
	}
	return s.failed(what, s.retry(ctx, func() error {
		tx, err := s.write.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() // after a commit it does nothing
		if err := s.lockCounters(ctx, tx, epoch); err != nil {
			return err
		}
		if err := f(tx); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		return s.misplaced()
	}))
}

// lockCounters locks the row that every transaction locks first, and checks that the epoch is still the one given.
func (s *Store) lockCounters(ctx context.Context, tx *sql.Tx, epoch int64) error {
	var now int64
	if err := tx.QueryRowContext(ctx, "SELECT epoch FROM counters"+s.forUpdate()).Scan(&now); err != nil {
		return err
	}
	if epoch != 0 && epoch != now {
		return history.ErrFenced
	}
	return nil
}

const (
	// retries is how often a transaction is begun again that stood in another one's way. Each of those others has ended
	// by then or gone on, so more are a defect.
	retries = 8
	// retryWait is the longest wait before the first of them; it doubles, up to about a second.
	retryWait = 8 * time.Millisecond
)

// retry calls f again, after a random wait that grows, while two transactions stood in each other's way.
func (s *Store) retry(ctx context.Context, f func() error) error {
	for i := range retries {
		err := f()
		if err == nil || s.kind(err) != contended {
			return err
		}
		select {
		case <-time.After(rand.N(retryWait << i)):
		case <-ctx.Done():
			return err
		}
	}
	return f()
}

// exec runs one statement, as often as it takes.
func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	return s.retry(ctx, func() error {
		if _, err := s.write.ExecContext(ctx, query, args...); err != nil {
			return err
		}
		return s.misplaced()
	})
}

// failed completes an error with what could not be done. nil stays nil, and answers that are no failures stay bare.
func (s *Store) failed(what string, err error) error {
	if err == nil {
		return nil
	}
	for _, answer := range []error{account.ErrUnknown, account.ErrTaken, account.ErrAlike, account.ErrChanged} {
		if errors.Is(err, answer) {
			return err
		}
	}
	return fmt.Errorf("%s: %w", what, s.explain(err))
}

// collect reads all rows of a query with scan.
func collect[T any](ctx context.Context, db querier, scan func(row) (T, error), query string, args ...any) ([]T, error) {
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

// querier is a *sql.DB or a *sql.Tx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// row is one *sql.Row, or the current one of *sql.Rows.
type row interface{ Scan(dest ...any) error }
