package server

import (
	"net"
	"unsafe"

	"golang.org/x/sys/unix"
)

// writeDirect is session.Config.WriteDirect: write(2) on a socket that never blocks, so that the scheduler need not
// be told. Without it, and without the look into the connection that gnet's Write begins with, a delivery of its own
// costs 9 % less.
func writeDirect(descriptor int32, p []byte) int {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(descriptor), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	if errno != 0 {
		return 0
	}
	return int(n)
}

// undoneMax is how often a pause may be undone, at the cost of one more read each time, before what waits for the kernel is
// left to Flush.
const undoneMax = 2

// PauseReading implements session.Conn. gnet can't do that, so the loop's epoll instance is told not to wait for reading.
// Level-triggered as it is, whatever has arrived meanwhile is an event once it waits for it again. While output waits for
// the kernel gnet must hear when there is room; having written all it waits for reading, too, which undoes the pause.
func (c *conn) PauseReading(pause bool) bool {
	events := uint32(0)
	if c.OutboundBuffered() > 0 && (!pause || c.undone < undoneMax) {
		events = writeEvents
	}
	if !pause {
		events |= readEvents
		c.undone = 0
	}
	if c.loop.poller == nil || c.loop.poller.await(c.Fd(), events) != nil {
		return false
	}
	c.paused = pause
	return true
}

// Write implements session.Conn. gnet waits for all events again when the kernel does not take everything.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if c.paused && err == nil && c.OutboundBuffered() > 0 {
		c.PauseReading(true)
	}
	return n, err
}

// Flush implements session.Conn. gnet waits for all events again when everything is written.
func (c *conn) Flush() error {
	if err := c.Conn.Flush(); err != nil || c.session == nil {
		return err
	}
	if c.closed {
		return net.ErrClosed
	}
	if c.paused && c.OutboundBuffered() == 0 {
		c.PauseReading(true)
	}
	return nil
}
