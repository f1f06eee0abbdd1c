package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"hubbub/codec"
)

// acceptErrors are what accept(2) may return without the listener's being to blame.
var acceptErrors = []syscall.Errno{
	unix.ENETDOWN, unix.EPROTO, unix.ENOPROTOOPT, unix.EHOSTDOWN, unix.ENONET, unix.EHOSTUNREACH, unix.EOPNOTSUPP,
	unix.ENETUNREACH, unix.ECONNABORTED, unix.ETIMEDOUT, unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM, unix.EPERM,
	unix.EACCES,
}

// TestAcceptErrors has the kernel fail every accept on all loops but two, on each with another error. The server goes on:
// who is there stays, on every loop, and whom the kernel gives to a loop that can accept gets in. The errors come from
// a seccomp filter, which can't be taken off again, so a process of its own has it.
func TestAcceptErrors(t *testing.T) {
	const child = "HUBBUB_TEST_ACCEPT_ERRORS"
	if os.Getenv(child) != "" {
		failingAccept(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestAcceptErrors$", "-test.v")
	cmd.Env = append(os.Environ(), child+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func failingAccept(t *testing.T) {
	const healthy = 2
	s, logs, stop := serveHere(t, len(acceptErrors)+healthy, 1<<20)
	var present []net.Conn
	for i := range 4 * (len(acceptErrors) + healthy) {
		c := dialHere(t, s.Address())
		if err := loginHere(c, fmt.Sprint("present", i)); err != nil {
			t.Fatal(err)
		}
		present = append(present, c)
	}
	listeners := make(map[int]syscall.Errno)
	for i, l := range *s.loops.Load() {
		if l.poller == nil || len(l.poller.listeners) != 1 {
			t.Fatalf("loop %d: its poller is %+v", i, l.poller)
		}
		if i < len(acceptErrors) {
			listeners[l.poller.listeners[0]] = acceptErrors[i]
		}
	}
	failAccept(t, listeners)

	// Each of these has a chance of 2 in 18 to get in, as the kernel spreads connections.
	in := make(chan net.Conn, 500)
	for i := range cap(in) {
		c := dialHere(t, s.Address())
		go func() {
			if loginHere(c, fmt.Sprint("new", i)) == nil {
				in <- c
			}
		}()
	}
	for range 3 {
		select {
		case <-in:
		case <-time.After(time.Minute):
			t.Fatal("nobody gets in any more")
		}
	}
	for i, c := range present {
		if err := pingHere(c); err != nil {
			t.Errorf("client %d, who was there before: %v", i, err)
		}
	}
	unheard := func() (errnos []syscall.Errno) {
		heard := make(map[string]bool)
		for _, entry := range logs.FilterMessageSnippet("accept failed").All() {
			heard[fmt.Sprint(entry.ContextMap()["error"])] = true
		}
		for _, errno := range acceptErrors {
			if errno != unix.ECONNABORTED && !heard[errno.Error()] { // gnet tries again by itself then
				errnos = append(errnos, errno)
			}
		}
		return errnos
	}
	again := time.NewTicker(tickInterval) // at each tick the loops that rest try once more
	defer again.Stop()
	for begun := time.Now(); len(unheard()) > 0; <-again.C {
		if time.Since(begun) > time.Minute {
			t.Fatalf("no accept failed with %v", unheard())
		}
	}
	if s.acceptErrors.Load() == 0 {
		t.Error("the errors were not counted")
	}
	stop()
}

// serveHere runs a server in this process until stop.
func serveHere(t *testing.T, loops int, outbox Bytes, prepare ...func(*Server)) (s *Server, logs *observer.ObservedLogs, stop func()) {
	core, logs := observer.New(zapcore.WarnLevel)
	s, err := New(Config{
		Listen: "127.0.0.1:0", Loops: loops, MaxSessions: 2000, MaxPacket: 4096, MaxMessage: 1024,
		OutboxBytes: outbox, LaneBytes: 1 << 20, StrandBytes: 1 << 20,
	}, nil, zap.New(core), zap.NewAtomicLevel())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range prepare {
		p(s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	select {
	case <-s.Ready():
	case err := <-ended:
		t.Fatal(err)
	}
	return s, logs, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func dialHere(t *testing.T, address string) net.Conn {
	c, err := net.DialTimeout("tcp", address, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// exchange sends a request and returns what comes back first.
func exchange(c net.Conn, m codec.Message) (codec.Message, error) {
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, err
	}
	if _, err := c.Write(codec.Native.Append(nil, m)); err != nil {
		return nil, err
	}
	packet, err := codec.Native.Next(bufio.NewReader(c), nil, codec.MaxPacket)
	if err != nil {
		return nil, err
	}
	return codec.Native.Decode(packet)
}

func loginHere(c net.Conn, name string) error {
	m, err := exchange(c, &codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: name})
	if err != nil {
		return err
	}
	if answer, ok := m.(*codec.LoginResponse); !ok || answer.Result != codec.Success {
		return fmt.Errorf("%s: %s", name, codec.Format(m))
	}
	return nil
}

func pingHere(c net.Conn) error {
	m, err := exchange(c, &codec.Ping{Asked: codec.Asked{Ref: 2}})
	if _, ok := m.(*codec.Pong); !ok && err == nil {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// failAccept has every accept of this process fail on a listener with its error, from now on and for good.
func failAccept(t *testing.T, listeners map[int]syscall.Errno) {
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		reply = unix.BPF_RET | unix.BPF_K

		numberAt, descriptorAt = 0, 16 // in struct seccomp_data; the descriptor's lower half, on little-endian machines
	)
	filter := []unix.SockFilter{
		{Code: load, K: numberAt},
		{Code: equal, K: unix.SYS_ACCEPT4, Jt: 1},
		{Code: reply, K: unix.SECCOMP_RET_ALLOW},
		{Code: load, K: descriptorAt},
	}
	for descriptor, errno := range listeners {
		filter = append(filter,
			unix.SockFilter{Code: equal, K: uint32(descriptor), Jf: 1},
			unix.SockFilter{Code: reply, K: unix.SECCOMP_RET_ERRNO | uint32(errno)})
	}
	filter = append(filter, unix.SockFilter{Code: reply, K: unix.SECCOMP_RET_ALLOW})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&program))); errno != 0 {
		t.Fatalf("seccomp: %v", errno)
	}
}

// TestALoopStopsAcceptingForAWhile: a listener that fails all the time does not keep its loop busy.
func TestALoopStopsAcceptingForAWhile(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	descriptor, err := unix.Dup(int(file.Fd())) // one that Go's own poller doesn't have
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(descriptor)
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(epoll)
	event := unix.EpollEvent{Fd: int32(descriptor), Events: readEvents}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, descriptor, &event); err != nil {
		t.Fatal(err)
	}
	defer dialHere(t, listener.Addr().String()).Close()
	readable := func(timeout int) bool {
		n, err := unix.EpollWait(epoll, make([]unix.EpollEvent, 1), timeout)
		if err != nil {
			t.Fatal(err)
		}
		return n == 1
	}
	p := findPoller(descriptor)
	if p == nil || p.epoll != epoll || !readable(60_000) {
		t.Fatalf("found %+v, want the poller %d of the listener %d", p, epoll, descriptor)
	}
	s := &Server{log: zap.NewNop()}
	s.loops.Store(&[]*loop{{server: s, poller: p}})
	for i := range acceptFailuresMax + 5 {
		if stopped := i >= acceptFailuresMax; readable(0) == stopped {
			t.Errorf("after %d failures it still accepts: %v", i, !stopped)
		}
		s.acceptFailed(unix.EMFILE)
	}
	s.acceptAgain()
	if !readable(0) || s.acceptErrors.Load() != acceptFailuresMax+5 {
		t.Errorf("a tick later it still does not accept; %d errors", s.acceptErrors.Load())
	}
}
