package server

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// operatorBufferMax bounds what the kernel keeps of answers that somebody does not take: more than a page of metrics.
const operatorBufferMax = 128 << 10

// operatorListener bounds the connections of operators: they must not use up the descriptors, without which the loops
// can't accept clients. When all places are taken the newcomer gets the place of somebody who does not ask: who is silent,
// has sent half a request, or does not take the answer. So nobody who asks waits for those.
type operatorListener struct {
	net.Listener
	limits  adminLimits
	closed  chan struct{}
	once    sync.Once
	changed chan struct{} // of one place: something happened since a place was looked for in vain

	mu    sync.Mutex
	conns map[*operatorConn]struct{}
}

func newOperatorListener(l net.Listener, limits adminLimits) *operatorListener {
	return &operatorListener{Listener: l, limits: limits, closed: make(chan struct{}), changed: make(chan struct{}, 1),
		conns: map[*operatorConn]struct{}{}}
}

// Accept implements net.Listener.
func (l *operatorListener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &operatorConn{Conn: accepted, listener: l, idle: time.Now()}
	if from, ok := accepted.RemoteAddr().(*net.TCPAddr); ok {
		c.from = from.AddrPort().Addr().Unmap()
	}
	if conn, ok := accepted.(*net.TCPConn); ok {
		_ = conn.SetWriteBuffer(operatorBufferMax)
	}
	if !l.place(c) {
		return nil, net.ErrClosed
	}
	return c, nil
}

// place makes room for a connection. It reports false when the listener was closed meanwhile, and the connection with it.
func (l *operatorListener) place(c *operatorConn) bool {
	retry := time.NewTicker(l.limits.grace)
	defer retry.Stop()
	for {
		l.mu.Lock()
		if len(l.conns) < l.limits.connections {
			l.conns[c] = struct{}{}
			l.mu.Unlock()
			return true
		}
		victim := l.idlest(time.Now())
		l.mu.Unlock()
		if victim != nil {
			_ = victim.Close() // which frees its place
			continue
		}
		select {
		case <-l.changed:
		case <-retry.C:
		case <-l.closed:
			_ = c.Conn.Close()
			return false
		}
	}
}

// idlest returns the connection that is to go: of the address with most of those that do not ask, the one that has not
// asked for the longest; else the one that has not taken its answer for the longest; nil when there is none, or none yet.
// mu is held.
func (l *operatorListener) idlest(now time.Time) (victim *operatorConn) {
	silent, most := map[netip.Addr]int{}, 0
	for c := range l.conns {
		if c.isSilent() {
			silent[c.from]++
			most = max(most, silent[c.from])
		}
	}
	for c := range l.conns {
		if c.isIdle(now) && silent[c.from] == most && (victim == nil || c.idle.Before(victim.idle)) {
			victim = c
		}
	}
	if most > 0 {
		return victim
	}
	for c := range l.conns {
		if !c.writing.IsZero() && now.Sub(c.writing) >= l.limits.slow && (victim == nil || c.writing.Before(victim.writing)) {
			victim = c
		}
	}
	return victim
}

func (l *operatorListener) notice() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// Close implements net.Listener.
func (l *operatorListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// operatorConn notes what it is doing.
type operatorConn struct {
	net.Conn
	listener *operatorListener
	from     netip.Addr

	// Guarded by the listener's mu.
	asking  bool      // its whole request is here, and is being answered
	reading bool      // its next bytes are waited for
	idle    time.Time // since when it has not asked
	writing time.Time // since when it is to take some of its answer; zero: it is not
}

// isSilent reports whether nobody is at work for the connection.
func (c *operatorConn) isSilent() bool { return !c.asking && c.writing.IsZero() }

// isIdle reports whether the connection is silent for so long that nobody need be at work for it soon.
func (c *operatorConn) isIdle(now time.Time) bool {
	since := now.Sub(c.idle)
	return c.isSilent() && (c.reading && since >= c.listener.limits.grace || since >= c.listener.limits.slow)
}

// set changes what the connection is doing.
func (c *operatorConn) set(change func()) {
	c.listener.mu.Lock()
	change()
	c.listener.mu.Unlock()
	c.listener.notice()
}

// asks says that a whole request is here.
func (c *operatorConn) asks() { c.set(func() { c.asking = true }) }

// answered says that the whole answer is on its way.
func (c *operatorConn) answered() { c.set(func() { c.asking, c.idle = false, time.Now() }) }

// Read implements net.Conn.
func (c *operatorConn) Read(p []byte) (int, error) {
	c.set(func() { c.reading = true })
	defer c.set(func() { c.reading = false })
	return c.Conn.Read(p)
}

// Write implements net.Conn.
func (c *operatorConn) Write(p []byte) (int, error) {
	c.set(func() { c.writing = time.Now() })
	defer c.set(func() { c.writing = time.Time{} })
	return c.Conn.Write(p)
}

// Close implements net.Conn.
func (c *operatorConn) Close() error {
	c.set(func() { delete(c.listener.conns, c) })
	return c.Conn.Close()
}
