package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNoDatabase says that a database was expected, and there is none, or one without a server's tables.
var ErrNoDatabase = errors.New("there is no database")

// ErrInUse says that a server has the lease on the database.
var ErrInUse = errors.New("a server uses the database")

// errOlderTables refuses to use tables that only a server brings up to date.
var errOlderTables = errors.New("its tables are an earlier version's: start the server, which brings them up to date, then try again")

// OpenExisting is Open for a command that must not make anything: where there is no file, or no table, it fails with
// ErrNoDatabase and leaves everything as it was. Tables of an earlier version stay as they are too, with an error.
func OpenExisting(ctx context.Context, database, dataDir string) (*Store, error) {
	return openExisting(ctx, database, dataDir, func(*Store) error { return nil })
}

// OpenExclusive is OpenExisting for a command that needs the history for itself. It takes the lease, as OpenLeased does, but
// waits for nobody: with ErrInUse a server has it. Until Close, servers stand by. The lease must be kept by KeepLease.
func OpenExclusive(ctx context.Context, database, dataDir string) (*Store, error) {
	return openExisting(ctx, database, dataDir, func(s *Store) error {
		lock, err := s.lock(ctx)
		if err != nil {
			return err
		}
		if lock == nil {
			return ErrInUse
		}
		s.lease = &lease{lock: lock} // Close gives it up
		s.lease.epoch, err = lock.raise(ctx)
		return err
	})
}

// openExisting opens a database that has the newest tables, and then does something more with it.
func openExisting(ctx context.Context, database, dataDir string, then func(*Store) error) (*Store, error) {
	if database == "sqlite" {
		if err := lookAtFile(ctx, filepath.Join(dataDir, sqliteFile)); err != nil {
			return nil, err
		}
	}
	s, err := connect(database, dataDir)
	if err != nil {
		return nil, err
	}
	version, err := s.reach(ctx)
	if err == nil {
		err = checkTables(version, s.newest())
	}
	if err == nil {
		err = s.prepare(ctx)
	}
	if err == nil {
		err = then(s)
	}
	if err != nil {
		return nil, errors.Join(s.failed("open the database", err), s.Close())
	}
	return s, nil
}

// checkTables returns why tables of a version can't be used without changing them.
func checkTables(version, newest int64) error {
	switch {
	case version == 0:
		return ErrNoDatabase
	case version < newest:
		return errOlderTables
	}
	return nil
}

// lookAtFile returns why a file is no database that can be used as it is. It changes nothing: to connect would make a file
// that is not there, and change the journal's mode of one that another program made.
func lookAtFile(ctx context.Context, path string) error {
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNoDatabase
	case err != nil:
		return err
	case info.Mode().IsRegular() && info.Size() == 0:
		return ErrNoDatabase // SQLite takes an empty file for a database
	}
	db, err := sql.Open("sqlite", fileURL(path)+"?mode=rw&_busy_timeout="+sqliteBusy)
	if err != nil {
		return err
	}
	e := &sqliteEngine{path: path, db: db}
	version, err := e.reach(ctx)
	if err == nil {
		err = checkTables(version, e.newest())
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("open the database: %w", e.explain(err))
	}
	return nil
}

// Where returns where a database is, for people: a file's absolute path, or a URL without its password.
func Where(database, dataDir string) string {
	if database != "sqlite" {
		return Masked(database)
	}
	path := filepath.Join(dataDir, sqliteFile)
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	return path
}
