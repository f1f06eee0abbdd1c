package handler

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

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
