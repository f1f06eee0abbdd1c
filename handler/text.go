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
	plain := true
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			plain = false
			break
		}
	}
	return plain || utf8.ValidString(text) && !strings.ContainsFunc(text, forbidden)
}

func forbidden(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
