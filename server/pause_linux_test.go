package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zaptest/observer"

	"hubbub/codec"
	"hubbub/session"
)

// eager is a client that sends and does not read until it is told to.
type eager struct {
	t    *testing.T
	conn *net.TCPConn
	sent uint32 // PINGs, by their refs
}

// eagerClient logs a client in that does not read.
func eagerClient(t *testing.T, s *Server, name string) *eager {
	c := dialHere(t, s.Address())
	if err := loginHere(c, name); err != nil {
		t.Fatal(err)
	}
	e := &eager{t: t, conn: c.(*net.TCPConn)}
	if err := e.conn.SetReadBuffer(256 << 10); err != nil {
		t.Fatal(err)
	}
	return e
}

// pingUntil has the client send until something is so, which must be the case before 40 MB of PINGs are sent.
func (e *eager) pingUntil(what string, so func() bool) {
	e.t.Helper()
	for !so() {
		if e.sent > 5_000_000 {
			e.t.Fatal(what)
		}
		e.ping(4000)
	}
}

// pausedClient logs a client in and has it send until its socket is not read any more.
func pausedClient(t *testing.T, s *Server) *eager {
	e := eagerClient(t, s, "alice")
	e.pingUntil("40 MB of PINGs were read though their answers were not", func() bool { return s.chat.Hub.Held() > 0 })
	return e
}

// reads lets the client read at full speed.
func (e *eager) reads() {
	if err := e.conn.SetReadBuffer(1 << 20); err != nil {
		e.t.Fatal(err)
	}
	if err := e.conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		e.t.Fatal(err)
	}
}

// ping sends some PINGs.
func (e *eager) ping(n int) {
	var run []byte
	for range n {
		e.sent++
		run = codec.Native.Append(run, &codec.Ping{Asked: codec.Asked{Ref: e.sent}})
	}
	if _, err := e.conn.Write(run); err != nil {
		e.t.Error(err)
	}
}

// answers reads answers, whose refs must be these and in order.
func (e *eager) answers(in *bufio.Reader, from, to uint32) {
	e.t.Helper()
	var packet []byte
	for want := from; want <= to; want++ {
		var err error
		if packet, err = codec.Native.Next(in, packet[:0], codec.MaxPacket); err != nil {
			e.t.Fatalf("answer %d of %d: %v", want, to, err)
		}
		m, err := codec.Native.Decode(packet)
		if err != nil {
			e.t.Fatal(err)
		}
		ref := uint32(0)
		switch m := m.(type) {
		case *codec.Pong:
			ref = m.Ref
		case *codec.BroadcastResponse:
			ref = m.Ref
		}
		if ref != want {
			e.t.Fatalf("%s is not answer %d of %d", codec.Format(m), want, to)
		}
	}
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !so(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// TestAPausedClientLosesNothing: a client that sent much and read nothing is not read for a while. Once it reads, all that
// it sends arrives and all answers do, again and again.
func TestAPausedClientLosesNothing(t *testing.T) {
	s, _, stop := serveHere(t, 1, 64<<10)
	defer stop()
	e := pausedClient(t, s)
	if other := dialHere(t, s.Address()); loginHere(other, "bob") != nil || pingHere(other) != nil {
		t.Error("somebody else is not served")
	}
	const size, more = 1000, 26_000
	text := strings.Repeat("x", size)
	var run []byte
	for i := range uint32(more) {
		run = codec.Native.Append(run, &codec.BroadcastRequest{Asked: codec.Asked{Ref: e.sent + 1 + i}, Message: text})
	}
	e.reads()
	written := make(chan error, 1)
	go func() {
		_, err := e.conn.Write(run)
		written <- err
	}()
	e.answers(bufio.NewReaderSize(e.conn, 64<<10), 1, e.sent+more)
	if err := <-written; err != nil {
		t.Error(err)
	}
	eventually(t, "its socket is not read though nothing waits", func() bool { return s.chat.Hub.Held() == 0 })
	if err := pingHere(e.conn); err != nil {
		t.Error(err)
	}
}

// TestAPauseOnSomeLoops: where only some loops can be told to stop reading, their clients are slowed and lose nothing, and
// the others are served as where none can: one that sends too much hears SERVER_BUSY. Operators are told of both.
func TestAPauseOnSomeLoops(t *testing.T) {
	const loops = 3
	asked := 0
	s, logs, stop := serveHere(t, loops, 64<<10, func(s *Server) {
		s.findPoller = func(descriptor int) *poller { // called by one loop after the other
			if asked++; asked == 2 {
				return nil // as when /proc could not be read just then
			}
			return findPoller(descriptor)
		}
	})
	defer stop()
	var warnings *observer.ObservedLogs
	eventually(t, "the log does not say what some clients have to expect", func() bool {
		warnings = logs.FilterMessageSnippet("will be disconnected")
		return warnings.Len() > 0
	})
	if warned := warnings.All(); len(warned) != 1 || warned[0].ContextMap()["on-loops"] != int64(1) || warned[0].ContextMap()["loops"] != int64(loops) {
		t.Errorf("the log says %v", warned)
	}
	paused, unpaused := onBoth(t, s)

	paused.pingUntil("40 MB of PINGs were read where reading can be paused", func() bool { return s.chat.Hub.Held() > 0 })
	overloaded := func() bool { return s.chat.Hub.Ended(session.Overloaded) > 0 }
	unpaused.pingUntil("nobody ends a client whose socket can't be paused", overloaded)
	if why := unpaused.lastWord(); why == nil || why.Code != codec.ServerBusy {
		t.Errorf("the client that can't be paused hears last: %v", why)
	}

	from, written := paused.sent, make(chan struct{})
	go func() {
		defer close(written)
		paused.ping(int(unpaused.sent)) // as much as was too much for the other one
	}()
	paused.reads()
	paused.answers(bufio.NewReaderSize(paused.conn, 64<<10), 1, from+unpaused.sent)
	<-written
	if n := s.chat.Hub.Ended(session.Overloaded); n != 1 {
		t.Errorf("%d sessions ended as overloaded", n)
	}
	eventually(t, "its socket is not read though nothing waits", func() bool { return s.chat.Hub.Held() == 0 })
	if err := pingHere(paused.conn); err != nil {
		t.Error(err)
	}
}

// onBoth logs clients in until one is on a loop that can pause it and one on a loop that can't. The others stay, and must
// be served.
func onBoth(t *testing.T, s *Server) (paused, unpaused *eager) {
	delivered := map[*loop]uint64{}
	for i := 0; paused == nil || unpaused == nil; i++ {
		if i == 200 {
			t.Fatal("the kernel gives all clients to the same loops")
		}
		for _, l := range *s.loops.Load() {
			delivered[l] = l.lane.Stats().Deliveries
		}
		e, at := eagerClient(t, s, fmt.Sprint("client", i)), (*loop)(nil)
		eventually(t, "no loop has sent the login's answer", func() bool {
			for _, l := range *s.loops.Load() {
				if l.lane.Stats().Deliveries != delivered[l] {
					at = l
				}
			}
			return at != nil
		})
		switch {
		case at.poller == nil && unpaused == nil:
			unpaused = e
		case at.poller != nil && paused == nil:
			paused = e
		default:
			defer func() {
				if err := pingHere(e.conn); err != nil {
					t.Error(err)
				}
			}()
		}
	}
	return paused, unpaused
}

// lastWord reads to the end of the connection, and returns the notice that came last.
func (e *eager) lastWord() (last *codec.SystemNotify) {
	e.reads()
	in := bufio.NewReaderSize(e.conn, 64<<10)
	var packet []byte
	for {
		var err error
		if packet, err = codec.Native.Next(in, packet[:0], codec.MaxPacket); err != nil {
			return last
		}
		m, err := codec.Native.Decode(packet)
		if err != nil {
			e.t.Fatal(err)
		}
		last, _ = m.(*codec.SystemNotify)
	}
}

// TestAPausedClientThatSaysGoodBye: what a client sent before it closed its writing half is handled, though its socket was
// not read then.
func TestAPausedClientThatSaysGoodBye(t *testing.T) {
	s, _, stop := serveHere(t, 1, 64<<10)
	defer stop()
	bob := dialHere(t, s.Address())
	if err := loginHere(bob, "bob"); err != nil {
		t.Fatal(err)
	}
	e := pausedClient(t, s)
	if _, err := e.conn.Write(codec.Native.Append(nil, &codec.BroadcastRequest{Message: "last words"})); err != nil {
		t.Fatal(err)
	}
	if err := e.conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	e.reads()
	go io.Copy(io.Discard, e.conn)
	if err := bob.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	packet, err := codec.Native.Next(bufio.NewReader(bob), nil, codec.MaxPacket)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := codec.Native.Decode(packet); err != nil || m.(*codec.BroadcastNotify).Message != "last words" {
		t.Errorf("bob hears %v, %v", m, err)
	}
	eventually(t, "its end is not noticed", func() bool { return s.chat.Hub.Placed() == 1 && s.chat.Hub.Held() == 0 })
}

// TestAPausedClientThatBreaks: that a client is gone is noticed though its socket is not read.
func TestAPausedClientThatBreaks(t *testing.T) {
	s, _, stop := serveHere(t, 1, 64<<10)
	defer stop()
	e := pausedClient(t, s)
	e.conn.Close() // with answers that it did not read, so that the kernel resets the connection
	eventually(t, "its end is not noticed", func() bool { return s.chat.Hub.Placed() == 0 && s.chat.Hub.Held() == 0 })
}

// TestShutdownWithAPausedClient: the server ends in time, and the client hears why once it reads.
func TestShutdownWithAPausedClient(t *testing.T) {
	s, _, stop := serveHere(t, 1, 64<<10)
	e := pausedClient(t, s)
	heard := make(chan *codec.SystemNotify)
	go func() { heard <- e.lastWord() }()
	stop()
	if why := <-heard; why == nil || why.Code != codec.ShuttingDown {
		t.Errorf("the client hears last: %v", why)
	}
}
