package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hubbub/handler/history"
	"hubbub/store"
)

// patience bounds every wait. It is what a hang costs, not what anything may take.
const patience = time.Minute

// leased is a server's store, whose lease is kept.
type leased struct {
	*store.Store
	retaken chan error // each reason for which the lock was taken again
	lost    chan error // why the lease was lost; nil: it was given up
	end     func()     // gives the lease up
}

// lead opens the database as a server does, and waits as long as that takes. waiting may be nil.
func (d database) lead(t *testing.T, waiting func(error)) *leased {
	t.Helper()
	l, err := d.tryLead(t, t.Context(), waiting)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (d database) tryLead(t *testing.T, ctx context.Context, waiting func(error)) (*leased, error) {
	if waiting == nil {
		waiting = func(why error) { t.Errorf("it waits: %v", why) }
	}
	s, err := store.OpenLeased(ctx, d.url, d.dir, func(why error) {
		var migrating *store.Migrating
		if !errors.As(why, &migrating) {
			waiting(why)
		}
	})
	if err != nil {
		return nil, err
	}
	l := &leased{Store: s, retaken: make(chan error, 8), lost: make(chan error, 1)}
	keeping, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.lost <- s.KeepLease(keeping, func(why error) { l.retaken <- why })
	}()
	l.end = func() {
		stop()
		<-ended
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	return l, nil
}

// await returns what comes from a channel.
func await[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("waited %v in vain until %s", patience, what)
	}
	return v
}

// TestLease: a database has one server at a time, the next one waits for its end, and others that are no servers are not
// concerned.
func TestLease(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		first := d.lead(t, nil)
		if err := first.Append(t.Context(), broadcasts(1, 3)); err != nil {
			t.Fatal(err)
		}
		waits, ctx := make(chan error, 8), t.Context()
		given, cancel := context.WithCancel(ctx)
		failed := make(chan error)
		go func() {
			_, err := d.tryLead(t, given, func(why error) { waits <- why })
			failed <- err
		}()
		if why := await(t, "it stands by", waits); !errors.Is(why, store.ErrStandby) {
			t.Errorf("the second server waits because %v", why)
		}
		if _, err := d.open(t).Create(ctx, named("alice"), "hash"); err != nil {
			t.Errorf("beside the server: %v", err)
		}
		cancel()
		if err := <-failed; err == nil {
			t.Error("a second server has the database")
		}

		second := make(chan *leased)
		go func() { second <- d.lead(t, func(why error) { waits <- why }) }()
		await(t, "it stands by", waits)
		first.end()
		next := await(t, "the second one has the lease", second)
		if err := next.Append(ctx, broadcasts(4, 6)); err != nil {
			t.Error(err)
		}
		next.end()
	})
}

// TestFence takes the lease away from a server that can't know it yet: whatever it writes to the history then is refused.
func TestFence(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx := t.Context()
		s, err := store.OpenLeased(ctx, d.url, d.dir, func(error) {})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ann := create(t, s, "ann")
		mail := history.Message{ID: 2, From: history.Party{Name: "bob"}, To: history.Party{Account: ann.ID, Name: "ann"}, Mail: true}
		if err := s.Append(ctx, append(broadcasts(1, 1), mail)); err != nil {
			t.Fatal(err)
		}
		sqlOn(t, d, "UPDATE counters SET epoch = epoch + 1")
		for what, err := range map[string]error{
			"Append":                        s.Append(ctx, broadcasts(3, 80)),
			"an Append of what is there":    s.Append(ctx, broadcasts(1, 1)),
			"an Append with some of it":     s.Append(ctx, broadcasts(1, 100)),
			"Delivered":                     s.Delivered(ctx, ann.ID, 2),
			"Prune":                         third(s.Prune(ctx, history.Retention{From: 3}, 10)),
			"ChangePassword":                s.ChangePassword(ctx, ann.ID, ann.Hash, "another"),
			"Create":                        second(s.Create(ctx, named("eve"), "hash")),
			"KeepLease, which looks for it": s.KeepLease(ctx, func(why error) { t.Errorf("it is its own again: %v", why) }),
		} {
			if !errors.Is(err, history.ErrFenced) {
				t.Errorf("%s returns %v", what, err)
			}
		}
		if _, err := d.open(t).Create(ctx, named("eve"), "hash"); err != nil {
			t.Errorf("a command finds eve, whom the server must not make: %v", err)
		}
		if got := lobby(t, s); !slices.Equal(got, broadcasts(1, 1)) {
			t.Errorf("%d messages are there", len(got))
		}
		if waits, err := s.Mail(ctx, ann.ID, 0, 9); err != nil || len(waits.Messages) != 1 {
			t.Errorf("for ann waits %v (%v)", waits, err)
		}
		if newest, removed, err := s.Bounds(ctx); newest != 2 || removed != 0 || err != nil {
			t.Errorf("the bounds are %d and %d (%v)", newest, removed, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func third[T, U any](_ T, _ U, err error) error { return err }

// TestConflict: a message that is there may be kept again, and another one under its id may not.
func TestConflict(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := t.Context(), d.open(t)
		ann := history.Party{Account: create(t, s, "ann").ID, Name: "ann"}
		first := append(broadcasts(1, 70), history.Message{ID: 71, From: history.Party{Name: "bob"}, To: ann, Text: "psst", Mail: true})
		if err := s.Append(ctx, first); err != nil {
			t.Fatal(err)
		}
		if err := s.Delivered(ctx, ann.Account, 71); err != nil {
			t.Fatal(err)
		}
		if err := s.Append(ctx, append(slices.Clone(first), broadcasts(72, 75)...)); err != nil {
			t.Errorf("what is there already, and more: %v", err)
		}
		for name, change := range map[string]func(*history.Message){
			"text": func(m *history.Message) { m.Text = "ho" }, "sender": func(m *history.Message) { m.From.Name = "eve" },
			"account": func(m *history.Message) { m.From.Account = 9 }, "receiver": func(m *history.Message) { m.To = ann },
			"mail": func(m *history.Message) { m.To, m.Mail = ann, true },
		} {
			batch := broadcasts(60, 200)
			batch[0].Text, batch[11] = "hi", first[70]
			change(&batch[5])
			if err := s.Append(ctx, batch); !errors.Is(err, history.ErrConflict) || !strings.Contains(err.Error(), "message 65: ") {
				t.Errorf("another %s returns %v", name, err)
			}
		}
		if got, want := lobby(t, s), append(broadcasts(1, 70), broadcasts(72, 75)...); !slices.Equal(got, want) {
			t.Errorf("%d messages are there, want %d", len(got), len(want))
		}
		if n, _, err := s.Prune(ctx, history.Retention{Count: 70}, 100); n != 5 || err != nil {
			t.Errorf("of 75 messages %d were beyond 70 (%v)", n, err)
		}
	})
}

// TestLockLost ends the connection with the lock: the server takes it again, and nothing fails meanwhile.
func TestLockLost(t *testing.T) {
	t.Parallel()
	d := postgres(t)
	first := d.lead(t, nil)
	defer first.end()
	ctx, cancel := context.WithCancel(t.Context())
	waits, ended := make(chan error, 8), make(chan struct{})
	go func() {
		defer close(ended)
		if _, err := d.tryLead(t, ctx, func(why error) { waits <- why }); err == nil {
			t.Error("a second server has the database")
		}
	}()
	await(t, "it stands by", waits)
	for i := range 3 {
		sqlOn(t, d, endLockHolder)
		if why := await(t, "the lock is taken again", first.retaken); why == nil {
			t.Error("there is no reason")
		}
		if err := first.Append(ctx, broadcasts(1, 3)); err != nil {
			t.Errorf("after loss %d: %v", i, err)
		}
	}
	cancel()
	<-ended
}

// endLockHolder ends the connection that holds the lock.
const endLockHolder = "SELECT pg_terminate_backend(pid, 60000) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1752523362 " +
	"AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"

// TestLockFileLost removes the lock's file. A server that is alone takes the lock on the new one; where another server was
// faster, the first one loses the lease.
func TestLockFileLost(t *testing.T) {
	t.Parallel()
	d := sqlite(t)
	first := d.lead(t, nil)
	defer first.end()
	remove := func() {
		t.Helper()
		if err := os.Remove(filepath.Join(d.dir, "hubbub.lock")); err != nil {
			t.Fatal(err)
		}
	}
	remove()
	if why := await(t, "the lock is taken again", first.retaken); !strings.Contains(why.Error(), "hubbub.lock was removed") {
		t.Errorf("it was lost because %v", why)
	}
	if err := first.Append(t.Context(), broadcasts(1, 3)); err != nil {
		t.Fatal(err)
	}
	for !faster(t, d, remove, first) { // the first one was, and then it goes on
	}
	if err := await(t, "the lease is lost", first.lost); !errors.Is(err, history.ErrFenced) {
		t.Errorf("it was lost because %v", err)
	}
	if err := first.Append(t.Context(), broadcasts(4, 6)); !errors.Is(err, history.ErrFenced) {
		t.Errorf("Append returned %v", err)
	}
}

// faster removes the lock's file and reports whether a second server got the lease before the first one took it again.
func faster(t *testing.T, d database, remove func(), first *leased) bool {
	t.Helper()
	remove()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	second, err := d.tryLead(t, ctx, func(error) { cancel() })
	if err == nil {
		t.Cleanup(second.end)
		return true
	}
	await(t, "the lock is taken again", first.retaken)
	return false
}

// TestFileReplaced puts another database in the place of the one that is open: what a server keeps in that is lost.
func TestFileReplaced(t *testing.T) {
	t.Parallel()
	d, other := sqlite(t), sqlite(t)
	first := d.lead(t, nil)
	defer first.end()
	if err := other.open(t).Append(t.Context(), broadcasts(1, 3)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(other.dir, "hubbub.db"), filepath.Join(d.dir, "hubbub.db")); err != nil {
		t.Fatal(err)
	}
	err := await(t, "the lease is lost", first.lost)
	if !errors.Is(err, history.ErrFenced) || !strings.Contains(err.Error(), "hubbub.db was removed or replaced while it was in use") {
		t.Errorf("it was lost because %v", err)
	}
}

// TestNothingGoesIntoAFileThatIsGone: from the moment in which the file is not in its place, nothing that is written is taken
// for kept, though nobody has looked after the lease since.
func TestNothingGoesIntoAFileThatIsGone(t *testing.T) {
	t.Parallel()
	f := func(what string, goes func(path, other string) error) {
		ctx, d, other := t.Context(), sqlite(t), sqlite(t)
		s, err := store.OpenLeased(ctx, d.url, d.dir, func(error) {})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ann := create(t, s, "ann")
		mail := history.Message{ID: 1, From: history.Party{Name: "bob"}, To: history.Party{Account: ann.ID, Name: "ann"}, Mail: true}
		if err := s.Append(ctx, []history.Message{mail}); err != nil {
			t.Fatal(err)
		}
		other.open(t)
		if err := goes(filepath.Join(d.dir, "hubbub.db"), filepath.Join(other.dir, "hubbub.db")); err != nil {
			t.Fatal(err)
		}
		for write, err := range map[string]error{
			"Append":             s.Append(ctx, broadcasts(3, 80)),
			"an Append repeated": s.Append(ctx, []history.Message{mail}),
			"Create":             second(s.Create(ctx, named("eve"), "hash")),
			"Delivered":          s.Delivered(ctx, ann.ID, 1),
			"SetPassword":        s.SetPassword(ctx, named("ann"), "other"),
			"Rehash":             s.Rehash(ctx, ann.ID, "hash", "another"),
		} {
			if !errors.Is(err, history.ErrFenced) {
				t.Errorf("when the file is %s, %s returns %v", what, write, err)
			}
		}
	}
	f("replaced", func(path, other string) error { return os.Rename(other, path) })
	f("moved away", func(path, _ string) error { return os.Rename(path, path+".old") })
	f("removed", func(path, _ string) error { return os.Remove(path) })
}

// TestCommandsLeaveOldTables: a command of this release must not make or change tables under a server of another one, which
// has the lock that all have had.
func TestCommandsLeaveOldTables(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		d.open(t)
		const newest = "version_id = (SELECT %s(version_id) FROM goose_db_version)"
		sqlOn(t, d, "UPDATE goose_db_version SET version_id = -version_id WHERE "+fmt.Sprintf(newest, "max"))
		release := d.holdLock(t)
		refuses(t, d, "a server with an older version of hubbub uses the database: end it and start this version's")
		release()
		sqlOn(t, d, "UPDATE goose_db_version SET version_id = -version_id WHERE "+fmt.Sprintf(newest, "min"))
		d.open(t)
		release = d.holdLock(t) // tables of this version are nobody's hindrance
		d.open(t)
		release()
		d.lead(t, nil).end()
	})
}

// holdLock takes the lock as servers without an epoch did, and returns what gives it up.
func (d database) holdLock(t *testing.T) (release func()) {
	t.Helper()
	if d.dir == "" {
		db := d.sql(t)
		if _, err := db.Exec("SELECT pg_advisory_lock(1752523362)"); err != nil {
			t.Fatal(err)
		}
		return func() { db.Close() }
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(d.dir, "hubbub.lock")+"?_txlock=exclusive")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return func() { tx.Rollback(); db.Close() }
}
