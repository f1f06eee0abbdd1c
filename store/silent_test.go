package store_test

import (
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"hubbub/internal/pgtest"
	"hubbub/store"
)

// silentHost accepts connections. Once it is hushed it says nothing on them; before that it hangs up.
type silentHost struct {
	address string
	hushed  atomic.Bool

	mu    sync.Mutex
	conns []net.Conn // on which it says nothing
}

func newSilentHost(t *testing.T) *silentHost {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &silentHost{address: l.Addr().String()}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if !h.hushed.Load() {
				c.Close()
				continue
			}
			h.mu.Lock()
			h.conns = append(h.conns, c)
			h.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
		for _, c := range h.conns {
			c.Close()
		}
	})
	return h
}

// asked returns how many connections wait for a word.
func (h *silentHost) asked() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns)
}

// behind returns a database's URL in which other hosts are named before the one of address.
func behind(t *testing.T, address *floating, hosts ...*silentHost) database {
	t.Helper()
	u, err := url.Parse(address.url)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, h := range hosts {
		all = append(all, h.address)
	}
	u.Host = strings.Join(append(all, u.Host), ",")
	return database{url: u.String()}
}

// TestSilentHost: who asks for a connection to a host that accepts it and says nothing hears of that in bounded time, though
// nobody but the store has limited it.
func TestSilentHost(t *testing.T) {
	t.Parallel()
	host := newSilentHost(t)
	host.hushed.Store(true)
	failed := make(chan error, 1)
	go func() {
		s, err := store.Open(t.Context(), "postgres://u:p@"+host.address+"/d?sslmode=disable", "")
		if err == nil {
			s.Close()
		}
		failed <- err
	}()
	if err := await(t, "the host is given up", failed); err == nil || !strings.Contains(err.Error(), "can't be reached") {
		t.Errorf("it says %v", err)
	}
	if host.asked() == 0 {
		t.Error("the host was not asked")
	}
}

// TestSilentHostBeforeAnother: behind a host that says nothing the next one of the URL is reached.
func TestSilentHostBeforeAnother(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	host := newSilentHost(t)
	host.hushed.Store(true)
	d := behind(t, float(t, server.URL(t), server), host)
	opened := make(chan error, 1)
	go func() {
		s, err := store.Open(t.Context(), d.url, "")
		if err == nil {
			err = s.Append(t.Context(), broadcasts(1, 3))
			s.Close()
		}
		opened <- err
	}()
	if err := await(t, "the second host is reached", opened); err != nil {
		t.Error(err)
	}
	if host.asked() == 0 {
		t.Error("the first host was not asked")
	}
}

// TestLockLostBehindSilentHosts: a lock that is lost is taken again though making the connection for it takes longer than the
// database may take to answer, because the hosts before it say nothing.
func TestLockLostBehindSilentHosts(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	hosts := []*silentHost{newSilentHost(t), newSilentHost(t)} // 2 s each
	direct := server.URL(t)
	d := behind(t, float(t, direct, server), hosts...)
	s := d.lead(t, nil)
	defer s.end()
	for _, h := range hosts {
		h.hushed.Store(true)
	}
	sqlOn(t, database{url: direct}, endLockHolder)
	await(t, "the lock is taken again", s.retaken)
	if err := s.Append(t.Context(), broadcasts(1, 3)); err != nil {
		t.Error(err)
	}
	for _, h := range hosts {
		if h.asked() == 0 {
			t.Error("a silent host was not asked")
		}
	}
}
