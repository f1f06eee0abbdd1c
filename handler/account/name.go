package account

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// NameBytesMax is the longest name in bytes, as it is displayed. A classic name's field has room for as much.
const NameBytesMax = 32

// nameBytesAsked is the longest name in bytes that is looked at. No text becomes shorter than a quarter of its length
// in the displayed form, and PRECIS would take a quarter of a millisecond for a packet full of accents.
const nameBytesAsked = 4 * NameBytesMax

// Errors of names.
var (
	ErrName     = errors.New("a name has 1 to 32 bytes of letters, digits and signs, with single spaces between them at most")
	ErrReserved = errors.New("this name is reserved, or looks like one that is")
	ErrScripts  = errors.New("a name has letters of one script; Latin ones may stand beside Chinese, Japanese or Korean")
)

// Name is a user's name in its two forms. Two names are the same when their keys are equal.
type Name struct {
	Display string // as it was typed and as everybody sees it; 1 to NameBytesMax bytes
	Key     string // what is compared: KeyOf(Display)
}

// ParseName returns the two forms of what somebody typed, or ErrName. The displayed form is what PRECIS
// UsernameCasePreserved (RFC 8265) makes of each part between spaces; spaces of all kinds become U+0020. The result may
// share the text's memory. Whether somebody new may have the name is CheckNew's to say. Any goroutine.
func ParseName(text string) (Name, error) {
	switch plain, capitals := plainName(text); {
	case plain && capitals:
		return Name{text, strings.ToLower(text)}, nil
	case plain:
		return Name{text, text}, nil
	case len(text) > nameBytesAsked || !utf8.ValidString(text):
		return Name{}, ErrName
	}
	parts := strings.Split(strings.Map(plainSpace, text), " ")
	for i, part := range parts {
		shown, ok := displayed(part)
		if !ok {
			return Name{}, ErrName
		}
		parts[i] = shown
	}
	display := strings.Join(parts, " ")
	if len(display) > NameBytesMax {
		return Name{}, ErrName
	}
	return Name{display, KeyOf(display)}, nil
}

// displayed returns the displayed form of a name's part between spaces, which is its own displayed form.
func displayed(part string) (string, bool) {
	for range 4 { // RFC 8264, section 7: what does not become stable soon is no name
		shown, err := precis.UsernameCasePreserved.String(part)
		if err != nil || shown == "" {
			return "", false
		}
		if shown == part {
			return shown, true
		}
		part = shown
	}
	return "", false
}

// Spaced reports whether the name has spaces. Only classic clients' guests, and accounts that an operator made, may have
// such a name.
func (n Name) Spaced() bool { return strings.IndexByte(n.Display, ' ') >= 0 }

// KeyOf returns what a name is compared by, however it is written: full case folding and NFKC, until nothing changes. The
// result may share the name's memory.
func KeyOf(display string) string {
	if plain, _ := plainName(display); plain {
		return strings.ToLower(display) // which is the name itself where there is nothing to change
	}
	if !strings.ContainsFunc(display, foldable) && norm.NFKC.IsNormalString(display) {
		return display
	}
	for range keyRoundsMax {
		folded := norm.NFKC.String(fold(norm.NFD.String(display)))
		if folded == display {
			break
		}
		display = folded
	}
	return display
}

// foldable reports whether folding may change a character: no letter of a script without case, such as Hangul.
func foldable(r rune) bool {
	if r < utf8.RuneSelf {
		return 'A' <= r && r <= 'Z'
	}
	return !unicode.Is(unicode.Lo, r)
}

// keyRoundsMax is how often a name is folded at most: no character changes more often than three times.
const keyRoundsMax = 8

// fold folds case in full. cases.Fold takes Cherokee's small letters for capitals and the other way round, so that each would
// become the other; all are made small for it.
func fold(text string) string {
	if strings.ContainsFunc(text, cherokee) {
		text = strings.Map(func(r rune) rune {
			if cherokee(r) {
				return unicode.ToLower(r)
			}
			return r
		}, text)
	}
	return cases.Fold().String(text)
}

func cherokee(r rune) bool { return unicode.Is(unicode.Cherokee, r) }

// plainSpace makes every space the plain one.
func plainSpace(r rune) rune {
	if unicode.Is(unicode.Zs, r) {
		return ' '
	}
	return r
}

// plainName reports whether a name is its own displayed form because it is of visible ASCII, with single spaces within it
// at most, and whether it has capitals; without them it is its own key too, as most names of whispers are. PRECIS takes
// microseconds, this takes nanoseconds.
func plainName(name string) (plain, capitals bool) {
	if name == "" || len(name) > NameBytesMax {
		return false, false
	}
	before := byte(' ')
	for i := range len(name) {
		c := name[i]
		if c < ' ' || c > '~' || c == ' ' && before == ' ' {
			return false, false
		}
		capitals = capitals || 'A' <= c && c <= 'Z'
		before = c
	}
	return before != ' ', capitals
}
