package server

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// A loop that never runs out of events lets others run all the same, without being interrupted.
func TestABusyLoopLetsOthersRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var ran atomic.Bool
	go ran.Store(true)
	l := &loop{}
	for range 10 * eventsPerTurn { // far less than the 10 ms after which Go would interrupt it
		l.yield()
	}
	if !ran.Load() {
		t.Error("nobody else got the processor")
	}
}
