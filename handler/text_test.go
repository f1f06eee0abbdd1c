package handler

import (
	"strings"
	"testing"
)

// The canonical form of a name may be much shorter than what was asked for, but only so much.
func TestLongNames(t *testing.T) {
	shrinks := strings.Repeat("Ｕ\u0308\u0304", 16) // 7 bytes, of which ǖ with its 2 is left
	if name, ok := canonicalName(shrinks); !ok || name != strings.Repeat("ǖ", 16) {
		t.Errorf("%d bytes became %q, %t", len(shrinks), name, ok)
	}
	// A packet's worth of them is not even looked at: PRECIS would take a quarter of a millisecond.
	long := strings.Repeat("e\u0301", 1300)
	if allocs := testing.AllocsPerRun(10, func() {
		if _, ok := canonicalName(long); ok {
			t.Error("a name of", len(long), "bytes is valid")
		}
	}); allocs != 0 {
		t.Errorf("refusing it took %v allocations", allocs)
	}
}
