package swarm

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller is an epoll instance with a descriptor that wakes it. Only wake may be called from other goroutines.
type poller struct {
	fd, waker int
	events    [1024]unix.EpollEvent
}

// What a poller waits for on a connection, and tells.
const (
	readable = unix.EPOLLIN
	writable = unix.EPOLLOUT
	broken   = unix.EPOLLERR | unix.EPOLLHUP
)

// wakeToken is the token of the waker; connections' tokens are below it.
const wakeToken = math.MaxUint64

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make an event loop: %w", err)
	}
	waker, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("make an event loop: %w", err)
	}
	p := &poller{fd: fd, waker: waker}
	if err := p.watch(waker, wakeToken, readable, true); err != nil {
		p.close()
		return nil, fmt.Errorf("make an event loop: %w", err)
	}
	return p, nil
}

func (p *poller) close() {
	unix.Close(p.fd)
	unix.Close(p.waker)
}

// wake ends a wait, or the next one. Any goroutine, before close.
func (p *poller) wake() {
	one := [8]byte{1}
	unix.Write(p.waker, one[:]) // a full counter wakes as well
}

// watch sets what is waited for on a descriptor.
func (p *poller) watch(fd int, token uint64, events uint32, first bool) error {
	op := unix.EPOLL_CTL_MOD
	if first {
		op = unix.EPOLL_CTL_ADD
	}
	return unix.EpollCtl(p.fd, op, fd, &unix.EpollEvent{Events: events, Fd: int32(uint32(token)), Pad: int32(uint32(token >> 32))})
}

// wait waits for events, at most d, and returns how many came.
func (p *poller) wait(d time.Duration) (int, error) {
	var timeout unix.Timespec
	if d > 0 {
		timeout = unix.NsecToTimespec(int64(d))
	}
	for {
		// epoll_wait counts in milliseconds, too coarse for messages that are due at a moment.
		n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
			uintptr(len(p.events)), uintptr(unsafe.Pointer(&timeout)), 0, 0)
		switch {
		case errno == 0:
			return int(n), nil
		case errno == unix.EINTR:
			return 0, nil
		case errno == unix.ENOSYS:
			return 0, errors.New("wait for events: this kernel has no epoll_pwait2, which Linux has from 5.11 on")
		default:
			return 0, fmt.Errorf("wait for events: %w", errno)
		}
	}
}

// event returns the i-th event of the last wait.
func (p *poller) event(i int) (token uint64, events uint32) {
	e := &p.events[i]
	return uint64(uint32(e.Fd)) | uint64(uint32(e.Pad))<<32, e.Events
}

// emptyWaker takes back what wake gave.
func (p *poller) emptyWaker() {
	var count [8]byte
	unix.Read(p.waker, count[:])
}

// dial begins to connect and returns the descriptor; that it is writable tells the end of it.
func dial(target netip.AddrPort, source netip.Addr) (int, error) {
	family := unix.AF_INET
	if target.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if source.IsValid() {
		// The port is chosen at connect, when the target is known: it need be free towards that one only.
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		if err := unix.Bind(fd, socketAddress(netip.AddrPortFrom(source, 0))); err != nil {
			unix.Close(fd)
			return -1, fmt.Errorf("%w %s: %w; give addresses that this machine has", errSource, source, err)
		}
	}
	if err := unix.Connect(fd, socketAddress(target)); err != nil && err != unix.EINPROGRESS {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func socketAddress(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is6() {
		return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
	}
	return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
}

// connected returns how connecting ended.
func connected(fd int) error {
	code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	return err
}

// read returns 0 and nil when nothing is there, and -1 and nil at the end.
func read(fd int, into []byte) (int, error) {
	for {
		n, err := rawIO(unix.SYS_READ, fd, into)
		switch {
		case err == 0 && n == 0:
			return -1, nil
		case err == 0:
			return n, nil
		case err == unix.EAGAIN:
			return 0, nil
		case err != unix.EINTR:
			return 0, err
		}
	}
}

// write returns how much of data was taken; less than all when the socket is full.
func write(fd int, data []byte) (int, error) {
	for {
		n, err := rawIO(unix.SYS_WRITE, fd, data)
		switch {
		case err == 0:
			return n, nil
		case err == unix.EAGAIN:
			return 0, nil
		case err != unix.EINTR:
			return 0, err
		}
	}
}

// rawIO reads or writes without telling Go's scheduler, which costs more than a short call itself: the descriptors never
// block.
func rawIO(call uintptr, fd int, data []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)))
	return int(n), errno
}

func hangUp(fd int)    { unix.Close(fd) }
func stopWrite(fd int) { unix.Shutdown(fd, unix.SHUT_WR) }

// openFiles returns how many descriptors this process may have.
func openFiles() uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return math.MaxUint64
	}
	return limit.Cur
}

// localPorts returns how many ports one local address has towards one target.
func localPorts() int {
	const usual = 28_232 // of Linux, where the setting can't be read
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return usual
	}
	var first, last int
	if _, err := fmt.Sscan(string(text), &first, &last); err != nil || last < first {
		return usual
	}
	return last - first + 1
}
