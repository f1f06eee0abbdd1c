package server_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"go.uber.org/zap"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/server"
	"hubbub/store"
)

// fenceable is a server with the lease on a database, which nobody watches: it must notice by what it does itself that the
// lease is lost. In a process there is the lease's watch besides, which is faster.
type fenceable struct {
	*server.Server
	t     *testing.T
	dir   string
	store *store.Store
	ended chan error
}

func newFenceable(t *testing.T, mode string) *fenceable {
	t.Helper()
	f := &fenceable{t: t, dir: t.TempDir(), ended: make(chan error, 1)}
	var cli struct {
		server.Config `embed:""`
	}
	parser, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"--listen=127.0.0.1:0", "--admin=", "--loops=2", "--drain=0s", "--history=" + mode}); err != nil {
		t.Fatal(err)
	}
	if f.store, err = store.OpenLeased(t.Context(), "sqlite", f.dir, func(error) {}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.store.Close() })
	if f.Server, err = server.New(cli.Config, f.store, zap.NewNop(), zap.NewAtomicLevel()); err != nil {
		t.Fatal(err)
	}
	return f
}

// run starts the server.
func (f *fenceable) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.ended <- f.Run(ctx)
	}()
	f.t.Cleanup(func() { cancel(); <-done })
	<-f.Ready()
}

// fence takes the lease away, as a server does that takes the database over.
func (f *fenceable) fence() {
	f.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(f.dir, "hubbub.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		f.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE counters SET epoch = epoch + 1"); err != nil {
		f.t.Fatal(err)
	}
}

// endsFenced waits for the server's end, for less than the minute after which it would notice in another way.
func (f *fenceable) endsFenced() {
	f.t.Helper()
	select {
	case err := <-f.ended:
		if !errors.Is(err, history.ErrFenced) {
			f.t.Errorf("the server ended with %v", err)
		}
	case <-time.After(45 * time.Second):
		f.t.Error("the server does not notice that it has lost the lease")
	}
}

// TestFencedByItsOwnLook: a server that keeps nothing, or does not wait for it, and that nobody asks anything of, notices a
// lost lease when it looks after the database.
func TestFencedByItsOwnLook(t *testing.T) {
	for _, mode := range []string{"off", "async", "sync"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			f := newFenceable(t, mode)
			f.fence() // before its first look
			f.run()
			f.endsFenced()
		})
	}
}

// TestFencedByARegistration: a server without the lease makes nobody an account, and the first who asks shows it that the
// lease is lost: it ends at once.
func TestFencedByARegistration(t *testing.T) {
	for _, mode := range []string{"off", "async", "sync"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			f := newFenceable(t, mode)
			f.run()
			alice, err := client.Dial(t.Context(), f.Address(), client.Options{User: "alice"})
			if err != nil {
				t.Fatal(err)
			}
			defer alice.Close()
			if err := client.Register(t.Context(), f.Address(), "before", "correct horse", client.Options{}); err != nil {
				t.Fatal(err)
			}
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for f.Prunes() == 0 { // the next look is a minute away
				<-tick.C
			}
			f.fence()
			if err := client.Register(t.Context(), f.Address(), "after", "correct horse", client.Options{}); err == nil {
				t.Error("a server without the lease makes an account")
			}
			f.endsFenced()
			for range alice.Events() {
			}
			if err := alice.Err(); !errors.Is(err, codec.ShuttingDown) {
				t.Errorf("alice's session ended with %v", err)
			}
			if _, err := client.Dial(t.Context(), f.Address(), client.Options{User: "bob"}); err == nil {
				t.Error("it still takes clients")
			}
			if accounts, err := f.store.List(t.Context(), "", 10); err != nil || len(accounts) != 1 || accounts[0].Name != "before" {
				t.Errorf("the accounts are %v (%v)", accounts, err)
			}
		})
	}
}
