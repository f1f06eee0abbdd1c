package store

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestSetUpWaitsForNewTables: who finds an empty database that another process has begun to make tables in waits for them,
// however long each of them takes, and refuses nothing meanwhile. A process that makes none is named after a while.
func TestSetUpWaitsForNewTables(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, dir := t.Context(), t.TempDir()
		maker, err := connect("sqlite", dir)
		if err != nil {
			t.Fatal(err)
		}
		defer maker.Close()
		open := func() <-chan error {
			opened := make(chan error)
			go func() {
				s, err := Open(ctx, "sqlite", dir)
				if err == nil {
					err = s.Close()
				}
				opened <- err
			}()
			return opened
		}
		// waits lets time pass, in which nothing must be opened.
		waits := func(opened <-chan error, d time.Duration) {
			t.Helper()
			select {
			case err := <-opened:
				t.Fatalf("it does not wait for the tables: %v", err)
			case <-time.After(d):
			}
		}
		version := func(query string, args ...any) {
			t.Helper()
			if _, err := maker.write.ExecContext(ctx, query, args...); err != nil {
				t.Fatal(err)
			}
		}
		lock, err := maker.lock(ctx)
		if err != nil || lock == nil {
			t.Fatal(lock, err)
		}
		hung := open()
		waits(hung, createPatience-time.Second)
		if err := <-hung; !errors.Is(err, errNoTables) {
			t.Errorf("without any progress it returns %v", err)
		}

		opened := open()
		waits(opened, createPatience/2)
		if err := maker.migrate(ctx, moves{part: repackPart, told: func(int64, int64) {}}); err != nil {
			t.Fatal(err)
		}
		if err := <-opened; err != nil {
			t.Error(err)
		}
		newest := maker.newest()
		version("DELETE FROM goose_db_version WHERE version_id > 1") // as if it were slow from one to the next
		opened = open()
		for v := int64(2); v <= newest; v++ {
			waits(opened, migratePatience-time.Second)
			version("INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, true)", v)
		}
		if err := <-opened; err != nil {
			t.Error(err)
		}
		lock.release(0)
	})
}
