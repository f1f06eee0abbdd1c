package term

import (
	"strings"
	"unicode"
)

// marksMax is how many combining marks in a row are shown. Real writing systems need fewer; a tower of them would paint
// over the lines above.
const marksMax = 4

// clean makes text from others safe to print: one line, without anything that a terminal obeys instead of showing.
func clean(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	marks := 0
	for _, r := range s { // a byte that is no UTF-8 comes as U+FFFD
		if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case marks > marksMax:
		case r == '\t', r == '\n', r == '\r', r == '\u0085', r == '\u2028', r == '\u2029':
			b.WriteByte(' ')
		case unicode.IsControl(r): // C0 with ESC, DEL, and C1 with the 8-bit CSI and OSC
			b.WriteRune(unicode.ReplacementChar)
		case directional(r), r == '\uFEFF', r >= 0xE0000 && r <= 0xE0FFF && !flagTag(r):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain reports whether s is printable ASCII, which needs no cleaning. Most messages are.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// directional reports whether r overrides or embeds a reading direction: such a character would reach beyond the
// message. Letters bring their own direction and need none of these.
func directional(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' || r == '\u200E' || r == '\u200F'
}

// flagTag reports whether r is one of the invisible letters that make the flags of England, Scotland and Wales.
func flagTag(r rune) bool { return r >= 0xE0020 && r <= 0xE007F }
