//go:build unix

package server

import "golang.org/x/sys/unix"

// CloseWrite implements session.Conn: it sends what the kernel has and a FIN, and leaves reading open, so that a
// client that is still sending gets our last words instead of a reset.
func (c *conn) CloseWrite() error { return unix.Shutdown(c.Fd(), unix.SHUT_WR) }

// Abort implements session.Conn: a close that lingers for no time is a reset.
func (c *conn) Abort() error {
	_ = c.SetLinger(0)
	return c.Close()
}

// Descriptor implements session.Conn.
func (c *conn) Descriptor() int32 { return int32(c.Fd()) }
