package store_test

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"hubbub/internal/pgtest"
	"hubbub/store"
)

// TestPoolers: a pooler that hands connections round is refused in one sentence, whatever else it is told and whoever uses it
// besides; one in session mode is as good as none.
func TestPoolers(t *testing.T) {
	t.Parallel()
	pg := pgtest.Shared(t)
	f := func(mode string, settings ...string) {
		t.Run(strings.Join(append([]string{mode}, settings...), " "), func(t *testing.T) {
			t.Parallel()
			d := database{url: pg.Pooler(t, pg.URL(t), mode, settings...)}
			busy(t, d)
			says := " is behind a pooler in " + mode + " mode, which would take the server's lock and its prepared statements from " +
				"it: give the URL of a pool in session mode (PgBouncer: pool_mode=session), or PostgreSQL's own address"
			refuses(t, d, says)
			_, err := store.OpenLeased(t.Context(), d.url, "", func(why error) { t.Errorf("it waits: %v", why) })
			if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("a server says %v", err)
			}
		})
	}
	f("transaction")
	f("transaction", "server_round_robin = 1")
	f("transaction", "ignore_startup_parameters = synchronous_commit,extra_float_digits")
	f("statement")
	t.Run("session", func(t *testing.T) {
		t.Parallel()
		direct := database{url: pg.URL(t)}
		d := database{url: pg.Pooler(t, direct.url, "session", "default_pool_size = 30")}
		busy(t, d)
		throughPooler(t, d, direct)
	})
	t.Run("a parameter that it does not know", func(t *testing.T) {
		t.Parallel()
		d := database{url: pg.Pooler(t, pg.URL(t), "session")}
		d.url += "&work_mem=8MB"
		refuses(t, d, "is behind a pooler that refuses a parameter of the URL: take it out, or add it to PgBouncer's "+
			"ignore_startup_parameters")
	})
}

// throughPooler has a server do everything through a pooler, while another one stands by.
func throughPooler(t *testing.T, d, direct database) {
	t.Helper()
	first := d.lead(t, nil)
	if got := first.Setting(t, "synchronous_commit"); got != "on" {
		t.Errorf("synchronous_commit is %s", got)
	}
	var running sync.WaitGroup
	create(t, first.Store, "ann")
	for range 4 {
		running.Go(func() {
			for range 20 {
				if err := first.SetPassword(t.Context(), named("ann"), "x"); err != nil {
					t.Errorf("set a password: %v", err)
				}
				lobby(t, first.Store)
			}
		})
	}
	if err := first.Append(t.Context(), broadcasts(1, 500)); err != nil {
		t.Error(err)
	}
	running.Wait()
	waits := make(chan error, 8)
	taken := make(chan *leased)
	go func() { taken <- d.lead(t, func(why error) { waits <- why }) }()
	await(t, "it stands by", waits)
	sqlOn(t, direct, endLockHolder)
	await(t, "the lock is taken again", first.retaken)
	first.end()
	next := await(t, "the second one has the lease", taken)
	if got := len(lobby(t, next.Store)); got != 500 {
		t.Errorf("there are %d messages", got)
	}
	next.end()
}

// busy has another program use the pool until the test ends.
func busy(t *testing.T, d database) {
	t.Helper()
	config, err := pgx.ParseConfig(d.url)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	db := stdlib.OpenDB(*config)
	db.SetMaxIdleConns(3)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for range 3 {
		running.Go(func() { ask(ctx, db) })
	}
	t.Cleanup(func() { cancel(); running.Wait(); db.Close() })
}

// ask asks for something small, again and again.
func ask(ctx context.Context, db *sql.DB) {
	for ctx.Err() == nil {
		_, _ = db.ExecContext(ctx, "SELECT pg_sleep(0.01)")
	}
}
