package account

import (
	"math/bits"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// scriptSet is a set of scripts, by their place in scripts.
type scriptSet [4]uint64

func (s scriptSet) and(other scriptSet) scriptSet {
	for i := range s {
		s[i] &= other[i]
	}
	return s
}

func (s scriptSet) or(other scriptSet) scriptSet {
	for i := range s {
		s[i] |= other[i]
	}
	return s
}

func (s scriptSet) empty() bool { return s == scriptSet{} }

// anyScript is the set of what is common to all scripts, such as digits.
var anyScript = scriptSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

// scriptTables are the scripts that there are, and what they have in common.
type scriptTables struct {
	names      []string
	ranges     []*unicode.RangeTable // by the place of a name; the usual ones are looked at first
	extensions []scriptSet           // by the place in scriptExtensions

	latin, chinese, japanese, korean scriptSet // the scripts that one text of these may have, without Latin
}

// scripts are made when a name that is not ASCII is looked at first.
var scripts = sync.OnceValue(func() *scriptTables {
	t := &scriptTables{names: []string{"Latin", "Cyrillic", "Greek", "Han", "Hangul", "Hiragana", "Katakana", "Arabic", "Hebrew"}}
	usual := len(t.names)
	for name := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && !slices.Contains(t.names[:usual], name) {
			t.names = append(t.names, name)
		}
	}
	slices.Sort(t.names[usual:])
	for _, name := range t.names {
		t.ranges = append(t.ranges, unicode.Scripts[name])
	}
	for _, e := range scriptExtensions {
		t.extensions = append(t.extensions, t.set(e.scripts))
	}
	t.latin = t.set("Latin")
	t.chinese, t.japanese, t.korean = t.set("Han Bopomofo"), t.set("Han Hiragana Katakana"), t.set("Han Hangul")
	return t
})

// set returns the scripts with these names, one space between them. It panics for a name that there is not.
func (t *scriptTables) set(names string) (s scriptSet) {
	for name := range strings.SplitSeq(names, " ") {
		i := slices.Index(t.names, name)
		s[i/64] |= 1 << (i % 64)
	}
	return s
}

// of returns the scripts in which a character is used: its Script_Extensions of UAX 24.
func (t *scriptTables) of(r rune) scriptSet {
	i, found := slices.BinarySearchFunc(scriptExtensions, r, func(e scriptExtension, r rune) int {
		switch {
		case e.last < r:
			return -1
		case e.first > r:
			return 1
		}
		return 0
	})
	if found {
		return t.extensions[i]
	}
	for i, table := range t.ranges {
		if unicode.Is(table, r) {
			var s scriptSet
			s[i/64] = 1 << (i % 64)
			return s
		}
	}
	return anyScript
}

// highlyRestrictive reports whether a text is of one script, or of Latin and those of one of Chinese, Japanese and Korean:
// the level Highly Restrictive of UTS 39, section 5.2.
func (t *scriptTables) highlyRestrictive(text string) bool {
	one, chinese, japanese, korean := anyScript, true, true, true
	for _, r := range text {
		of := t.of(r)
		one = one.and(of)
		latin := !of.and(t.latin).empty()
		chinese = chinese && (latin || !of.and(t.chinese).empty())
		japanese = japanese && (latin || !of.and(t.japanese).empty())
		korean = korean && (latin || !of.and(t.korean).empty())
	}
	return !one.empty() || chinese || japanese || korean
}

// used returns the scripts of a text's characters. Those that several scripts have are of one that others in the text are
// of, or else of the first one.
func (t *scriptTables) used(text string) (s scriptSet) {
	var shared []scriptSet
	for _, r := range text {
		switch of := t.of(r); {
		case of == anyScript:
		case of.count() == 1:
			s = s.or(of)
		default:
			shared = append(shared, of)
		}
	}
	for _, of := range shared {
		if of.and(s).empty() {
			s = s.or(of.first())
		}
	}
	return s
}

func (s scriptSet) count() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// first returns the set of the first script in a set that has one.
func (s scriptSet) first() (one scriptSet) {
	for i, word := range s {
		if word != 0 {
			one[i] = word & -word
			return one
		}
	}
	return one
}

// list returns the names of a set's scripts, one space between them.
func (t *scriptTables) list(s scriptSet) string {
	var names []string
	for i, name := range t.names {
		if s[i/64]&(1<<(i%64)) != 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
