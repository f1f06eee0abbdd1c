package loadtest

import (
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hubbub/codec"
)

// fault is what a faulty network does to a message.
type fault int

const (
	none fault = iota
	drop
	double
	swap    // with the next message to the same receiver
	alter   // one byte
	cut     // the connection, instead of it
	garbage // instead of it
	delay   // by 5 ms, and all that is behind it
)

// proxy stands between users and a server and spoils one message in every so many on its way to the users, the first one
// among them.
type proxy struct {
	t       *testing.T
	server  string
	fault   fault
	every   int64
	kind    codec.Type // of messages
	passed  atomic.Int64
	spoiled atomic.Int64
	// Answers to broadcasts that came after one to a later broadcast of the same user.
	overtaken atomic.Int64

	held  sync.RWMutex  // locked while nothing passes
	begun chan struct{} // closed at the first broadcast
	once  sync.Once

	mu      sync.Mutex
	conns   []net.Conn
	running sync.WaitGroup
}

// startProxy returns the proxy and its address.
func startProxy(t *testing.T, server string, f fault, every int64, kind codec.Type) (*proxy, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, server: server, fault: f, every: every, kind: kind, begun: make(chan struct{})}
	p.running.Go(func() {
		for {
			user, err := listener.Accept()
			if err != nil {
				return
			}
			p.running.Go(func() { p.serve(user) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		p.mu.Lock()
		for _, c := range p.conns {
			c.Close()
		}
		p.mu.Unlock()
		p.running.Wait()
	})
	return p, listener.Addr().String()
}

func (p *proxy) serve(user net.Conn) {
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		user.Close()
		return
	}
	p.mu.Lock()
	p.conns = append(p.conns, user, server)
	p.mu.Unlock()
	p.running.Go(func() {
		pump(server, user, p.wait)
		server.(*net.TCPConn).CloseWrite()
	})
	spoiler := spoiler{proxy: p, user: user}
	pump(user, server, spoiler.spoil)
	user.Close()
	server.Close()
}

// pause lets nothing pass for a while, from the half second after the first broadcast on.
func (p *proxy) pause(d time.Duration) {
	<-p.begun
	<-time.After(500 * time.Millisecond)
	p.held.Lock()
	defer p.held.Unlock()
	<-time.After(d)
}

// wait returns the bytes when something may pass.
func (p *proxy) wait(b []byte) []byte {
	p.held.RLock()
	defer p.held.RUnlock()
	return b
}

// pump copies until either side ends.
func pump(to, from net.Conn, change func([]byte) []byte) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if _, err := to.Write(change(buf[:n])); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// spoiler does a proxy's work on one connection.
type spoiler struct {
	proxy *proxy
	user  net.Conn
	part  []byte // of a packet
	due   bool   // a swap, as soon as two messages come at once
	heard bool   // a broadcast
	ref   uint32 // the latest request that was answered
}

// spoil returns what becomes of some bytes from the server.
func (s *spoiler) spoil(data []byte) (out []byte) {
	s.proxy.wait(nil)
	s.part = append(s.part, data...)
	for {
		packet, rest, err := codec.Native.Split(s.part)
		if err != nil {
			s.proxy.t.Errorf("the server's packets: %v", err)
		}
		if packet == nil {
			return out
		}
		if s.chosen(packet) {
			out, rest = s.change(out, packet, rest)
		} else {
			out = append(out, packet...)
		}
		s.part = slices.Clone(rest)
	}
}

// chosen reports whether a packet is one to spoil.
func (s *spoiler) chosen(packet []byte) bool {
	p, kind := s.proxy, codec.Native.Kind(packet)
	if kind == codec.TypeBroadcastNotify {
		p.once.Do(func() { close(p.begun) })
	}
	if kind == codec.TypeBroadcastResponse {
		s.notice(packet)
	}
	if kind != p.kind || p.fault == none {
		return false
	}
	if kind == codec.TypeBroadcastNotify && !s.heard {
		s.heard = true
		return false // it may have been on its way at the login, and then nobody can know that it is missing
	}
	s.due = (p.passed.Add(1)-1)%p.every == 0 || s.due // the first one too: a slow machine may pass no more
	return s.due
}

// notice counts an answer that was overtaken.
func (s *spoiler) notice(packet []byte) {
	m, err := codec.Native.Decode(packet)
	if err != nil {
		s.proxy.t.Errorf("the server's answer: %v", err)
		return
	}
	ref := m.(*codec.BroadcastResponse).Ref
	if ref < s.ref {
		s.proxy.overtaken.Add(1)
	}
	s.ref = max(s.ref, ref)
}

// change spoils a packet, and takes the next one too where it swaps them.
func (s *spoiler) change(out, packet, rest []byte) (spoiled, after []byte) {
	changed := slices.Clone(packet)
	switch s.proxy.fault {
	case drop:
		changed = nil
	case garbage:
		changed = make([]byte, codec.HeaderSize) // no packet is as short as it says
	case cut:
		s.user.Close()
	case double:
		changed = append(changed, packet...)
	case delay:
		<-time.After(5 * time.Millisecond)
	case alter:
		changed[len(changed)-1] ^= 1 // the last letter of the message: still text
	case swap:
		next, behind, _ := codec.Native.Split(rest)
		if next == nil || codec.Native.Kind(next) != s.proxy.kind {
			return append(out, packet...), rest
		}
		s.proxy.passed.Add(1)
		changed, rest = append(slices.Clone(next), packet...), behind
	}
	s.due = false
	s.proxy.spoiled.Add(1)
	return append(out, changed...), rest
}
