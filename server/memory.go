package server

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"go.uber.org/zap"

	"hubbub/session"
)

const (
	// unknownMemory is what the machine is taken to have where the system does not say.
	unknownMemory = 1 << 30
	// jobBytes is counted for each request that waits for a hasher or for the database: its copy and its closures.
	jobBytes = 1 << 10
	// hashBytes is what a hasher needs.
	hashBytes = 20 << 20
	// heapReserve is what the process needs beside the budget: the program, its goroutines' stacks, the database's caches,
	// the readers' pages and what the collector is behind with.
	heapReserve = 128 << 20
	// shortOfMemory is for how long the budget may be exceeded before the server is not ready: ending sessions frees what
	// they use within a second, so then it does not help.
	shortOfMemory = 10 * time.Second
)

// availableMemory returns how much memory the process may use: the limit of its container, or what the machine has.
func availableMemory() uint64 {
	machine, err := memlimit.FromSystem()
	if err != nil {
		machine = unknownMemory
	}
	container, err := memlimit.FromCgroup()
	if err != nil { // no limit, or no cgroups
		return machine
	}
	return min(machine, container)
}

// memoryBudget returns what clients may make the server use. Two fifths of what is there leave room for the collector,
// which lets the heap grow by half before it frees what is dead, and for the kernel.
func (c *Config) memoryBudget(available uint64) int64 {
	if c.MemoryBudget > 0 {
		return int64(c.MemoryBudget)
	}
	return int64(min(available, 1<<60) / 5 * 2)
}

// LimitHeap has the collector keep the heap to what the budget needs, and below what the process may use, unless the variable
// GOMEMLIMIT says otherwise. It returns the limit. For the whole process.
func (c *Config) LimitHeap() (int64, error) {
	available := availableMemory()
	needed := uint64(c.memoryBudget(available))/2*3 + heapReserve + uint64(c.hashers())*hashBytes
	return memlimit.Set(memlimit.WithRatio(1), memlimit.WithProvider(memlimit.Limit(min(needed, available/5*4))))
}

// hashers returns how many passwords are checked at a time.
func (c *Config) hashers() int {
	if c.Hashers > 0 {
		return c.Hashers
	}
	return max(1, runtime.GOMAXPROCS(0)/2)
}

// memory is how the server keeps to its budget.
type memory struct {
	budget int64        // immutable
	since  atomic.Int64 // when the budget was first found exceeded, nanoseconds; 0: it is not
}

// sessions returns how many sessions fit into half of the budget, so that the other half is there for what they send and
// do not read.
func (m *memory) sessions() int { return int(max(1, m.budget/2/session.SessionBytes)) }

// tickMemory counts what is used outside of the sessions, and notes since when the budget is exceeded.
func (s *Server) tickMemory() {
	var other int64
	if journal := s.chat.Journal(); journal != nil {
		stats := journal.Stats()
		other += stats.QueuedBytes + stats.RememberedBytes
	}
	if s.store != nil {
		other += int64(s.hashQueue.depth()+s.reading.depth()) * jobBytes
	}
	s.chat.Hub.SetOtherMemory(other)
	if !s.chat.Hub.MemoryExceeded() {
		s.memory.since.Store(0)
	} else if s.memory.since.Load() == 0 {
		s.memory.since.Store(time.Now().UnixNano())
	}
}

// shortOfMemory says that ending sessions does not help, nil when it does.
func (s *Server) shortOfMemory() error {
	since := s.memory.since.Load()
	if since == 0 || time.Since(time.Unix(0, since)) < shortOfMemory {
		return nil
	}
	return fmt.Errorf("more than --memory-budget %s is in use since %s; hubbub_memory_used_bytes says for what",
		Bytes(s.memory.budget), time.Unix(0, since).Format(time.RFC3339))
}

// evicted logs that sessions were ended because of the memory that they used.
func (s *Server) evicted(sessions int, bytes int64) {
	s.log.Warn("memory budget exceeded; the sessions that used the most were ended", zap.Int("sessions", sessions),
		zap.Int64("bytes", bytes), zap.Stringer("budget", Bytes(s.memory.budget)))
}
