package chattest

import (
	"io"
	"net"

	"hubbub/session"
)

// windowBytes is what the two kernels between a server and a client that doesn't read take.
const windowBytes = 64 << 10

// memoryConn is a connection as its loop sees it. It behaves as gnet's does, where that is surprising too.
type memoryConn struct {
	memory  *memory
	lane    *session.Lane
	session *session.Session

	segments [][]byte // what the client wrote and the loop has not read
	inbound  bytesSource
	fin      bool // the client will send nothing more
	rst      bool // the client broke the connection
	paused   bool // the loop does not read
	closing  bool // the server wants to close it
	closed   bool // it is gone

	outbound []byte // what the kernel did not take
	wire     []byte // what the client did not read
	arrived  []byte // what the client read
	frozen   bool   // the client does not read
	shut     bool   // the server will write nothing more
	eof      bool   // the client will get nothing more
}

// serve reads once from the connection, as a loop does, and reports whether there was anything.
func (c *memoryConn) serve() bool {
	switch {
	case c.closed:
		return false
	case c.closing:
		c.end(session.ClientClosed)
	case c.paused && !c.rst:
		return false
	case len(c.segments) > 0 && !c.paused:
		c.inbound = append(c.inbound, c.segments[0]...)
		c.segments = c.segments[1:]
		c.lane.Touch(c.session)
		c.memory.chat.Receive(c.session, &c.inbound)
	case c.rst:
		c.end(session.ConnectionError)
	case c.fin:
		c.end(session.ClientClosed)
	default:
		return false
	}
	return true
}

func (c *memoryConn) end(why session.Reason) {
	c.closed, c.eof = true, true
	c.outbound = nil // gnet tries once more, but what the kernel did not take it mostly still does not
	c.lane.Closed(c.session, why)
}

// Write implements session.Conn.
func (c *memoryConn) Write(p []byte) (int, error) {
	if c.closed || c.shut {
		c.memory.t.Errorf("a write of %d bytes to a connection that is closed: it could be another client's by now", len(p))
		return 0, net.ErrClosed
	}
	if c.rst {
		c.end(session.ConnectionError) // gnet closes within the write
		return 0, net.ErrClosed
	}
	c.outbound = append(c.outbound, p...)
	c.flush()
	return len(p), nil
}

// flush gives the kernel what it takes.
func (c *memoryConn) flush() {
	n := len(c.outbound)
	if c.frozen {
		n = min(n, windowBytes-len(c.wire))
	}
	c.wire = append(c.wire, c.outbound[:n]...)
	c.outbound = c.outbound[n:]
}

// take is the client's reading.
func (c *memoryConn) take() {
	if c.frozen {
		return
	}
	c.flush()
	c.arrived = append(c.arrived, c.wire...)
	c.wire = nil
}

// Flush implements session.Conn.
func (c *memoryConn) Flush() error {
	c.flush()
	return nil
}

// PauseReading implements session.Conn.
func (c *memoryConn) PauseReading(pause bool) bool {
	c.paused = pause
	return true
}

// OutboundBuffered implements session.Conn.
func (c *memoryConn) OutboundBuffered() int { return len(c.outbound) }

// CloseWrite implements session.Conn.
func (c *memoryConn) CloseWrite() error {
	if len(c.outbound) > 0 {
		c.memory.t.Errorf("the writing half is closed over %d bytes that the kernel did not take", len(c.outbound))
	}
	c.shut, c.eof = true, true
	return nil
}

// Close implements session.Conn. As in gnet, the connection is closed soon, not now.
func (c *memoryConn) Close() error {
	c.closing = true
	return nil
}

// Abort implements session.Conn.
func (c *memoryConn) Abort() error {
	c.outbound = nil
	return c.Close()
}

// bytesSource is input with gnet's manners: Peek and Discard take 0 and less for "everything", and what is not there is
// io.ErrShortBuffer. Bytes die at Discard, so whoever keeps them reads 0xDD.
type bytesSource []byte

// InboundBuffered implements handler.Source.
func (b *bytesSource) InboundBuffered() int { return len(*b) }

// Peek implements codec.Source.
func (b *bytesSource) Peek(n int) ([]byte, error) {
	if n > len(*b) {
		return nil, io.ErrShortBuffer
	}
	if n <= 0 {
		n = len(*b)
	}
	return (*b)[:n], nil
}

// Discard implements codec.Source.
func (b *bytesSource) Discard(n int) (int, error) {
	if n <= 0 || n > len(*b) {
		n = len(*b)
	}
	for i := range n {
		(*b)[i] = 0xDD
	}
	*b = (*b)[n:]
	return n, nil
}
