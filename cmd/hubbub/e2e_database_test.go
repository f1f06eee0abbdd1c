package main

import (
	"errors"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/internal/pgtest"
)

// TestDatabaseRestarts ends PostgreSQL under load, in good order and by force. The chat goes on meanwhile, and what was
// said is kept and acknowledged when the database is back.
func TestDatabaseRestarts(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	outage(t, pg.URL(t), []trouble{
		{func(*process) { pg.Stop(t) }, func() { pg.Start(t) }, "can't be reached: is PostgreSQL running"},
		{func(*process) { pg.Kill(t) }, func() { pg.Start(t) }, "can't be reached: is PostgreSQL running"},
	})
}

// TestDatabaseHangs keeps the database's answers back for so long that the server gives up on them, though it did what it
// was asked: what is asked for again then must not be kept twice.
func TestDatabaseHangs(t *testing.T) {
	t.Parallel()
	proxy := newProxy(t, pgtest.Start(t).URL(t))
	outage(t, proxy.url, []trouble{{func(p *process) {
		failures := p.metric("hubbub_history_failures_total")
		proxy.freeze(true)
		p.eventually("hubbub_history_failures_total", func(v float64) bool { return v > failures })
	}, func() { proxy.freeze(false) }, " on 127.0.0.1:"}})
}

// trouble is what befalls a database, and how it ends.
type trouble struct {
	begin func(*process)
	end   func()
	why   string // in what /readyz says
}

// outage has everybody talk while the database is in trouble, and compares what they heard with what is kept.
func outage(t *testing.T, database string, troubles []trouble) {
	t.Helper()
	dir := t.TempDir()
	p := serve(t, "--data-dir", dir, "--database", database, "--message-rate", "0")
	c := newChoir(t, p.chat, database, dir)
	eve, mallory := login(t, p.chat, "eve"), login(t, p.chat, "mallory")
	c.sing(4)
	for i, trouble := range troubles {
		c.goesOn(10)
		trouble.begin(p)
		p.readyz(503, trouble.why)
		said := &remark{from: "eve", text: strings.Repeat("still here! ", i+1), err: client.ErrLost}
		c.mu.Lock()
		c.said[said.text] = said
		c.mu.Unlock()
		eve.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 7}, Message: said.text})
		mallory.until(func(m codec.Message) bool {
			live, ok := m.(*codec.BroadcastNotify)
			return ok && live.User == "eve" && live.Message == said.text
		})
		trouble.end()
		p.readyz(200, `"database":"ok"`)
		eve.until(func(m codec.Message) bool {
			answer, ok := m.(*codec.BroadcastResponse)
			if ok {
				said.id, said.err = answer.ID, nil
			}
			return ok
		})
		c.goesOn(10)
	}
	c.hush()
	c.leave()
	kept, phantoms := c.audit()
	for _, r := range c.said {
		// Whether there is an account that is not logged in, only the database knows.
		if r.id == 0 && !(r.to == absentee && errors.Is(r.err, codec.ServerBusy)) {
			t.Errorf("%+v was not acknowledged", r)
		}
	}
	if phantoms != 0 {
		t.Errorf("%d times somebody heard a message that is not kept", phantoms)
	}
	t.Logf("%d messages are kept, of %d that were said; %v times the database did not keep some", kept, len(c.said),
		p.metric("hubbub_history_failures_total"))
}

// until reads until the packet that is waited for.
func (p *peer) until(found func(codec.Message) bool) {
	p.t.Helper()
	for !found(p.read()) {
	}
}

// readyz waits until the server says so.
func (p *process) readyz(status int, words string) {
	p.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		got, body := p.get("/readyz")
		if got == status && strings.Contains(body, words) {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("/readyz stays at %d %s, want %d and %s", got, body, status, words)
		}
	}
}

// proxy stands between the server and PostgreSQL, whose answers it may keep back.
type proxy struct {
	url     string // of the database through it
	socket  string
	mu      sync.Mutex
	thawed  *sync.Cond
	frozen  bool
	running sync.WaitGroup
}

func newProxy(t *testing.T, database string) *proxy {
	t.Helper()
	behind, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{socket: filepath.Join(behind.Query().Get("host"), ".s.PGSQL.5432")}
	p.thawed = sync.NewCond(&p.mu)
	behind.Host, behind.RawQuery = l.Addr().String(), "sslmode=disable"
	p.url = behind.String()
	p.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.running.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); p.freeze(false); p.running.Wait() })
	return p
}

// serve carries one connection's bytes until either side hangs up.
func (p *proxy) serve(conn net.Conn) {
	defer conn.Close()
	database, err := net.Dial("unix", p.socket)
	if err != nil {
		return
	}
	defer database.Close()
	p.running.Go(func() {
		_, _ = io.Copy(database, conn)
		database.Close()
	})
	_, _ = io.Copy(answers{p, conn}, database)
}

func (p *proxy) freeze(frozen bool) {
	p.mu.Lock()
	p.frozen = frozen
	p.mu.Unlock()
	p.thawed.Broadcast()
}

// answers are what the database sends, which waits as long as its proxy is frozen.
type answers struct {
	proxy *proxy
	io.Writer
}

// Write implements io.Writer.
func (a answers) Write(b []byte) (int, error) {
	a.proxy.mu.Lock()
	for a.proxy.frozen {
		a.proxy.thawed.Wait()
	}
	a.proxy.mu.Unlock()
	return a.Writer.Write(b)
}
