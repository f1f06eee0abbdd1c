package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
)

// schema holds the tables, a directory for each database and in it a file a version, but for keysVersion, which is fillKeys.
// Files that a release had are never changed, and a version that is needed no more is undone by a later one: there is no way back but a backup.
//
//go:embed schema
var schema embed.FS

// newestVersion is that of the last file of a database's directory.
func newestVersion(dir string) int64 {
	entries, err := fs.ReadDir(schema, "schema/"+dir)
	if err != nil {
		panic(err) // it is in the binary
	}
	number, _, _ := strings.Cut(path.Base(entries[len(entries)-1].Name()), "_")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		panic(err)
	}
	return version
}

// migrate brings the tables up to date. name is the database's, for errors.
func migrate(ctx context.Context, name string, db *sql.DB, dialect goose.Dialect, dir string, moves moves, options ...goose.ProviderOption) error {
	files, err := fs.Sub(schema, "schema/"+dir)
	if err != nil {
		return err
	}
	return apply(ctx, name, db, dialect, files, moves, options...)
}

func apply(ctx context.Context, name string, db *sql.DB, dialect goose.Dialect, files fs.FS, moves moves, options ...goose.ProviderOption) error {
	options = append(options, goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(goose.NewGoMigration(keysVersion, &goose.GoFunc{RunTx: fillKeys(dialect)}, nil)))
	provider, err := goose.NewProvider(dialect, db, files, options...)
	if err != nil {
		return err
	}
	for {
		version, known, err := provider.GetVersions(ctx)
		if err != nil {
			return err
		}
		if err := tooNew(name, version, known); err != nil || version == known {
			return err
		}
		if version == repackVersion {
			if err := moves.run(ctx, db); err != nil {
				return fmt.Errorf("move the messages of %s to the tables of schema version %d: %w", name, version, err)
			}
		}
		// SQLite knows no lock for this: when another process applied the same file first, go on with the next.
		if _, err := provider.UpByOne(ctx); err != nil {
			if now, _, _ := provider.GetVersions(ctx); now <= version {
				return fmt.Errorf("bring %s from schema version %d to %d: %w", name, version, known, err)
			}
		}
	}
}

// tooNew refuses tables that a later release has made.
func tooNew(name string, version, known int64) error {
	if version <= known {
		return nil
	}
	return fmt.Errorf("%s has schema version %d, this binary knows up to %d: "+
		"run a newer hubbub, or restore a backup from before the upgrade", name, version, known)
}

// versionQuery returns the newest version that goose has applied.
const versionQuery = "SELECT coalesce(max(version_id), 0) FROM " + goose.DefaultTablename
