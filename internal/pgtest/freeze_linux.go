package pgtest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Freeze stops the server's processes where they are, until the returned function: whoever asks it waits.
func (s *Server) Freeze(t testing.TB) (thaw func()) {
	t.Helper()
	signal := func(signal syscall.Signal) (pids []int) {
		pids, err := s.processes()
		if err != nil {
			t.Error(err)
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, signal) // one may have ended
		}
		return pids
	}
	for _, pid := range signal(syscall.SIGSTOP) {
		awaitStop(t, pid)
	}
	return sync.OnceFunc(func() { signal(syscall.SIGCONT) })
}

// awaitStop waits until a process that was sent SIGSTOP runs no more: it may go on for a while after the signal is sent.
func awaitStop(t testing.TB, pid int) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.After(patience); ; {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		_, state, _ := strings.Cut(string(stat), ") ") // behind the program's name
		if err != nil || state == "" || state[0] == 'T' || state[0] == 'Z' {
			return // err: it has ended
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("process %d of PostgreSQL is not stopped after %v: %s", pid, patience, stat)
		}
	}
}

// processes are the server's: the first one and its children.
func (s *Server) processes() ([]int, error) {
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", s.process.Pid))
	if err != nil {
		return nil, err
	}
	pids := []int{s.process.Pid}
	for field := range strings.FieldsSeq(string(children)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, nil
}
