package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"hubbub/codec"
	"hubbub/handler/history"
)

const (
	// sqliteFile is the database's name in the data directory.
	sqliteFile = "hubbub.db"
	// sqliteReaders is how many goroutines read at the same time. Writers are one at a time in any case.
	sqliteReaders = 4
	// sqliteBusy is how long in milliseconds to wait for another process that writes to the file.
	sqliteBusy = "5000"
)

// sqliteEngine is the file's only connection that writes, with its statements.
type sqliteEngine struct {
	path    string
	file    os.FileInfo // at path, before it was opened
	mu      sync.Mutex
	wal     os.FileInfo // its write-ahead log, as noteLog saw it last; guarded by mu
	db      *sql.DB
	read    *sql.DB
	inserts []insertion // the largest first; the last inserts a single message
	count   *sql.Stmt
}

// insertion is a statement that inserts so many messages. Compiling one costs more than running it, and running one for
// many costs less a message than running one for each.
type insertion struct {
	messages int
	*sql.Stmt
}

func connectSQLite(dir string) (*Store, error) {
	e := &sqliteEngine{path: filepath.Join(dir, sqliteFile)}
	if err := makePrivate(dir, e.path); errors.Is(err, errOpenDir) {
		return nil, err
	} else if err != nil {
		return nil, fmt.Errorf("%w: choose another --data-dir, or let this user write to it", err)
	}
	var err error
	if e.file, err = os.Stat(e.path); err != nil {
		return nil, err
	}
	if e.db, err = e.openFile(sqliteBusy, "&_txlock=immediate&_pragma=journal_size_limit="+sqliteWALMaxText, 1); err != nil {
		return nil, err
	}
	if e.read, err = e.openFile(sqliteBusy, "&_query_only=true", sqliteReaders); err != nil {
		return nil, errors.Join(err, e.db.Close())
	}
	return &Store{engine: e, read: e.read, write: e.db, recentIDs: recentIDs, flushBlocks: flushBlocks, repackPart: repackPart}, nil
}

func (e *sqliteEngine) reach(ctx context.Context) (version int64, err error) {
	var tables int
	const query = "SELECT count(*) FROM sqlite_master WHERE name = '" + goose.DefaultTablename + "'"
	if err := e.db.QueryRowContext(ctx, query).Scan(&tables); err != nil || tables == 0 {
		return 0, err
	}
	if err := e.db.QueryRowContext(ctx, versionQuery).Scan(&version); err != nil {
		return 0, err
	}
	return version, tooNew(sqliteFile, version, e.newest())
}

func (e *sqliteEngine) migrate(ctx context.Context, moves moves) error {
	return migrate(ctx, sqliteFile, e.db, goose.DialectSQLite3, "sqlite", moves)
}

func (e *sqliteEngine) forUpdate() string { return "" } // a transaction that writes is alone from its beginning

func (e *sqliteEngine) oneOf(ids []codec.ID) (condition string, parameter any) {
	json := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			json = append(json, ',')
		}
		json = strconv.AppendInt(json, number(id), 10)
	}
	return "IN (SELECT value FROM json_each($1))", string(append(json, ']'))
}

func (e *sqliteEngine) newest() int64 { return newestVersion("sqlite") }

// openFile prepares connections and makes none. busy is how many milliseconds they wait for others. A commit is on the disk
// when it returns (synchronous), and readers and the writer do not wait for each other (WAL).
func (e *sqliteEngine) openFile(busy, options string, connections int) (*sql.DB, error) {
	name := fileURL(e.path) + "?_busy_timeout=" + busy + "&_journal_mode=WAL&_synchronous=FULL" + options
	plain, err := sql.Open("sqlite", name) // which connects to nothing
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(&sqliteConnector{e, plain.Driver(), name})
	if err := plain.Close(); err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// sqliteConnector connects to the file that is open and to no other one: a connection to a file that was put in its place
// would take the old file's write-ahead log for that one's, and write it into it.
type sqliteConnector struct {
	engine *sqliteEngine
	driver driver.Driver
	name   string
}

// Connect implements driver.Connector.
func (c *sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	if err := c.engine.checkFile(); err != nil {
		return nil, err
	}
	return c.driver.Open(c.name)
}

// Driver implements driver.Connector.
func (c *sqliteConnector) Driver() driver.Driver { return c.driver }

// fileURL names a file for SQLite, without options.
func fileURL(path string) string {
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
}

// prepare compiles what Append runs. Parameters without numbers are bound faster: SQLite searches all of a statement's
// names for each of the others. OR FAIL leaves what a statement did before it failed to the transaction, so SQLite keeps no
// journal for each statement.
func (e *sqliteEngine) prepare(ctx context.Context) (err error) {
	const query, values = "INSERT OR FAIL INTO messages (" + columns + ") VALUES ", "(?, ?, ?, ?, ?)"
	for _, n := range []int{64, 8, 1} {
		stmt, err := e.db.PrepareContext(ctx, query+strings.Repeat(values+", ", n-1)+values)
		if err != nil {
			return err
		}
		e.inserts = append(e.inserts, insertion{n, stmt})
	}
	const count = "UPDATE counters SET newest = max(newest, ?), messages = messages + ?, prunable = min(prunable, ?), " +
		"reserved = max(reserved, ?) " +
		"WHERE ? IN (0, epoch)"
	e.count, err = e.db.PrepareContext(ctx, count)
	return err
}

func (e *sqliteEngine) insert(ctx context.Context, epoch int64, messages []history.Message) error {
	tx, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	first, newest := number(messages[0].ID), number(messages[len(messages)-1].ID)
	result, err := tx.StmtContext(ctx, e.count).ExecContext(ctx, newest, counted(messages), first, reservation(newest), epoch)
	if err != nil {
		return err
	}
	switch changed, err := result.RowsAffected(); {
	case err != nil:
		return err
	case changed == 0:
		return history.ErrFenced
	}
	if err := e.add(ctx, tx, messages); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return e.misplaced()
}

func (e *sqliteEngine) add(ctx context.Context, tx *sql.Tx, messages []history.Message) error {
	for _, insertion := range e.inserts {
		stmt := tx.StmtContext(ctx, insertion.Stmt)
		args := make([]any, 0, 5*insertion.messages)
		for ; len(messages) >= insertion.messages; messages = messages[insertion.messages:] {
			args = args[:0]
			for i := range messages[:insertion.messages] {
				m := &messages[i]
				args = append(args, int64(m.ID), encodeParties(&m.From, &m.To), m.Text, int64(m.At), waitsFor(m))
			}
			if _, err := stmt.ExecContext(ctx, args...); err != nil {
				return err
			}
		}
	}
	return nil
}

// sqliteAdvice is what SQLite's results mean for the file.
var sqliteAdvice = map[int]string{
	sqlite3.SQLITE_NOTADB:   "is not a database: restore a backup, or move the file away and begin with an empty one",
	sqlite3.SQLITE_CORRUPT:  "is damaged: stop the server and restore a backup, or save what is left with sqlite3's .recover",
	sqlite3.SQLITE_READONLY: "can only be read: let this user write to it and to its directory",
	sqlite3.SQLITE_CANTOPEN: "can't be opened: let this user write to it and to its directory",
	sqlite3.SQLITE_PERM:     "can't be opened: let this user write to it and to its directory",
	sqlite3.SQLITE_FULL:     "can't grow because the disk is full: free some space",
	sqlite3.SQLITE_IOERR:    "can't be read or written: look at the disk's health and free space",
	sqlite3.SQLITE_BUSY:     "is locked by another process: end what keeps it open for so long",
}

func (e *sqliteEngine) explain(err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return err
	}
	advice, ok := sqliteAdvice[failure.Code()&0xff] // the rest of the code tells where in SQLite it was
	if !ok {
		return err
	}
	return fmt.Errorf("%s %s (%w)", e.path, advice, err)
}

func (e *sqliteEngine) kind(err error) kind {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return lasting
	}
	switch failure.Code() {
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return duplicate
	case sqlite3.SQLITE_BUSY_SNAPSHOT:
		return contended
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT:
		return passing
	}
	return lasting
}

func (e *sqliteEngine) cause(err error) string { return err.Error() }
