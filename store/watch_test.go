package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"hubbub/handler/history"
)

// TestWatchBesideBusyReaders: a watch that gets no answer, because all connections are busy, keeps the lock that it has: a
// server that stands by would take it, though nothing is wrong. Once there is an answer the epoch is compared as ever.
func TestWatchBesideBusyReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, dir := t.Context(), t.TempDir()
		s, err := OpenLeased(ctx, "sqlite", dir, func(why error) { t.Log(why) })
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		retaken := func(why error) { t.Errorf("the lock was lost: %v", why) }
		held := func() {
			t.Helper()
			other, err := connect("sqlite", dir)
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			lock, err := other.lock(ctx)
			if lock != nil {
				lock.release(0)
				t.Error("another server gets the lock")
			}
			if err != nil {
				t.Error(err)
			}
		}
		free := busy(t, s)
		if err := s.watch(ctx, retaken); err != nil {
			t.Error(err)
		}
		held()
		free()
		if err := s.watch(ctx, retaken); err != nil {
			t.Error(err)
		}
		held()
		if _, err := s.write.ExecContext(ctx, "UPDATE counters SET epoch = epoch + 1"); err != nil {
			t.Fatal(err)
		}
		if err := s.watch(ctx, retaken); !errors.Is(err, history.ErrFenced) {
			t.Errorf("after the epoch has moved watch returns %v", err)
		}
	})
}

// busy occupies all connections that read, until free is called.
func busy(t *testing.T, s *Store) (free func()) {
	t.Helper()
	var all []interface{ Close() error }
	for range sqliteReaders {
		conn, err := s.read.Conn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, conn)
	}
	return func() {
		for _, conn := range all {
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
