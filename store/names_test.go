package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"hubbub/handler/account"
	"hubbub/store"
)

// filterOf reads all names, a page at a time.
func filterOf(t testing.TB, s *store.Store, page int) (filter *account.NameFilter, accounts int) {
	t.Helper()
	filter = new(account.NameFilter)
	for after := int64(0); ; {
		names, err := s.Names(context.Background(), after, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range names {
			if a.ID <= after {
				t.Fatalf("account %d comes after %d", a.ID, after)
			}
			filter.Add(a.Name, a.Look)
			after = a.ID
		}
		if accounts += len(names); len(names) < page {
			return filter, accounts
		}
	}
}

// agrees holds a filter against what the database says of names.
func agrees(t *testing.T, s *store.Store, filter *account.NameFilter, names ...string) {
	t.Helper()
	for _, text := range names {
		n := named(text)
		_, err := s.Find(t.Context(), n)
		if err != nil && !errors.Is(err, account.ErrUnknown) {
			t.Fatal(err)
		}
		alike, failure := s.Alike(t.Context(), n)
		if failure != nil {
			t.Fatal(failure)
		}
		shapes, script := n.Numbers()
		if found := err == nil; found != filter.MayFind(n) || alike && !filter.MayBeAlike(shapes, script) {
			t.Errorf("%q: found %v, alike %v; the filter says %v, %v", text, found, alike, filter.MayFind(n), filter.MayBeAlike(shapes, script))
		}
	}
}

// TestNames: a filter of the names that are read finds every account by all the names by which the database finds it, those
// of databases from before names had keys too, whatever the size of the pages.
func TestNames(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		overriding := ""
		if d.dir == "" {
			overriding = " OVERRIDING SYSTEM VALUE"
		}
		d.before(t, "INSERT INTO accounts (id, name, hash, created)"+overriding+" VALUES (2, 'strasse', 'b', 2), (3, 'straße', 'c', 3), "+
			"(4, 'αλεξης', 'd', 4), (5, 'αλεξησ', 'd', 4), (7, 'а server', 'e', 5), (9, 'аlice', 'f', 6)")
		if d.dir == "" {
			sqlOn(t, d, "ALTER TABLE accounts ALTER COLUMN id RESTART WITH 10")
		}
		s := d.open(t)
		for _, name := range []string{"ann", "coco", "Анна", "modern", "007", "ロ", "a b", "*"} {
			create(t, s, name)
		}
		if err := s.Remove(t.Context(), named("a b")); err != nil {
			t.Fatal(err)
		}
		for page, want := 1, 13; page <= 15; page++ {
			filter, accounts := filterOf(t, s, page)
			if accounts != want {
				t.Errorf("in pages of %d there are %d accounts, want %d", page, accounts, want)
			}
			agrees(t, s, filter, "strasse", "STRASSE", "Straße", "straße", "αλεξης", "ΑΛΕΞΗΣ", "αλεξησ", "аlice", "alice", "АLICE", "а server",
				"ann", "ANN", "Ann", "coco", "сосо", "СОСО", "c0c0", "анна", "AHHA", "ahha", "modem", "007", "ΟΟ7", "口", "ロ", "a b", "*", "dave", "김")
		}
		if none, err := s.Names(t.Context(), 0, 0); err != nil || len(none) != 0 {
			t.Errorf("a page of none has %v (%v)", none, err)
		}
	})
}

// BenchmarkNames reads a million names, as a server does that begins.
func BenchmarkNames(b *testing.B) {
	const accounts = 1_000_000
	for _, engine := range engines {
		b.Run(engine.name, func(b *testing.B) {
			d := engine.make(b)
			s := d.open(b)
			series := "WITH RECURSIVE series (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM series WHERE i < %d) "
			if d.dir == "" {
				series = "WITH series AS (SELECT i FROM generate_series(1, %d) AS i) "
			}
			sqlOn(b, d, fmt.Sprintf(series+"INSERT INTO accounts (name, key, shape, shape_capitals, scripts, hash, created) "+
				"SELECT 'User' || i, 'user' || i, 'user' || i, 'user' || i, 'Latin', '', 0 FROM series", accounts))
			sqlOn(b, d, "ANALYZE")
			b.ResetTimer()
			before := cpu(b)
			for b.Loop() {
				begun := time.Now()
				if _, n := filterOf(b, s, 10_000); n != accounts {
					b.Fatal(n)
				}
				b.ReportMetric(time.Since(begun).Seconds(), "s")
			}
			b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/accounts, "cpu-ns/account")
		})
	}
}
