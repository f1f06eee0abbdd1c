package main

import (
	"database/sql"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/internal/pgtest"
)

// balancer passes connections on to whichever of some servers takes them, as a load balancer does before a server and
// one that stands by.
type balancer struct {
	address string
	running sync.WaitGroup

	mu      sync.Mutex
	servers []*process
	conns   map[net.Conn]bool
}

func startBalancer(t *testing.T, servers ...*process) *balancer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{address: l.Addr().String(), servers: servers, conns: map[net.Conn]bool{}}
	b.running.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			b.running.Go(func() { b.serve(near) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		b.mu.Lock()
		for c := range b.conns {
			c.Close()
		}
		b.mu.Unlock()
		b.running.Wait()
	})
	return b
}

// add adds a server, to be tried after the others.
func (b *balancer) add(p *process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.servers = append(b.servers, p)
}

// connect dials the first server that is ready.
func (b *balancer) connect() net.Conn {
	b.mu.Lock()
	servers := b.servers
	b.mu.Unlock()
	for _, p := range servers {
		if !p.isReady() {
			continue
		}
		if far, err := net.Dial("tcp", p.lastValue("chat is open on ")); err == nil {
			return far
		}
	}
	return nil
}

func (b *balancer) serve(near net.Conn) {
	defer near.Close()
	far := b.connect()
	if far == nil {
		return
	}
	defer far.Close()
	b.mu.Lock()
	b.conns[near] = true
	b.mu.Unlock()
	b.running.Go(func() {
		_, _ = io.Copy(far, near)
		far.(*net.TCPConn).CloseWrite()
	})
	_, _ = io.Copy(near, far)
	near.Close()
	b.mu.Lock()
	delete(b.conns, near)
	b.mu.Unlock()
}

// isReady asks /readyz as a balancer does, which does not wait for long.
func (p *process) isReady() bool {
	client := http.Client{Timeout: 2 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get("http://" + p.admin + "/readyz")
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == 200
}

// lastValue returns the rest of the last message that was logged and begins with prefix, "" when there is none.
func (p *process) lastValue(prefix string) (value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for line := range strings.Lines(p.log.String()) {
		var entry struct{ Msg string }
		if json.Unmarshal([]byte(line), &entry) == nil && strings.HasPrefix(entry.Msg, prefix) {
			value = entry.Msg[len(prefix):]
		}
	}
	return value
}

// pair is a server, one that stands by, and a choir that talks through a balancer before them.
type pair struct {
	first, second *process
	balancer      *balancer
	choir         *choir
	database      []string
}

func startPair(t *testing.T, database string, args ...string) *pair {
	t.Helper()
	dir := t.TempDir()
	p := &pair{database: append([]string{"--data-dir", dir, "--database", database, "--message-rate", "0"}, args...)}
	p.first = launchServer(t, p.database...)
	p.first.expectServing()
	p.second = launchServer(t, p.database...)
	p.second.expectPhase("standing_by", "standing by: another server has the database")
	p.balancer = startBalancer(t, p.first, p.second)
	p.choir = newChoir(t, p.balancer.address, database, dir)
	p.choir.sing(4)
	p.choir.goesOn(10)
	return p
}

// end compares what was acknowledged with what is kept.
func (p *pair) end(t *testing.T) {
	t.Helper()
	p.choir.goesOn(10)
	p.choir.hush()
	p.choir.leave()
	kept, phantoms := p.choir.audit()
	t.Logf("%d messages are kept, of %d that were said; %d times somebody heard one that is not kept", kept, len(p.choir.said), phantoms)
}

// one checks that exactly one of the servers serves, and returns it and the other one.
func (p *pair) one(t *testing.T) (serves, stands *process) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		switch first, second := p.first.isReady(), p.second.isReady(); {
		case first && !second:
			p.second.expectPhase("standing_by", "standing by")
			return p.first, p.second
		case second && !first:
			p.first.expectPhase("standing_by", "standing by")
			return p.second, p.first
		case time.Now().After(deadline):
			t.Fatalf("ready are: the first server %v, the second %v", first, second)
		}
	}
}

// endLockHolder ends the connection to PostgreSQL that has the lock.
func endLockHolder(t *testing.T, url string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var ended bool
	const query = "SELECT coalesce(bool_or(pg_terminate_backend(pid, 60000)), false) FROM pg_locks " +
		"WHERE locktype = 'advisory' AND objid = 1752523362"
	if err := db.QueryRow(query).Scan(&ended); err != nil || !ended {
		t.Fatal(ended, err)
	}
}

// TestLockHolderEnded ends the connection with the lock while everybody talks and another server waits for its chance.
func TestLockHolderEnded(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t).URL(t)
	p := startPair(t, url)
	for range 5 {
		p.loseLock(t, func() { endLockHolder(t, url) })
		p.choir.goesOn(10)
	}
	p.one(t)
	p.end(t)
}

// loseLock takes the lock from the server that serves, and waits until that one knows and exactly one serves again.
func (p *pair) loseLock(t *testing.T, take func()) {
	t.Helper()
	serves, _ := p.one(t)
	knows := func() int { return serves.counts("lease retaken") + serves.counts("lease lost") }
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	before := knows()
	take()
	for deadline := time.Now().Add(patience); knows() == before; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("the server did not notice:\n%s", serves.tail())
		}
	}
	p.one(t)
}

// counts returns how often a message was logged.
func (p *process) counts(message string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Count(p.log.String(), `"`+message+`"`)
}

// TestDatabaseRestartsUnderBoth ends PostgreSQL under a server and one that stands by.
func TestDatabaseRestartsUnderBoth(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	p := startPair(t, pg.URL(t))
	for _, end := range []func(testing.TB){pg.Stop, pg.Kill} {
		serves, stands := p.one(t)
		end(t)
		serves.readyz(503, "can't be reached: is PostgreSQL running")
		stands.readyz(503, "can't be reached: is PostgreSQL running")
		pg.Start(t)
		p.choir.goesOn(10)
		p.one(t)
	}
	p.end(t)
}

// TestTakeover kills the server, and then the one that took over, which another one has been standing by for.
func TestTakeover(t *testing.T) {
	t.Parallel()
	f := func(name, database string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPair(t, database)
			p.first.kill()
			p.second.expectServing()
			p.choir.goesOn(10)
			p.first = launchServer(t, p.database...)
			p.balancer.add(p.first)
			p.one(t)
			p.second.stop()
			p.first.expectServing()
			p.end(t)
		})
	}
	f("SQLite", "sqlite")
	f("PostgreSQL", pgtest.Start(t).URL(t))
}

// TestFencedWakesUp stops the server's process for so long that another one takes over. When it wakes up it has requests
// to answer: none of them with SUCCESS. Then it stands by, and serves again when the other one is gone.
func TestFencedWakesUp(t *testing.T) {
	t.Parallel()
	p := startPair(t, pgtest.Start(t).URL(t))
	eve := login(t, p.first.chatAddress(), "eve")
	p.first.freeze()
	defer p.first.thaw()
	for i := range 50 {
		eve.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: uint32(i + 2)}, Message: "too late"})
	}
	p.second.expectServing()
	p.balancer.cut()
	p.choir.goesOn(10)
	p.first.thaw()
	eve.untilClosed(func(m codec.Message) {
		if answer, ok := m.(*codec.BroadcastResponse); ok && answer.Result == codec.Success {
			t.Errorf("a server without the lease answers %s", codec.Format(m))
		}
	})
	p.first.expectPhase("standing_by", "standing by: another server has the database")
	p.choir.goesOn(10)
	p.second.kill()
	p.first.expectServing()
	p.end(t)
}

// TestLockFileRemoved removes SQLite's lock, so that the server that stands by may take over.
func TestLockFileRemoved(t *testing.T) {
	t.Parallel()
	p := startPair(t, "sqlite")
	for range 3 {
		p.loseLock(t, func() {
			if err := os.Remove(filepath.Join(p.database[1], "hubbub.lock")); err != nil {
				t.Fatal(err)
			}
		})
		p.choir.goesOn(10)
	}
	p.end(t)
}

// chatAddress is where the process serves chat, or did last.
func (p *process) chatAddress() string { return p.lastValue("chat is open on ") }

// cut closes all connections: the balancer takes the first server for dead.
func (b *balancer) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.conns {
		c.Close()
	}
}

// untilClosed reads to the end of the connection.
func (p *peer) untilClosed(heard func(codec.Message)) {
	p.t.Helper()
	for {
		m, err := p.next()
		if err != nil {
			return
		}
		heard(m)
	}
}

// TestEpochMoves: whatever --history says, a server notices soon that its lease is over, ends its sessions and stands by;
// since nobody else is there, it serves again, on the same port.
func TestEpochMoves(t *testing.T) {
	t.Parallel()
	f := func(history string) {
		t.Run(history, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := serve(t, "--data-dir", dir, "--history", history)
			alice := login(t, p.chat, "alice")
			db, err := sql.Open("sqlite", filepath.Join(dir, "hubbub.db")+"?_pragma=busy_timeout(5000)")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec("UPDATE counters SET epoch = epoch + 1"); err != nil {
				t.Fatal(err)
			}
			var last codec.Code
			alice.untilClosed(func(m codec.Message) {
				if notice, ok := m.(*codec.SystemNotify); ok {
					last = notice.Code
				}
			})
			if last != codec.ShuttingDown {
				t.Errorf("alice's session ended with %v", last)
			}
			p.logValue("lease lost")
			p.expectServing()
			login(t, p.chat, "alice").send(&codec.BroadcastRequest{Message: "again"})
		})
	}
	f("sync")
	f("async")
	f("off")
}
