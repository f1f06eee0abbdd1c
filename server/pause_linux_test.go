package server

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
)

// eager is a client that sends and does not read until it is told to.
type eager struct {
	t    *testing.T
	conn *net.TCPConn
	sent uint32 // PINGs, by their refs
}

// pausedClient logs a client in and has it send until its socket is not read any more.
func pausedClient(t *testing.T, s *Server) *eager {
	c := dialHere(t, s.Address())
	if err := loginHere(c, "alice"); err != nil {
		t.Fatal(err)
	}
	e := &eager{t: t, conn: c.(*net.TCPConn)}
	if err := e.conn.SetReadBuffer(256 << 10); err != nil {
		t.Fatal(err)
	}
	for s.chat.Hub.Held() == 0 {
		if e.sent > 5_000_000 {
			t.Fatal("40 MB of PINGs were read though their answers were not")
		}
		e.ping(4000)
	}
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
	heard := make(chan bool)
	go func() {
		in := bufio.NewReaderSize(e.conn, 64<<10)
		told := false
		for {
			packet, err := codec.Native.Next(in, nil, codec.MaxPacket)
			if err != nil {
				heard <- told
				return
			}
			m, _ := codec.Native.Decode(packet)
			notice, ok := m.(*codec.SystemNotify)
			told = told || ok && notice.Code == codec.ShuttingDown
		}
	}()
	stop()
	if !<-heard {
		t.Error("the client was not told")
	}
}
