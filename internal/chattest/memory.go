package chattest

import (
	"context"
	"io"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/handler"
	"hubbub/handler/account"
	"hubbub/handler/charset"
	"hubbub/server"
	"hubbub/session"
	"hubbub/store"
)

const (
	// tick is by how much the clock jumps: the server's own interval.
	tick = 100 * time.Millisecond
	// patience is after how long a script's wait is in vain: longer than any timeout of the defaults.
	patience = 5 * time.Minute
	// refusalReserve is how many connections above the limit may wait for their reason.
	refusalReserve = 128
	// readBytes is how much a loop reads from a connection at a time, as gnet does.
	readBytes = 64 << 10
)

// memory is the server without loops, workers, sockets and time of its own: one goroutine plays all of them, in an
// order that is always the same.
type memory struct {
	t        testing.TB
	chat     *handler.Chat
	store    *store.Store // nil: none
	revoked  int64        // the newest revocation that the chat knows
	lanes    []*session.Lane
	woken    []atomic.Bool
	ready    []*session.Session // their strands wait for a turn
	conns    []*memoryConn
	now      time.Time
	draining bool
	stalled  bool // the workers stopped
}

func newMemory(t testing.TB, config server.Config) *memory {
	config.DataDir = t.TempDir()
	m := &memory{t: t, now: time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC), woken: make([]atomic.Bool, config.Loops)}
	chat := handler.Config{
		Limits: config.ChatLimits(),
		Sessions: session.Config{
			Limits:   config.SessionLimits(config.MaxSessions),
			Lanes:    config.Loops,
			Schedule: func(s *session.Session) { m.ready = append(m.ready, s) },
		},
		Now:      func() time.Time { return m.now },
		Ended:    func(*session.Session) {},
		Received: func(*session.Session, codec.Message) {},
		Panicked: func(_ *session.Session, value any, stack []byte) {
			t.Errorf("a handler panicked: %v\n%s", value, stack)
		},
	}
	var err error
	if chat.Charset, err = charset.Parse(config.ClassicCharset); err != nil {
		t.Fatal(err)
	}
	m.remember(&chat, config)
	m.chat = handler.New(chat)
	m.revoke()
	if journal := m.chat.Journal(); journal != nil {
		go journal.Run()
	}
	for i := range config.Loops {
		m.lanes = append(m.lanes, m.chat.Hub.AddLane(m.now, func() { m.woken[i].Store(true) }))
	}
	return m
}

// dial does what the server does when a connection opens. The lanes get connections in turn.
func (m *memory) dial(_ string, d codec.Dialect) (link, error) {
	lane := m.lanes[len(m.conns)%len(m.lanes)]
	c := &memoryConn{memory: m, lane: lane}
	address := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(40000+len(m.conns)))
	m.conns = append(m.conns, c)
	refuse := session.None
	if m.draining {
		refuse = session.ShuttingDown
	}
	s, refuse := lane.Open(c, address, refuse, refusalReserve)
	c.session = s
	switch {
	case s == nil:
		m.t.Fatal("more refused connections than a script may have")
	case refuse != session.None:
		s.Refuse(refuse, "")
	}
	return &memoryLink{c, d}, nil
}

// Descriptor implements session.Conn: every write goes through Write.
func (c *memoryConn) Descriptor() int32 { return -1 }

// quiesce implements driver.
func (m *memory) quiesce() bool {
	for m.step() || m.keep() {
	}
	return true
}

// remember gives the chat the database of the configuration. What takes long is done at once.
func (m *memory) remember(chat *handler.Config, config server.Config) {
	opened, err := openStore(config)
	if err != nil {
		m.t.Fatal(err)
	}
	if opened == nil {
		return
	}
	m.store = opened
	m.t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			m.t.Error(err)
		}
	})
	atOnce := func(job handler.Job) bool { job.Run(); return true }
	chat.Accounts, chat.Hash, chat.Fetch = opened, atOnce, atOnce
	chat.Unavailable = func(what string, err error) { m.t.Errorf("the database could not be asked for %s: %v", what, err) }
	chat.Revoked = func(account.Revocation) {}
	if config.History == "off" {
		return
	}
	chat.History, chat.Async = opened, config.History == "async"
	chat.Kept = func(int, time.Duration) {}
	chat.Unkept = func(err error) { m.t.Errorf("messages can't be kept: %v", err) }
}

// revoke does what the server does each second.
func (m *memory) revoke() {
	if m.store == nil {
		return
	}
	var err error
	if m.revoked, err = m.chat.Revoke(context.Background(), m.revoked); err != nil {
		m.t.Error(err)
	}
	if _, _, err := m.chat.LoadNames(context.Background()); err != nil {
		m.t.Error(err)
	}
}

// keep waits until the journal has kept what was sent, and reports whether that was news to anybody.
func (m *memory) keep() bool {
	if journal := m.chat.Journal(); journal != nil {
		if err := journal.Flush(context.Background()); err != nil {
			m.t.Error(err)
		}
	}
	return slices.ContainsFunc(m.lanes, func(l *session.Lane) bool { return m.woken[l.Index()].Load() })
}

// step is one round: what has arrived, the workers, the lanes. It reports whether there was anything to do.
func (m *memory) step() (busy bool) {
	for _, c := range m.conns {
		busy = c.serve() || busy
	}
	for len(m.ready) > 0 && !m.stalled {
		s := m.ready[0]
		m.ready = m.ready[1:]
		if m.chat.Turn(s) {
			m.ready = append(m.ready, s)
		}
		busy = true
	}
	for i, lane := range m.lanes {
		if m.woken[i].CompareAndSwap(true, false) {
			for paused := lane.Drain(); paused; paused = lane.Resume() {
			}
			busy = true
		}
	}
	return busy
}

// pass lets a tick of time pass.
func (m *memory) pass() {
	m.now = m.now.Add(tick)
	if m.now.Nanosecond() == 0 {
		m.revoke()
	}
	for _, lane := range m.lanes {
		lane.Tick(m.now)
	}
	m.quiesce()
}

// workers implements driver.
func (m *memory) workers(on bool) bool {
	m.stalled = !on
	return true
}

// prune implements driver.
func (m *memory) prune(keep int64) error { return prune(m.store, keep) }

// stop implements driver: it ends all sessions at once.
func (m *memory) stop() {
	m.draining = true
	m.chat.Drain()
	for _, lane := range m.lanes {
		lane.EndNext(m.chat.Hub.Open(), session.ShuttingDown)
	}
}

// close implements driver: once all clients are gone nothing may be left of them.
func (m *memory) close() {
	m.stalled = false
	for _, c := range m.conns {
		c.fin = true
	}
	m.quiesce()
	if journal := m.chat.Journal(); journal != nil {
		if err := journal.Close(context.Background()); err != nil {
			m.t.Error(err)
		}
	}
	hub := m.chat.Hub
	if n := hub.Names(); n != 0 {
		m.t.Errorf("%d names are taken though nobody is there", n)
	}
	if n := hub.Open(); n != 0 {
		m.t.Errorf("%d sessions are open though nobody is there", n)
	}
	if n := Slots(hub); n != 0 {
		m.t.Errorf("%d sessions are counted though nobody is there", n)
	}
}

// Slots returns how many sessions' slots are in use: a session that has ended counts until nothing is left of it.
func Slots(hub *session.Hub) int {
	n := 0
	for state := range session.State(session.States) {
		for e := range session.Encoding(session.Encodings) {
			n += hub.Census(state, e)
		}
	}
	return n
}

// memoryLink is a client's end of a memoryConn.
type memoryLink struct {
	conn    *memoryConn
	dialect codec.Dialect
}

func (l *memoryLink) write(p []byte) error {
	if l.conn.closed {
		return io.ErrClosedPipe
	}
	for len(p) > 0 {
		n := min(len(p), readBytes)
		l.conn.segments = append(l.conn.segments, append([]byte(nil), p[:n]...))
		p = p[n:]
	}
	return nil
}

// next takes the first packet that has arrived.
func (l *memoryLink) next() ([]byte, error) {
	l.conn.take()
	packet, err := l.dialect.Next((*bytesSource)(&l.conn.arrived), nil, codec.MaxPacket)
	switch {
	case err == nil || codec.IsViolation(err):
		return packet, err
	case !l.conn.eof || len(l.conn.outbound) > 0:
		return nil, errQuiet
	case len(l.conn.arrived) > 0:
		return nil, io.ErrUnexpectedEOF
	}
	return nil, io.EOF
}

// read implements link: when nothing is there and nothing is left to do, the clock jumps.
func (l *memoryLink) read() ([]byte, error) {
	m := l.conn.memory
	m.quiesce()
	for deadline := m.now.Add(patience); ; m.pass() {
		packet, err := l.next()
		if err != errQuiet || l.conn.frozen || !m.now.Before(deadline) {
			return packet, err
		}
	}
}

func (l *memoryLink) ready() (packets [][]byte) {
	for {
		packet, err := l.next()
		if err != nil {
			return packets
		}
		packets = append(packets, packet)
	}
}

func (l *memoryLink) halfClose() { l.hangUp() } // to a server that closes at once it is the same

func (l *memoryLink) reset() {
	l.conn.rst = true
	l.conn.memory.quiesce()
}

func (l *memoryLink) hangUp() {
	l.conn.fin = true
	l.conn.memory.quiesce()
}

func (l *memoryLink) pause(on bool) { l.conn.frozen = on }
