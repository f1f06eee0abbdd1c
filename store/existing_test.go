package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hubbub/handler/history"
	"hubbub/store"
)

// existing are the ways to open a database that must be there.
var existing = map[string]func(ctx context.Context, database, dataDir string) (*store.Store, error){
	"OpenExisting": store.OpenExisting, "OpenExclusive": store.OpenExclusive,
}

// contents are the files below a directory with their sizes, or the tables of a database.
func (d database) contents(t *testing.T) (found []string) {
	t.Helper()
	if d.dir == "" {
		db := d.sql(t)
		defer db.Close()
		rows, err := db.Query("SELECT nspname || '.' || relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^pg_|^information_schema'")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			found = append(found, name)
		}
		return found
	}
	err := filepath.WalkDir(d.dir, func(path string, entry fs.DirEntry, err error) error {
		found = append(found, path)
		if err == nil && !entry.IsDir() {
			var content []byte
			content, err = os.ReadFile(path)
			found = append(found, string(content))
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// makesNothing opens what is no database of a server, and holds that it stays what it is.
func (d database) makesNothing(t *testing.T, what string, is error, says string) {
	t.Helper()
	before := d.contents(t)
	for name, open := range existing {
		s, err := open(t.Context(), d.url, d.dir)
		if err == nil {
			t.Errorf("%s: %s opens it", what, name)
			s.Close()
		} else if is != nil && !errors.Is(err, is) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %s: %v", what, name, err)
		}
		if after := d.contents(t); !slices.Equal(after, before) {
			t.Errorf("%s: %s leaves %q where there was %q", what, name, after, before)
		}
	}
}

// TestExistingMakesNothing: no file, no table and no lock file come to be where there is no database, and tables of an
// earlier version stay as they are.
func TestExistingMakesNothing(t *testing.T) {
	dir := t.TempDir()
	database{"sqlite", filepath.Join(dir, "missing")}.makesNothing(t, "no directory", store.ErrNoDatabase, "")
	d := database{"sqlite", dir}
	d.makesNothing(t, "an empty directory", store.ErrNoDatabase, "")
	if err := os.WriteFile(filepath.Join(dir, "hubbub.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d.makesNothing(t, "an empty file", store.ErrNoDatabase, "")
	onBoth(t, func(t *testing.T, d database) {
		if d.dir == "" {
			d.makesNothing(t, "an empty database", store.ErrNoDatabase, "")
		}
		sqlOn(t, d, "CREATE TABLE letters (id integer)")
		d.makesNothing(t, "another program's database", store.ErrNoDatabase, "")
	})
}

// TestExistingKeepsOldTables: only a server brings tables up to date.
func TestExistingKeepsOldTables(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		d.before(t)
		d.makesNothing(t, "tables of an earlier version", nil, "start the server, which brings them up to date")
		d.open(t)
		for name, open := range existing {
			s, err := open(t.Context(), d.url, d.dir)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			s.Close()
		}
	})
}

// TestExclusive: who has the history for itself and a server keep each other away.
func TestExclusive(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		server := d.lead(t, nil)
		if s, err := store.OpenExclusive(t.Context(), d.url, d.dir); !errors.Is(err, store.ErrInUse) {
			t.Errorf("beside a server: %v, %v", s, err)
		}
		server.end()
		s, err := store.OpenExclusive(t.Context(), d.url, d.dir)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := store.OpenExclusive(t.Context(), d.url, d.dir); !errors.Is(err, store.ErrInUse) {
			t.Errorf("beside another one: %v, %v", again, err)
		}
		stands, serves := make(chan error, 1), make(chan *leased, 1)
		go func() {
			next, err := d.tryLead(t, t.Context(), func(why error) { stands <- why })
			if err != nil {
				t.Error(err)
			}
			serves <- next
		}()
		if why := await(t, "a server stands by", stands); !errors.Is(why, store.ErrStandby) {
			t.Errorf("a server stands by: %v", why)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		await(t, "the server serves", serves).end()
	})
}

// TestPurgeIsFenced: who has lost the lease removes nothing.
func TestPurgeIsFenced(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		if err := d.open(t).Append(t.Context(), broadcasts(1, 3)); err != nil {
			t.Fatal(err)
		}
		s, err := store.OpenExclusive(t.Context(), d.url, d.dir)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		sqlOn(t, d, "UPDATE counters SET epoch = epoch + 1")
		if n, err := s.Purge(t.Context(), everything); n != 0 || !errors.Is(err, history.ErrFenced) {
			t.Errorf("%d were removed (%v)", n, err)
		}
		if got := lobby(t, s); !slices.Equal(got, broadcasts(1, 3)) {
			t.Errorf("%+v is left", got)
		}
	})
}

func everything(*history.Message) bool { return true }
