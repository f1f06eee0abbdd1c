package codec

import "unicode"

// Blank reports whether a reader sees nothing of text: every character of it is white space or invisible. Most messages
// answer it with their first byte.
func Blank(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c > ' ' && c < 0x7F:
			return false
		case c > 0x7F:
			return blankRunes(text[i:])
		}
	}
	return true
}

func blankRunes(text string) bool {
	for _, r := range text {
		if common(r) || !unicode.Is(unicode.White_Space, r) && !Invisible(r) {
			return false
		}
	}
	return true
}

// common reports whether r lies where the letters of most languages do, and nothing that can't be seen. It spares
// them the search in the tables.
func common(r rune) bool {
	return r > ' ' && r < 0x7F || r >= 0xC0 && r < 0x34F || r >= 0x370 && r < 0x61C || // Latin, Greek, Cyrillic, Hebrew
		r > 0x3000 && r < 0x3164 || r >= 0x3400 && r < 0xD800 // kana, Han, Hangul
}

// Invisible reports whether r shows nothing of itself: control and format characters, whatever else Unicode has a
// program ignore that can't show it, noncharacters, and characters whose glyph is empty. White space is something else.
func Invisible(r rune) bool {
	switch {
	case unicode.Is(unicode.Cc, r), DefaultIgnorable(r), unicode.Is(unicode.Noncharacter_Code_Point, r):
		return true
	case unicode.Is(unicode.Cf, r): // but the signs that stand around a number, which are seen
		return !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
	}
	return inkless(r)
}

// DefaultIgnorable reports whether r has Unicode's property Default_Ignorable_Code_Point, derived as
// DerivedCoreProperties.txt says: package unicode has only its parts.
func DefaultIgnorable(r rune) bool {
	switch {
	case r < 0xAD:
		return false
	case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), unicode.Is(unicode.Variation_Selector, r):
		return true
	case !unicode.Is(unicode.Cf, r), unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return false
	}
	return !(r >= 0xFFF9 && r <= 0xFFFB) && !(r >= 0x13430 && r <= 0x13440) // annotations, hieroglyphs' joiners
}

// inkless reports whether r is a letter, mark or symbol whose glyph is empty. No property of Unicode says so; its code
// charts do.
func inkless(r rune) bool {
	switch r {
	case 0x2800, // BRAILLE PATTERN BLANK
		0x13441, 0x13442, // EGYPTIAN HIEROGLYPH FULL BLANK, HALF BLANK
		0x16FE4, // KHITAN SMALL SCRIPT FILLER
		0x1D159: // MUSICAL SYMBOL NULL NOTEHEAD
		return true
	}
	return false
}
