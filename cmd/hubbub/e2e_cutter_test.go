package main

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// cutter stands between clients and a server and cuts every connection after some bytes, wherever in a packet that is
// and whichever way they went, while it is let.
type cutter struct {
	address, server string
	let             atomic.Bool
	cuts            atomic.Int64
	running         sync.WaitGroup
	ended           chan struct{}
}

// startCutter returns a cutter that is not let cut yet.
func startCutter(t *testing.T, server string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{address: l.Addr().String(), server: server, ended: make(chan struct{})}
	c.running.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			c.running.Go(func() { c.serve(near.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		close(c.ended)
		c.running.Wait()
	})
	return c
}

// serve passes on what the two sides of a connection say.
func (c *cutter) serve(near *net.TCPConn) {
	conn, err := net.Dial("tcp", c.server)
	if err != nil {
		near.Close()
		return
	}
	far := conn.(*net.TCPConn)
	var left atomic.Int64 // bytes until the cut
	left.Store(lifetime())
	over := make(chan struct{}, 2)
	for _, way := range [][2]*net.TCPConn{{near, far}, {far, near}} {
		c.running.Go(func() {
			c.pass(way[0], way[1], &left)
			over <- struct{}{}
		})
	}
	select {
	case <-over:
	case <-c.ended:
	}
	if rand.IntN(2) == 0 {
		near.SetLinger(0) // what the client has not read yet is lost too
		far.SetLinger(0)
	}
	near.Close()
	far.Close()
}

// lifetime is after how many bytes a connection is cut: one in eight within its login or what is replayed first.
func lifetime() int64 {
	if rand.IntN(8) == 0 {
		return 1 + rand.Int64N(300)
	}
	return 1 + rand.Int64N(10<<10)
}

// pass copies until either end is gone, or the bytes are used up and it is let cut.
func (c *cutter) pass(from, to *net.TCPConn, left *atomic.Int64) {
	buf := make([]byte, 4<<10)
	for {
		n, err := from.Read(buf)
		rest := left.Add(-int64(n))
		cut := rest <= 0 && c.let.Load()
		if cut {
			n = max(0, n+int(max(rest, -int64(n))))
		}
		if _, failed := to.Write(buf[:n]); failed != nil || err != nil {
			return
		}
		if cut {
			c.cuts.Add(1)
			return
		}
	}
}
