package handler

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"hubbub/codec"
)

// validMessage reports whether a text may be a chat message: UTF-8 within the limit, without control characters but
// for line feeds and tabs, and with something to be seen. What a classic client's field holds is never too long where the
// limit is as high as that: other charsets are shorter than UTF-8.
func (t *turn) validMessage(text string) bool {
	fits := len(text) <= t.limits.MessageBytesMax || t.dialect == codec.Classic && t.limits.MessageBytesMax >= codec.ClassicMessageBytes
	if !fits || codec.Blank(text) {
		return false
	}
	return plainText(text) || utf8.ValidString(text) && !strings.ContainsFunc(text, forbidden)
}

// plainText reports whether a text is of visible ASCII and spaces alone, as most messages are. It looks at eight bytes
// at a time: the top bit of a byte is set in itself beyond ASCII, after adding one for DEL, and after taking a space
// away for what is below one. What is carried or borrowed comes from a byte that has failed already.
func plainText(text string) bool {
	const ones = 0x0101010101010101
	for ; len(text) >= 8; text = text[8:] {
		w := uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
			uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
		if (w|(w+ones)|(w-' '*ones))&(0x80*ones) != 0 {
			return false
		}
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

func forbidden(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
