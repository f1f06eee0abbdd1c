package handler

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
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

// Looking at eight bytes at a time finds what looking at each one does, wherever it is.
func TestPlainText(t *testing.T) {
	for length := range 20 {
		for at := range length {
			for c := range 256 {
				text := []byte(strings.Repeat("~", length))
				if text[at] = byte(c); plainText(string(text)) != (c >= ' ' && c <= '~') {
					t.Fatalf("plainText(%q) is wrong", text)
				}
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.SampledFrom([]byte{0, '\t', 0x1F, ' ', 'a', '~', 0x7F, 0x80, 0xFF})).Draw(t, "text")
		plain := true
		for _, c := range text {
			plain = plain && c >= ' ' && c <= '~'
		}
		if plainText(string(text)) != plain {
			t.Fatalf("plainText(%q) is not %t", text, plain)
		}
	})
}
