package account

import (
	"strings"
	"testing"

	"golang.org/x/text/secure/precis"
	"pgregory.net/rapid"
)

// The canonical form of a name may be much shorter than what was asked for, but only so much.
func TestLongNames(t *testing.T) {
	shrinks := strings.Repeat("Ｕ\u0308\u0304", 16) // 7 bytes, of which ǖ with its 2 is left
	if name, ok := CanonicalName(shrinks); !ok || name != strings.Repeat("ǖ", 16) {
		t.Errorf("%d bytes became %q, %t", len(shrinks), name, ok)
	}
	// A packet's worth of them is not even looked at: PRECIS would take a quarter of a millisecond.
	long := strings.Repeat("e\u0301", 1300)
	if allocs := testing.AllocsPerRun(10, func() {
		if _, ok := CanonicalName(long); ok {
			t.Error("a name of", len(long), "bytes is valid")
		}
	}); allocs != 0 {
		t.Errorf("refusing it took %v allocations", allocs)
	}
}

// The short way for names of plain ASCII finds what PRECIS does.
func TestPlainNamesAreCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOf(rapid.RuneFrom([]rune("abcXYZ09 ~!@-_.\x7fé"))).Draw(t, "name")
		want, err := precis.UsernameCaseMapped.String(name)
		valid := err == nil && want != "" && len(want) <= NameBytesMax
		if got, ok := CanonicalName(name); ok != valid || ok && got != want {
			t.Fatalf("CanonicalName(%q) = %q, %t; PRECIS says %q, %v", name, got, ok, want, err)
		}
		if plainName(name) && want != name {
			t.Fatalf("%q is plain, and canonically %q", name, want)
		}
	})
}
