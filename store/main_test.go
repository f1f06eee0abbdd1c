package store_test

import (
	"context"
	"testing"

	"hubbub/internal/pgtest"
	"hubbub/store"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// database is one that tests can open more than once.
type database struct{ url, dir string }

func (d database) open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), d.url, d.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func sqlite(t testing.TB) database   { return database{"sqlite", t.TempDir()} }
func postgres(t testing.TB) database { t.Helper(); return database{pgtest.Shared(t).URL(t), ""} }

// engines are the databases that everything must hold for.
var engines = []struct {
	name string
	make func(t testing.TB) database
}{{"sqlite", sqlite}, {"postgres", postgres}}

// onBoth runs a test on an empty database of each kind, beside others: they wait for the disk most of the time.
func onBoth(t *testing.T, test func(t *testing.T, d database)) {
	t.Helper()
	t.Parallel()
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel()
			test(t, engine.make(t))
		})
	}
}
