package term

import (
	"strings"
	"unicode"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"hubbub/codec"
)

// marksMax is how many combining marks in a row are shown. Real writing systems need fewer; a tower of them would paint
// over the lines above.
const marksMax = 4

// tabWidth is how many columns a tab of a text takes.
const tabWidth = 4

// clean makes text from others safe to print: one line, without anything that a terminal obeys instead of showing, and
// without what can't be seen.
func clean(s string) string {
	if plain(s) {
		return s
	}
	return sanitize(s, " ", " ")
}

// cleanLines is clean for a message, whose lines stay. Blank ones at its ends go, and of several in a row one stays: they
// would push what others said off the screen.
func cleanLines(s string) string {
	if plain(s) {
		return s
	}
	s = sanitize(strings.ReplaceAll(s, "\r\n", "\n"), "\n", strings.Repeat(" ", tabWidth))
	if !strings.Contains(s, "\n") {
		return s
	}
	var lines []string
	blank := true
	for line := range strings.SplitSeq(s, "\n") {
		if before := blank; codec.Blank(line) {
			if blank = true; before {
				continue
			}
			line = ""
		} else {
			blank = false
		}
		lines = append(lines, line)
	}
	return strings.TrimSuffix(strings.Join(lines, "\n"), "\n")
}

// sanitize replaces the ends of lines, tabs and control characters, and leaves out what is invisible unless it is part
// of an emoji or of a letter's shape.
func sanitize(s, newline, tab string) string {
	var b strings.Builder
	runes := []rune(s) // a byte that is no UTF-8 comes as U+FFFD
	last, marks := rune(-1), 0
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case r == '\n', r == '\r', r == '\u0085', r == '\u2028', r == '\u2029':
			b.WriteString(newline)
		case r == '\t':
			b.WriteString(tab)
		case unicode.IsControl(r): // C0 with ESC, DEL, and C1 with the 8-bit CSI and OSC
			b.WriteRune(unicode.ReplacementChar)
		case hidden(r):
			n := shaping(last, runes[i:])
			if n == 0 {
				last = -1 // what comes behind it belongs to nothing; but a tower of marks goes on
				continue
			}
			b.WriteString(string(runes[i : i+n]))
			i += n - 1
			r = runes[i]
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks > marksMax {
				continue
			}
			b.WriteRune(r)
			last = r
			continue
		default:
			b.WriteRune(r)
		}
		last, marks = r, 0
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

// hidden reports whether r can't be seen and takes no column: it could hide text, split a word that is searched for, or
// turn the reading direction of the rest of the line. Letters bring their own direction and need none of these. An empty
// letter or symbol that takes a column is like a space.
func hidden(r rune) bool {
	return codec.DefaultIgnorable(r) || codec.Invisible(r) && !unicode.In(r, unicode.Lo, unicode.So)
}

const (
	nonJoiner = '\u200C'
	joiner    = '\u200D'
	textStyle = '\uFE0E' // the variation selectors of emoji
	emojiFace = '\uFE0F'
	keycap    = '\u20E3'
	blackFlag = '\U0001F3F4'
	tagsMax   = 6 // letters and digits in the flag of a part of a country
)

// shaping returns how many of the runes, which begin with a hidden one, belong to what last was: they make an emoji of
// several characters, or choose the shape of a letter. 0: they don't.
func shaping(last rune, runes []rune) int {
	next := rune(-1)
	if len(runes) > 1 {
		next = runes[1]
	}
	is := false
	switch r := runes[0]; {
	case r == joiner && pictographic(next):
		is = pictographic(last) || last == emojiFace || unicode.Is(unicode.Sk, last) // a skin tone
	case r == joiner, r == nonJoiner:
		is = cursive(next) && (cursive(last) || unicode.Is(unicode.Mn, last))
	case r == emojiFace && next == keycap:
		is = strings.ContainsRune("0123456789#*", last)
	case r == emojiFace, r == textStyle:
		is = pictographic(last)
	case !unicode.Is(unicode.Variation_Selector, r):
		if last == blackFlag {
			return flagTags(runes)
		}
	case unicode.Is(unicode.Mongolian, r):
		is = unicode.Is(unicode.Mongolian, last) && unicode.IsLetter(last)
	case r >= 0xE0100, r <= '\uFE02':
		is = unicode.Is(unicode.Ideographic, last)
	}
	if is {
		return 1
	}
	return 0
}

// flagTags returns how many tag characters the runes begin with, when those end as the ones in the flags of England,
// Scotland or Texas do.
func flagTags(runes []rune) int {
	const tags, end = 0xE0000, 0xE007F
	for n, r := range runes {
		c := r - tags
		switch {
		case r == end && n > 0:
			return n + 1
		case n == tagsMax, (c < '0' || c > '9') && (c < 'a' || c > 'z'):
			return 0
		}
	}
	return 0
}

// pictographic reports whether r has Unicode's property Extended_Pictographic, by which joiners make one emoji of
// several.
func pictographic(r rune) bool {
	if r < 0xA9 {
		return false
	}
	joined := string(r) + string(joiner) + "❤" // one grapheme cluster if and only if it is
	return graphemes.FromString(joined).First() == joined
}

// cursive reports whether r is seen, and of a script in which the joiners choose the shape of letters, as RFC 5892 (A.1)
// has it.
func cursive(r rune) bool {
	return r >= 0x600 && !hidden(r) && unicode.In(r, unicode.L, unicode.M) && unicode.In(r,
		unicode.Arabic, unicode.Syriac, unicode.Mandaic, unicode.Nko, unicode.Mongolian, unicode.Phags_Pa, unicode.Adlam,
		unicode.Hanifi_Rohingya, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya,
		unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Tibetan, unicode.Myanmar,
		unicode.Khmer, unicode.Balinese, unicode.Javanese)
}
