package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"hubbub/handler/history"
)

// sqliteLock is the file next to the database that the server has locked for as long as it lives. The database itself
// stays open to others, such as the hubbub user commands.
const sqliteLock = "hubbub.lock"

// sqliteHold is the lock on a file: a transaction that never ends.
type sqliteHold struct {
	engine     *sqliteEngine
	db         *sql.DB
	tx         *sql.Tx
	path       string
	lock, data os.FileInfo // the files as they were then: others may be in their places since
}

func (e *sqliteEngine) lock(ctx context.Context) (hold, error) {
	h := &sqliteHold{engine: e, path: filepath.Join(filepath.Dir(e.path), sqliteLock)}
	err := makeFile(h.path) // or SQLite makes it, and others can take the lock
	if err != nil {
		return nil, err
	}
	if h.db, err = sql.Open("sqlite", fileURL(h.path)+"?_txlock=exclusive"); err != nil {
		return nil, err
	}
	if h.tx, err = h.db.BeginTx(context.WithoutCancel(ctx), nil); err != nil {
		var failure *sqlite.Error
		if errors.As(err, &failure) && failure.Code()&0xff == sqlite3.SQLITE_BUSY {
			err = nil
		}
		return nil, errors.Join(err, h.db.Close())
	}
	h.lock, err = os.Stat(h.path)
	if err == nil {
		h.data, err = os.Stat(e.path)
	}
	if err == nil && !os.SameFile(h.data, e.file) { // it was replaced while this server stood by
		err = fmt.Errorf("%s was replaced after it was opened: %w", e.path, history.ErrFenced)
	}
	if err != nil {
		h.release(0)
		return nil, err
	}
	return h, nil
}

// held reports that nobody has the lock: only taking it shows that.
func (e *sqliteEngine) held(context.Context) (bool, error) { return false, nil }

// keep has nothing to do: the lock is lost with the file only, of which check tells.
func (h *sqliteHold) keep(context.Context) error { return nil }

func (h *sqliteHold) wait(ctx context.Context) {
	timer := time.NewTimer(watchInterval)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// check looks whether the files are still those that are open: a lock on a file that was removed keeps nobody away, and
// what is written to one is lost.
func (h *sqliteHold) check(ctx context.Context) (epoch int64, err error) {
	if data, err := os.Stat(h.engine.path); err != nil || !os.SameFile(data, h.data) {
		return 0, fmt.Errorf("%s was removed or replaced while it was in use: %w", h.engine.path, history.ErrFenced)
	}
	if lock, err := os.Stat(h.path); err != nil || !os.SameFile(lock, h.lock) {
		return 0, fmt.Errorf("%s was removed or replaced", h.path)
	}
	if err = h.engine.read.QueryRowContext(ctx, "SELECT epoch FROM counters").Scan(&epoch); err != nil {
		return 0, fmt.Errorf("%w: %w", errUnanswered, err) // the lock is on another file, and needs no connection to this one
	}
	return epoch, nil
}

func (h *sqliteHold) raise(ctx context.Context) (epoch int64, err error) {
	err = h.engine.db.QueryRowContext(ctx, "UPDATE counters SET epoch = epoch + 1 RETURNING epoch").Scan(&epoch)
	return epoch, err
}

func (h *sqliteHold) release(int64) {
	_ = h.tx.Rollback() // it ends with its connection anyway
	_ = h.db.Close()
}
