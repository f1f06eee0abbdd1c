//go:build linux && !race

package session

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"time"
)

const million = 1_000_000

// nowhere is a connection that takes everything and costs nothing, so that what is measured is a hub's own.
type nowhere struct{}

func (nowhere) Descriptor() int32           { return 0 }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) OutboundBuffered() int       { return 0 }
func (nowhere) Flush() error                { return nil }
func (nowhere) PauseReading(bool) bool      { return true }
func (nowhere) CloseWrite() error           { return nil }
func (nowhere) Close() error                { return nil }
func (nowhere) Abort() error                { return nil }

// TestMillionSessions holds what a million logged-in sessions cost beside the kernel and the connections: the memory that
// the process has after a collection, and the processor time of one broadcast to all of them.
func TestMillionSessions(t *testing.T) {
	const (
		memoryMax    = 700 << 20
		broadcastMax = 60 * time.Millisecond
	)
	before := resident()
	writes := 0
	h := newMillion(t, func(int32, []byte) int { writes++; return 64 })
	taken := resident() - before
	sender, _ := h.Lookup("user0")
	frame := text(fmt.Sprintf("%063d", 0))
	costs := make([]time.Duration, 5)
	for i := range costs {
		begun := processorTime()
		if err := h.Broadcast(sender.session, frame); err != nil {
			t.Fatal(err)
		}
		h.settleAll()
		costs[i] = processorTime() - begun
	}
	if want := len(costs) * (million - 1); writes != want {
		t.Errorf("%d writes, want %d", writes, want)
	}
	slices.Sort(costs)
	t.Logf("%d MiB, a broadcast %v of processor time", taken>>20, costs)
	if taken > memoryMax {
		t.Errorf("a million sessions take %d MiB, want at most %d", taken>>20, memoryMax>>20)
	}
	if cost := costs[len(costs)/2]; cost > broadcastMax {
		t.Errorf("a broadcast takes %v, want at most %v", cost, broadcastMax)
	}
	runtime.KeepAlive(h)
}

// newMillion returns a hub with two lanes and a million sessions that are logged in.
func newMillion(t testing.TB, writeDirect func(int32, []byte) int) *testHub {
	h := newTestHub(2)
	h.config.WriteDirect = writeDirect
	limits := testLimits
	limits.SessionsMax = million
	h.SetLimits(limits)
	for i := range million {
		s, why := h.lanes[i%2].Open(nowhere{}, testAddress, None, 0)
		if why != None {
			t.Fatal(why)
		}
		if h.Login(s, Login{Name: fmt.Sprint("user", i)}) != Claimed {
			t.Fatal("no login")
		}
		if i%1000 == 999 {
			h.settleAll()
			h.wakes, h.ready = nil, nil
		}
	}
	h.settleAll()
	return h
}

// resident returns how many bytes the runtime holds after a collection: the live heap, and what it needs around it.
func resident() int64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}

// processorTime returns what the process has used so far, in all its threads.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
