package account

import "golang.org/x/text/secure/precis"

// NameBytesMax is the longest name in bytes, in its canonical form. A classic name's field has room for as much.
const NameBytesMax = 32

// nameBytesAsked is the longest name in bytes that is looked at. No text becomes shorter than a quarter of its length
// in the canonical form, and PRECIS would take a quarter of a millisecond for a packet full of accents.
const nameBytesAsked = 4 * NameBytesMax

// CanonicalName returns the form of a name under which it is compared, stored and shown: PRECIS UsernameCaseMapped
// (RFC 8265), so that look-alike case variants are one name. It reports false for what is no name. The result may share
// the name's memory. Any goroutine.
func CanonicalName(name string) (string, bool) {
	if plainName(name) {
		return name, true
	}
	if len(name) > nameBytesAsked {
		return "", false
	}
	canonical, err := precis.UsernameCaseMapped.String(name)
	if err != nil || canonical == "" || len(canonical) > NameBytesMax {
		return "", false
	}
	return canonical, true
}

// plainName reports whether a name is its own canonical form because it is of visible ASCII without capitals, as most
// names of a whisper are. PRECIS takes microseconds, this takes nanoseconds.
func plainName(name string) bool {
	if name == "" || len(name) > NameBytesMax {
		return false
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}
