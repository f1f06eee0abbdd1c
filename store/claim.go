package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// sqliteLock is the file next to the database that the server has locked for as long as it lives. The database itself
	// stays open to others, such as the hubbub user commands.
	sqliteLock = "hubbub.lock"
	// postgresLock is the number of the advisory lock that does the same, "hubb" in ASCII.
	postgresLock = 0x68756262
	// claimInterval is how often Claim looks whether the other server has ended.
	claimInterval = 250 * time.Millisecond
)

// errClaimed says that another server has the database.
var errClaimed = errors.New("another server uses this database, and two would give their messages the same ids")

// Claim makes this process the database's only server until Close. Where there is another one, it calls waiting, once, and
// stands by until that one has ended, or ctx. On PostgreSQL the claim ends with its connection too. Once.
func (s *Store) Claim(ctx context.Context, waiting func()) error {
	tick := time.NewTicker(claimInterval)
	defer tick.Stop()
	for first := true; ; first = false {
		claimed, err := s.claim(ctx)
		if err != nil {
			return s.failed("claim the database", err)
		}
		if claimed != nil {
			s.claimed = claimed
			return nil
		}
		if first {
			waiting()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return s.failed("claim the database", errClaimed)
		}
	}
}

// claim locks the file for a transaction that never ends. It returns nil when another process has it.
func (e *sqliteEngine) claim(ctx context.Context) (func() error, error) {
	path := filepath.Join(filepath.Dir(e.path), sqliteLock)
	if err := makeFile(path); err != nil { // or SQLite makes it, and others can take the lock
		return nil, err
	}
	db, err := sql.Open("sqlite", fileURL(path)+"?_txlock=exclusive")
	if err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(context.WithoutCancel(ctx), nil)
	if err == nil {
		return func() error { _ = tx.Rollback(); return db.Close() }, nil // what ends with its connection anyway
	}
	var failure *sqlite.Error
	if errors.As(err, &failure) && failure.Code()&0xff == sqlite3.SQLITE_BUSY {
		err = nil
	}
	return nil, errors.Join(err, db.Close())
}

// claim takes a lock that its connection holds. The server is told to look often whether this process is still there, so
// that the lock of a machine that died is free within half a minute.
func (e *postgresEngine) claim(ctx context.Context) (func() error, error) {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	const query = "SELECT pg_try_advisory_lock($1), set_config('tcp_keepalives_idle', '10', false), " +
		"set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)"
	var claimed bool
	var idle, interval, count string
	err = conn.QueryRowContext(ctx, query, postgresLock).Scan(&claimed, &idle, &interval, &count)
	if err != nil || !claimed {
		return nil, errors.Join(err, conn.Close())
	}
	return func() error {
		// An error says that the connection is gone, and the claim with it. One that lives goes with the others.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		return nil
	}, nil
}
