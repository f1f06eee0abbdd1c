package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNoDatabase says that a database was expected, and there is none, or one without a server's tables.
var ErrNoDatabase = errors.New("there is no database")

// errOlderTables refuses to use tables that only a server brings up to date.
var errOlderTables = errors.New("its tables are an earlier version's: start the server, which brings them up to date, then try again")

// OpenExisting is Open for a command that must not make anything: where there is no file, or no table, it fails with
// ErrNoDatabase and leaves everything as it was. Tables of an earlier version stay as they are too, with an error.
func OpenExisting(ctx context.Context, database, dataDir string) (*Store, error) {
	if database == "sqlite" {
		switch info, err := os.Stat(filepath.Join(dataDir, sqliteFile)); {
		case errors.Is(err, fs.ErrNotExist):
			return nil, ErrNoDatabase
		case err != nil:
			return nil, err
		case info.Mode().IsRegular() && info.Size() == 0:
			return nil, ErrNoDatabase // to open it would write to it
		}
	}
	s, err := connect(database, dataDir)
	if err != nil {
		return nil, err
	}
	version, err := s.reach(ctx)
	switch {
	case err != nil:
	case version == 0:
		err = ErrNoDatabase
	case version < s.newest():
		err = errOlderTables
	default:
		err = s.prepare(ctx)
	}
	if err != nil {
		return nil, errors.Join(s.failed("open the database", err), s.Close())
	}
	return s, nil
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
