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
	engine *sqliteEngine
	db     *sql.DB
	tx     *sql.Tx
	path   string
	lock   os.FileInfo // the file as it was then: another one may be in its place since
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
			e.noteLog()
			err = nil
		}
		return nil, errors.Join(err, h.db.Close())
	}
	if h.lock, err = os.Stat(h.path); err == nil {
		err = e.checkFile() // it may have been replaced while this server stood by
	}
	if err != nil {
		h.release(0)
		return nil, err
	}
	return h, nil
}

// walAside is added to the name of a write-ahead log whose database was replaced.
const walAside = ".replaced"

// checkFile looks whether the database is still the file that is open. When it is not, it takes that one's write-ahead log
// out of the way of what is opened next: SQLite would take it for the latest changes of the new file.
func (e *sqliteEngine) checkFile() error {
	if e.isOpen() {
		e.noteLog()
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	what, log := "", e.path+"-wal"
	if wal, err := os.Stat(log); err == nil && e.wal != nil && os.SameFile(wal, e.wal) {
		what = "; its latest changes are in " + log + walAside
		if err := os.Rename(log, log+walAside); err != nil {
			what = "; its latest changes spoil the new file, because they can't be moved away (" + err.Error() + ")"
		}
		_ = os.Remove(e.path + "-shm") // the index of that log, which is made anew
	}
	return fmt.Errorf("%s was removed or replaced while it was in use%s: %w", e.path, what, history.ErrFenced)
}

// misplaced looks after each commit, because what was acknowledged must be kept: the watch comes a second later.
func (e *sqliteEngine) misplaced() error {
	if e.isOpen() {
		return nil
	}
	return fmt.Errorf("%s was removed or replaced while it was in use: %w", e.path, history.ErrFenced)
}

// noteLog remembers which write-ahead log is that of the file that is open.
func (e *sqliteEngine) noteLog() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if wal, err := os.Stat(e.path + "-wal"); err == nil && e.isOpen() {
		e.wal = wal
	}
}

// isOpen reports whether the file that was opened is in its place.
func (e *sqliteEngine) isOpen() bool {
	now, err := os.Stat(e.path)
	return err == nil && os.SameFile(now, e.file)
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
	if err := h.engine.checkFile(); err != nil {
		return 0, err
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
	h.engine.noteLog()
	return epoch, err
}

func (h *sqliteHold) release(int64) {
	_ = h.tx.Rollback() // it ends with its connection anyway
	_ = h.db.Close()
}
