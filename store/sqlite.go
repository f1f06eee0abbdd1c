package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

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
	db      *sql.DB
	inserts []insertion // the largest first; the last inserts a single message
	count   *sql.Stmt
}

// insertion is a statement that inserts so many messages. Compiling one costs more than running it, and running one for
// many costs less a message than running one for each.
type insertion struct {
	messages int
	*sql.Stmt
}

func openSQLite(ctx context.Context, dir string) (*Store, error) {
	e := &sqliteEngine{path: filepath.Join(dir, sqliteFile)}
	if err := makePrivate(dir, e.path); errors.Is(err, errOpenDir) {
		return nil, err
	} else if err != nil {
		return nil, fmt.Errorf("%w: choose another --data-dir, or let this user write to it", err)
	}
	var err error
	if e.db, err = openFile(e.path, sqliteBusy, "&_txlock=immediate&_pragma=journal_size_limit="+sqliteWALMaxText, 1); err != nil {
		return nil, err
	}
	read, err := openFile(e.path, sqliteBusy, "&_query_only=true", sqliteReaders)
	if err != nil {
		return nil, errors.Join(err, e.db.Close())
	}
	s := &Store{engine: e, read: read, write: e.db}
	if err = migrate(ctx, sqliteFile, e.db, goose.DialectSQLite3, "sqlite"); err == nil {
		err = e.prepare(ctx)
	}
	if err != nil {
		return nil, errors.Join(s.failed("open the database", err), s.Close())
	}
	return s, nil
}

// openFile prepares connections and makes none. busy is how many milliseconds they wait for others. A commit is on the disk when it returns (synchronous), and readers and
// the writer do not wait for each other (WAL).
func openFile(path, busy, options string, connections int) (*sql.DB, error) {
	db, err := sql.Open("sqlite", fileURL(path)+"?_busy_timeout="+busy+"&_journal_mode=WAL&_synchronous=FULL"+options)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// fileURL names a file for SQLite, without options.
func fileURL(path string) string {
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
}

// prepare compiles what Append runs. Parameters without numbers are bound faster: SQLite searches all of a statement's
// names for each of the others. OR FAIL leaves what a statement did before it failed to the transaction, so SQLite keeps no
// journal for each statement.
func (e *sqliteEngine) prepare(ctx context.Context) (err error) {
	const query, values = "INSERT OR FAIL INTO messages (conversation, " + columns + ") VALUES ", "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
	for _, n := range []int{64, 8, 1} {
		stmt, err := e.db.PrepareContext(ctx, query+strings.Repeat(values+", ", n-1)+values+" ON CONFLICT (id) DO NOTHING")
		if err != nil {
			return err
		}
		e.inserts = append(e.inserts, insertion{n, stmt})
	}
	e.count, err = e.db.PrepareContext(ctx, "UPDATE counters SET newest = max(newest, $1), messages = messages + $2, "+
		"prunable = min(prunable, $3)")
	return err
}

func (e *sqliteEngine) insert(ctx context.Context, messages []history.Message) error {
	tx, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	first, newest, added := number(messages[0].ID), number(messages[len(messages)-1].ID), int64(0)
	recount := false
	for _, insertion := range e.inserts {
		stmt := tx.StmtContext(ctx, insertion.Stmt)
		args := make([]any, 0, 9*insertion.messages)
		for ; len(messages) >= insertion.messages; messages = messages[insertion.messages:] {
			args = args[:0]
			waiting := int64(0)
			for i := range messages[:insertion.messages] {
				m := &messages[i]
				if m.Mail {
					waiting++
				}
				args = append(args, conversationOf(m), int64(m.ID), m.From.Name, m.From.Account, m.To.Name, m.To.Account,
					m.Mail, m.Text, int64(m.At))
			}
			result, err := stmt.ExecContext(ctx, args...)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			switch {
			case n == int64(insertion.messages):
				added += n - waiting
			case n > 0: // which of them were there already is not known
				recount = true
			}
		}
	}
	if _, err := tx.StmtContext(ctx, e.count).ExecContext(ctx, newest, added, first); err != nil {
		return err
	}
	if recount {
		const query = "UPDATE counters SET messages = (SELECT count(*) FROM messages WHERE NOT mail)"
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return tx.Commit()
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
