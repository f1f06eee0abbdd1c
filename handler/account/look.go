package account

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mtibben/confusables"
)

// Look is what a name looks like, whether it is written as displayed or in capitals. Two names look alike when they have
// a shape in common and are of different scripts: within one script nothing is taken for another, modern not for modem.
type Look struct {
	Shown, Capitals string // the shapes: skeletons of UTS 39, case folded
	Scripts         string // the names of the scripts, as in "Han Latin"; "" for a name of signs, which looks like no other
}

// Like reports whether two names look alike.
func (l Look) Like(other Look) bool {
	return l.Scripts != other.Scripts && l.Scripts != "" && other.Scripts != "" &&
		(l.Shown == other.Shown || l.Shown == other.Capitals || l.Capitals == other.Shown || l.Capitals == other.Capitals)
}

// Look returns what the name looks like. Any goroutine.
func (n Name) Look() Look {
	var room [shapeBytesMax]byte
	if shape, letters, ok := asciiShape(room[:0], n.Display); ok {
		look := Look{Shown: string(shape), Scripts: latin}
		look.Capitals = look.Shown
		if !letters {
			look.Scripts = ""
		}
		return look
	}
	tables := scripts()
	return Look{
		Shown: shapeOf(n.Display), Capitals: shapeOf(strings.ToUpper(n.Display)),
		Scripts: tables.list(tables.used(n.Display)),
	}
}

// latin is what Look.Scripts has for ASCII letters.
const latin = "Latin"

// lookSeed makes the numbers of shapes and scripts, so that nobody can choose names whose numbers meet.
var (
	lookSeed    = maphash.MakeSeed()
	latinNumber = maphash.String(lookSeed, latin)
)

// Numbers returns the look as numbers, which are equal where the texts are: two shapes, of which the second is 0 where it
// is the first, and the scripts, 0 for none. They hold for this process. It allocates nothing for names of ASCII. Any goroutine.
func (n Name) Numbers() (shapes [2]uint64, script uint64) {
	var room [shapeBytesMax]byte
	if shape, letters, ok := asciiShape(room[:0], n.Display); ok {
		if !letters {
			return shapes, 0
		}
		shapes[0] = maphash.Bytes(lookSeed, shape)
		return shapes, latinNumber
	}
	return n.Look().numbers()
}

// numbers are Name.Numbers of the look.
func (l Look) numbers() (shapes [2]uint64, script uint64) {
	if l.Scripts == "" {
		return shapes, 0
	}
	shapes[0] = maphash.String(lookSeed, l.Shown)
	if l.Capitals != l.Shown {
		shapes[1] = maphash.String(lookSeed, l.Capitals)
	}
	return shapes, maphash.String(lookSeed, l.Scripts)
}

// CheckNew returns why a name may not become anybody's who does not have it yet: ErrReserved, ErrScripts or nil. Accounts
// that are older than these rules keep their names. Any goroutine.
func (n Name) CheckNew() error {
	if plain, _ := plainName(n.Display); !plain && !scripts().highlyRestrictive(n.Display) {
		return ErrScripts
	}
	if isReserved(n) {
		return ErrReserved
	}
	return nil
}

// reservedNames are nobody's: a message under one of them would seem to come from the server, or to go to everybody.
var reservedNames = []string{"server", "system", "all", "here", "*"}

// reservedShapes are what the reserved names look like: the skeletons of some ways to write them, the folded skeletons of
// all ways, and their shapes, which are coarser than both.
type reservedShapes struct{ skeletons, folded, shapes map[string]bool }

var reserved = sync.OnceValue(func() reservedShapes {
	looks := reservedShapes{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, name := range reservedNames {
		for _, written := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
			looks.skeletons[confusables.Skeleton(written)] = true
			looks.shapes[shapeOf(written)] = true
		}
		looks.folded[KeyOf(confusables.Skeleton(name))] = true
	}
	return looks
})

// reservedRunesMax is how many characters a name has at most that looks like a reserved one: rn looks like m.
const reservedRunesMax = len("systern")

// isReserved reports whether a name is reserved, or looks like such a name, of whatever script.
func isReserved(n Name) bool {
	if utf8.RuneCountInString(n.Display) > reservedRunesMax {
		return false
	}
	// Most names are of ASCII. A skeleton takes microseconds, the shape nanoseconds, and it tells nearly all of them apart.
	var room [shapeBytesMax]byte
	if shape, _, ok := asciiShape(room[:0], n.Display); ok && !reserved().shapes[string(shape)] {
		return false
	}
	return looksReserved(n)
}

// looksReserved is isReserved by the skeletons, for names of any length and script.
func looksReserved(n Name) bool {
	if slices.Contains(reservedNames, n.Key) {
		return true
	}
	// In capitals ALI is not ALL: what makes a capital I look like an l is the small letters beside it.
	skeleton := confusables.Skeleton(n.Display)
	if reserved().skeletons[skeleton] || n.Display != strings.ToUpper(n.Display) && reserved().folded[KeyOf(skeleton)] {
		return true
	}
	look := n.Look()
	return look.Scripts != latin && slices.ContainsFunc(reservedNames, func(name string) bool { return look.Like(Name{name, name}.Look()) })
}

// shapeOf returns a text's shape: its skeleton, case folded. Capital I looks like l and capital M not like rn, so that case
// would make two shapes of one name: i becomes l as well, and m always rn.
func shapeOf(text string) string {
	return coarse.Replace(KeyOf(confusables.Skeleton(text)))
}

var coarse = strings.NewReplacer("i", "l", "m", "rn")

// shapeBytesMax is the longest shape of a name of ASCII: none of its characters has one of more than two.
const shapeBytesMax = 2 * NameBytesMax

// asciiShapes are the shapes of the characters of ASCII, of which one is put together.
var asciiShapes = func() (shapes [utf8.RuneSelf]string) {
	for c := ' '; c <= '~'; c++ {
		shapes[c] = shapeOf(string(c))
	}
	return shapes
}()

// asciiShape appends the shape of a name of visible ASCII to dst. It reports whether there are letters in it, and whether
// the name is of ASCII at all.
func asciiShape(dst []byte, name string) (shape []byte, letters, ok bool) {
	if len(name) > NameBytesMax {
		return dst, false, false
	}
	for i := range len(name) {
		c := name[i]
		if c >= utf8.RuneSelf {
			return dst, false, false
		}
		letters = letters || 'a' <= c|' ' && c|' ' <= 'z'
		dst = append(dst, asciiShapes[c]...)
	}
	return dst, letters, true
}
