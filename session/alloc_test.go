//go:build !race

package session

import "testing"

// TestPathsAllocateNothing holds all that a busy server does to no allocation. Unlike times, that can be compared on any
// machine.
func TestPathsAllocateNothing(t *testing.T) {
	for _, p := range paths {
		if n := testing.AllocsPerRun(100, p.prepare(t)); n != 0 {
			t.Errorf("%s: %v allocations", p.name, n)
		}
	}
}
