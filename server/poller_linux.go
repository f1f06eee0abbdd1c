package server

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// poller is the epoll instance of one of gnet's loops. gnet keeps its descriptor to itself and can't pause a connection or
// a listener; with the descriptor we can. Its methods are system calls, safe from any goroutine.
type poller struct {
	epoll     int
	listeners []int
}

// The events that gnet v2.10.0 waits for, level-triggered: netpoll.ReadEvents and netpoll.WriteEvents.
const (
	readEvents  = unix.EPOLLIN | unix.EPOLLPRI
	writeEvents = unix.EPOLLOUT
)

// findPoller returns the poller of the loop that a connection is registered with, nil when it can't be found, as without
// /proc. It reads what the kernel says of each epoll instance of this process: those are one a loop and Go's own.
func findPoller(descriptor int) *poller {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil
	}
	for _, entry := range open {
		if target, err := os.Readlink("/proc/self/fd/" + entry.Name()); err != nil || target != "anon_inode:[eventpoll]" {
			continue
		}
		epoll, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		p := &poller{epoll: epoll}
		found := false
		for _, watched := range p.watched() {
			found = found || watched == descriptor
			if listens, err := unix.GetsockoptInt(watched, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err == nil && listens == 1 {
				p.listeners = append(p.listeners, watched)
			}
		}
		if found {
			return p
		}
	}
	return nil
}

// watched returns the descriptors that the poller waits for.
func (p *poller) watched() (descriptors []int) {
	info, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", p.epoll))
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(info)) {
		var descriptor int
		if n, _ := fmt.Sscanf(line, "tfd: %d", &descriptor); n == 1 {
			descriptors = append(descriptors, descriptor)
		}
	}
	return descriptors
}

// await sets what the poller waits for on a descriptor. Errors and hang-ups are told of whatever that is.
func (p *poller) await(descriptor int, events uint32) error {
	return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_MOD, descriptor, &unix.EpollEvent{Fd: int32(descriptor), Events: events})
}

// listen lets the loop accept connections, or not, and reports whether that worked.
func (p *poller) listen(on bool) bool {
	if p == nil || len(p.listeners) == 0 {
		return false
	}
	events := uint32(0)
	if on {
		events = readEvents
	}
	for _, l := range p.listeners {
		if p.await(l, events) != nil {
			return false
		}
	}
	return true
}
