package handler

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

// nameBytesMax is the longest name in bytes, in its canonical form. A classic name's field has room for as much.
const nameBytesMax = 32

// nameBytesAsked is the longest name in bytes that is looked at. No text becomes shorter than a quarter of its length
// in the canonical form, and PRECIS would take a quarter of a millisecond for a packet full of accents.
const nameBytesAsked = 4 * nameBytesMax

// canonicalName returns the form of a name under which it is compared, stored and shown: PRECIS UsernameCaseMapped
// (RFC 8265), so that look-alike case variants are one name. It reports false for what is no name.
func canonicalName(name string) (string, bool) {
	if plainName(name) {
		return name, true
	}
	if len(name) > nameBytesAsked {
		return "", false
	}
	canonical, err := precis.UsernameCaseMapped.String(name)
	if err != nil || canonical == "" || len(canonical) > nameBytesMax {
		return "", false
	}
	return canonical, true
}

// plainName reports whether a name is its own canonical form because it is of visible ASCII without capitals, as most
// names of a whisper are. PRECIS takes microseconds, this takes nanoseconds.
func plainName(name string) bool {
	if name == "" || len(name) > nameBytesMax {
		return false
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// validMessage reports whether a text may be a chat message: UTF-8 within the limit, without control characters but
// for line feeds and tabs, and not empty.
func (t *turn) validMessage(text string) bool {
	if text == "" || len(text) > t.limits.MessageBytesMax {
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
