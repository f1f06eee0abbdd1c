package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hubbub/internal/pgtest"
)

// TestLongMigrationKeepsTheLock: a migration that takes longer than the database lets an idle connection live is not ended,
// and nobody else could take the lock meanwhile.
func TestLongMigrationKeepsTheLock(t *testing.T) {
	t.Parallel()
	const timeout, longer = 2 * time.Second, 6 * time.Second
	ctx, url := t.Context(), pgtest.Shared(t).URL(t)
	other, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background())
	if _, err := other.Exec(ctx, "BEGIN; CREATE TABLE goose_db_version (id integer)"); err != nil { // for which the migration waits
		t.Fatal(err)
	}
	s, err := connect(url, "")
	if err != nil {
		t.Fatal(err)
	}
	s.engine.(*postgresEngine).leaseTimeout = timeout
	whys, opened := make(chan error, 8), make(chan error, 1)
	go func() {
		_, err := s.openLeased(ctx, func(why error) { whys <- why })
		opened <- err
	}()
	var migrating *Migrating
	if why := <-whys; !errors.As(why, &migrating) {
		t.Fatalf("it waits because %v", why)
	}
	const age = "SELECT extract(epoch FROM clock_timestamp() - backend_start) FROM pg_stat_activity JOIN pg_locks USING (pid) " +
		"WHERE locktype = 'advisory' AND objid = $1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for lasts := 0.0; lasts < longer.Seconds(); <-tick.C {
		if err := other.QueryRow(ctx, age, postgresLock).Scan(&lasts); err != nil {
			t.Errorf("after %v nobody has the lock, and the tables are still being changed: %v", lasts, err)
			break
		}
	}
	if _, err := other.Exec(ctx, "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	select {
	case why := <-whys:
		t.Errorf("it had to begin again: %v", why)
	default:
	}
	if version, err := s.reach(ctx); err != nil || version != s.newest() {
		t.Errorf("the tables have version %d (%v)", version, err)
	}
}
