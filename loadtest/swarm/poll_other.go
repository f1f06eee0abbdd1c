//go:build !linux

package swarm

import (
	"errors"
	"math"
	"net/netip"
	"time"
)

var errLinuxOnly = errors.New("a load test runs on Linux only: its event loops are built on epoll")

// poller is what poll_linux.go has; here it can't be made, so that nothing else of it is ever called.
type poller struct{}

const (
	readable  = 1
	writable  = 2
	broken    = 4
	wakeToken = math.MaxUint64
)

func newPoller() (*poller, error)                     { return nil, errLinuxOnly }
func (*poller) close()                                {}
func (*poller) wake()                                 {}
func (*poller) watch(int, uint64, uint32, bool) error { return errLinuxOnly }
func (*poller) wait(time.Duration) (int, error)       { return 0, errLinuxOnly }
func (*poller) event(int) (uint64, uint32)            { return 0, 0 }
func (*poller) emptyWaker()                           {}
func dial(netip.AddrPort, netip.Addr) (int, error)    { return -1, errLinuxOnly }
func connected(int) error                             { return errLinuxOnly }
func read(int, []byte) (int, error)                   { return 0, errLinuxOnly }
func write(int, []byte) (int, error)                  { return 0, errLinuxOnly }
func hangUp(int)                                      {}
func stopWrite(int)                                   {}
func openFiles() uint64                               { return math.MaxUint64 }
func localPorts() int                                 { return math.MaxInt32 }
