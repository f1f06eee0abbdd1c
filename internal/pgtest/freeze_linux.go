package pgtest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Freeze stops the server's processes where they are, until the returned function: whoever asks it waits.
func (s *Server) Freeze(t testing.TB) (thaw func()) {
	t.Helper()
	signal := func(signal syscall.Signal) {
		pids, err := s.processes()
		if err != nil {
			t.Error(err)
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, signal) // one may have ended
		}
	}
	signal(syscall.SIGSTOP)
	return sync.OnceFunc(func() { signal(syscall.SIGCONT) })
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
