package chattest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"hubbub/codec"
	"hubbub/server"
	"hubbub/store"
)

// tcpPatience is how long something over TCP may take that must happen: a slow machine's time, not a limit that is met.
const tcpPatience = 2 * time.Minute

// tcpFlags are what a script over TCP has besides its own flags: a slow machine's logins are no script's subject.
var tcpFlags = []string{"--login-timeout=" + tcpPatience.String()}

// tcp is a real server in this process.
type tcp struct {
	t      testing.TB
	server *server.Server
	store  *store.Store // nil: none
	counts func() Counts
	cancel context.CancelFunc
	done   chan error
	logs   *observer.ObservedLogs
	links  []*tcpLink
	dialed uint64 // connections so far
	open   int    // connections that the server should know of
	over   bool
}

func newTCP(t testing.TB, config server.Config, counts func(*server.Server) Counts) (*tcp, error) {
	config.DataDir = t.TempDir()
	core, logs := observer.New(zapcore.WarnLevel)
	s, opened, closeStore, err := newServer(config, zap.New(core))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &tcp{t: t, server: s, store: opened, counts: func() Counts { return counts(s) }, cancel: cancel, done: make(chan error, 1), logs: logs}
	go func() { d.done <- errors.Join(s.Run(ctx), closeStore()) }()
	select {
	case <-s.Ready():
		return d, nil
	case err := <-d.done:
		cancel()
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
}

// dial connects and waits until the server has given the connection a session, so that connections have an order.
func (d *tcp) dial(from string, dialect codec.Dialect) (link, error) {
	dialer := net.Dialer{Timeout: tcpPatience}
	if from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	conn, err := dialer.Dial("tcp", d.server.Address())
	if err != nil {
		return nil, err
	}
	l := &tcpLink{driver: d, conn: conn.(*net.TCPConn), dialect: dialect, news: make(chan struct{}, 1), ended: make(chan struct{})}
	l.unpaused = sync.NewCond(&l.mu)
	d.links = append(d.links, l)
	d.open++
	d.dialed++
	go l.listen()
	d.await("the server has a session for a new connection", func() bool { return d.over || d.counts().Accepted >= d.dialed })
	return l, nil
}

// await waits for what the server does on its own and tells nobody.
func (d *tcp) await(what string, happened func() bool) {
	step := time.NewTicker(time.Millisecond)
	defer step.Stop()
	limit := time.After(tcpPatience)
	for !happened() {
		select {
		case <-step.C:
		case <-limit:
			d.t.Fatalf("this did not happen in %v: %s", tcpPatience, what)
		}
	}
}

func (d *tcp) quiesce() bool { return false }

func (d *tcp) workers(bool) bool { return false }

func (d *tcp) prune(keep int64) error { return prune(d.store, keep) }

func (d *tcp) stop() {
	d.over = true
	d.cancel()
}

func (d *tcp) close() {
	d.cancel()
	for _, l := range d.links {
		l.conn.Close()
		l.pause(false)
		<-l.ended
	}
	select {
	case err := <-d.done:
		if err != nil {
			d.t.Errorf("the server ended with %v", err)
		}
	case <-time.After(tcpPatience):
		d.t.Errorf("the server did not end")
	}
	for _, entry := range d.logs.FilterLevelExact(zapcore.ErrorLevel).All() {
		d.t.Errorf("the server logged an error: %s %v", entry.Message, entry.ContextMap())
	}
}

// tcpLink is a client's TCP connection, with a goroutine that reads it.
type tcpLink struct {
	driver  *tcp
	conn    *net.TCPConn
	dialect codec.Dialect
	news    chan struct{} // something was added to packets, or err was set
	ended   chan struct{} // the goroutine is gone
	gone    bool          // hung up

	mu       sync.Mutex
	packets  [][]byte
	err      error
	paused   bool
	unpaused *sync.Cond
}

// Read is the goroutine's reading, while the script lets it.
func (l *tcpLink) Read(p []byte) (int, error) {
	l.mu.Lock()
	for l.paused {
		l.unpaused.Wait()
	}
	l.mu.Unlock()
	return l.conn.Read(p)
}

func (l *tcpLink) listen() {
	defer close(l.ended)
	src := bufio.NewReaderSize(l, codec.MaxPacket+1)
	for {
		packet, err := l.dialect.Next(src, nil, codec.MaxPacket)
		if errors.Is(err, io.EOF) && src.Buffered() > 0 {
			err = io.ErrUnexpectedEOF
		}
		l.mu.Lock()
		if err == nil {
			l.packets = append(l.packets, packet)
		} else {
			l.err = err
		}
		l.mu.Unlock()
		select {
		case l.news <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (l *tcpLink) write(p []byte) error {
	_, err := l.conn.Write(p)
	return err
}

func (l *tcpLink) read() ([]byte, error) {
	limit := time.After(tcpPatience)
	for {
		l.mu.Lock()
		if len(l.packets) > 0 {
			packet := l.packets[0]
			l.packets = l.packets[1:]
			l.mu.Unlock()
			return packet, nil
		}
		err := l.err
		l.mu.Unlock()
		if err != nil {
			return nil, err
		}
		select {
		case <-l.news:
		case <-limit:
			return nil, errQuiet
		}
	}
}

func (l *tcpLink) ready() (packets [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	packets, l.packets = l.packets, nil
	return packets
}

func (l *tcpLink) halfClose() {
	if err := l.conn.CloseWrite(); err != nil {
		l.driver.t.Fatal(err)
	}
	l.noticed()
}

func (l *tcpLink) reset() {
	if err := l.conn.SetLinger(0); err != nil {
		l.driver.t.Fatal(err)
	}
	l.hangUp()
}

func (l *tcpLink) hangUp() {
	l.conn.Close()
	l.pause(false)
	l.noticed()
}

// noticed waits until the server has done all that a connection's end makes it do.
func (l *tcpLink) noticed() {
	d := l.driver
	if !l.gone {
		l.gone = true
		d.open--
	}
	d.await("the server has noticed that a connection is gone", func() bool { return d.over || d.counts().Slots <= d.open })
}

// frozenWindow keeps the kernel from taking many MiB for a client that doesn't read. Much less than a loopback segment
// would make its reading on wait for probe timers.
const frozenWindow = 256 << 10

// pause stops the goroutine's reading.
func (l *tcpLink) pause(on bool) {
	if on {
		_ = l.conn.SetReadBuffer(frozenWindow)
	}
	l.mu.Lock()
	l.paused = on
	l.mu.Unlock()
	l.unpaused.Broadcast()
}
