package store_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/internal/pgtest"
)

// recovery bounds how long a server may take to find the new primary. It takes a second or two; without looking for it, it
// would never.
const recovery = 20 * time.Second

// floating is an address that leads to one of several servers. Connections that are there stay where they are when it moves.
type floating struct {
	url     string // of a database there
	running sync.WaitGroup

	mu    sync.Mutex
	leads *pgtest.Server
	conns map[net.Conn]bool
}

func float(t *testing.T, database string, leads *pgtest.Server) *floating {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.Host, u.RawQuery = l.Addr().String(), "sslmode=disable"
	f := &floating{url: u.String(), leads: leads, conns: map[net.Conn]bool{}}
	f.running.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			f.running.Go(func() { f.serve(near) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		f.mu.Lock()
		for c := range f.conns {
			c.Close()
		}
		f.mu.Unlock()
		f.running.Wait()
	})
	return f
}

func (f *floating) move(to *pgtest.Server) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leads = to
}

func (f *floating) serve(near net.Conn) {
	defer near.Close()
	f.mu.Lock()
	to := f.leads
	f.mu.Unlock()
	far, err := net.Dial("unix", to.Socket())
	if err != nil {
		return
	}
	defer far.Close()
	f.mu.Lock()
	f.conns[near], f.conns[far] = true, true
	f.mu.Unlock()
	f.running.Go(func() {
		_, _ = io.Copy(far, near)
		far.Close()
	})
	_, _ = io.Copy(near, far)
	f.mu.Lock()
	delete(f.conns, near)
	delete(f.conns, far)
	f.mu.Unlock()
}

// TestFailover makes another PostgreSQL the primary, in each way in which that may look from here, and expects that
// messages are kept there and read from there soon.
func TestFailover(t *testing.T) {
	t.Parallel()
	f := func(name string, fail func(t *testing.T, s *leased, old, replica *pgtest.Server, address *floating)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := pgtest.Start(t)
			database := old.URL(t)
			replica := old.Replica(t)
			address := float(t, database, old)
			failover(t, address.url, database, func(s *leased) { fail(t, s, old, replica, address) }, replica)
		})
	}
	f("the old one is gone", func(t *testing.T, _ *leased, old, replica *pgtest.Server, address *floating) {
		old.Kill(t)
		replica.Promote(t)
		address.move(replica)
	})
	f("the old one follows, and the address leads to it for a while", func(t *testing.T, s *leased, old, replica *pgtest.Server, address *floating) {
		old.Stop(t)
		old.Demote(t)
		replica.Promote(t)
		var running sync.WaitGroup
		for range 8 { // whatever comes of it: the connections that are made now lead to the old one
			running.Go(func() { _, _ = s.Page(t.Context(), []history.Conversation{{}}, 0, 0, 1) })
		}
		running.Wait()
		address.move(replica)
	})
	f("the old one can only be read", func(t *testing.T, _ *leased, old, replica *pgtest.Server, address *floating) {
		sqlOn(t, database{url: old.Address("postgres")}, "ALTER SYSTEM SET default_transaction_read_only = on",
			"SELECT pg_reload_conf()")
		replica.Promote(t)
		address.move(replica)
	})
	f("the old one hangs", func(t *testing.T, _ *leased, old, replica *pgtest.Server, address *floating) {
		thaw := old.Freeze(t)
		t.Cleanup(thaw)
		replica.Promote(t)
		address.move(replica)
	})
}

// TestFailoverOfHosts is one with a URL that names both servers.
func TestFailoverOfHosts(t *testing.T) {
	t.Parallel()
	old := pgtest.Start(t)
	direct := old.URL(t)
	replica := old.Replica(t)
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = url.Values{"host": {u.Query().Get("host") + "," + strings.TrimSuffix(replica.Socket(), "/.s.PGSQL.5432")}}.Encode()
	failover(t, u.String(), direct, func(*leased) {
		old.Stop(t)
		replica.Promote(t)
		old.Demote(t)
	}, replica)
}

// failover keeps messages, has the primary fail, and expects that messages are kept by the next one.
func failover(t *testing.T, through, direct string, fail func(s *leased), next *pgtest.Server) {
	t.Helper()
	s := database{url: through}.lead(t, nil)
	defer s.end()
	for i := range codec.ID(10) { // from as many connections as there are
		if err := s.Append(t.Context(), broadcasts(i*10+1, i*10+10)); err != nil {
			t.Fatal(err)
		}
	}
	pages(t, s, 100)
	fail(s)
	begun := time.Now()
	for deadline := begun.Add(recovery); ; {
		ctx, cancel := context.WithTimeout(t.Context(), recovery)
		err := s.Append(ctx, broadcasts(101, 110))
		cancel()
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %v", recovery, err)
		}
	}
	took := time.Since(begun)
	pages(t, s, 110)
	t.Logf("messages are kept again after %v, and read after %v", took, time.Since(begun))
	name := direct[strings.LastIndex(direct[:strings.Index(direct, "?")], "/")+1 : strings.Index(direct, "?")]
	var there int
	db := database{url: next.Address(name)}.sql(t)
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM messages").Scan(&there); err != nil || there != 110 {
		t.Errorf("the new primary has %d messages (%v)", there, err)
	}
}

// pages reads with as many readers as there may be connections, and expects all messages in each page.
func pages(t *testing.T, s *leased, messages int) {
	t.Helper()
	var running sync.WaitGroup
	for range 16 {
		running.Go(func() {
			for range 10 {
				if got := len(lobby(t, s.Store)); got != messages {
					t.Errorf("a page has %d messages, want %d", got, messages)
				}
			}
		})
	}
	running.Wait()
}

// TestConnectionsAge: where nothing but the address tells that another server is the primary, the old one being as well as
// ever, the server follows once it makes a new connection.
func TestConnectionsAge(t *testing.T) {
	t.Parallel()
	old := pgtest.Start(t)
	direct := old.URL(t)
	replica := old.Replica(t)
	address := float(t, direct, old)
	s := database{url: address.url}.lead(t, nil)
	defer s.end()
	pages(t, s, 0)
	replica.Promote(t)
	address.move(replica)
	s.DropIdle() // as their age does
	pages(t, s, 0)
	if why := await(t, "the lock is on the other server", s.retaken); !strings.Contains(why.Error(), "leads to another server now") {
		t.Errorf("the lock was lost because %v", why)
	}
	if err := s.Append(t.Context(), broadcasts(1, 3)); err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(strings.SplitN(direct[strings.Index(direct, "@"):], "?", 2)[0], "@/")
	there := database{url: replica.Address(name)}.open(t)
	if got := len(lobby(t, there)); got != 3 {
		t.Errorf("the new primary has %d messages", got)
	}
}
