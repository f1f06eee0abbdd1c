package account

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// The displayed form of a name may be much shorter than what was asked for, but only so much.
func TestLongNames(t *testing.T) {
	shrinks := strings.Repeat("Ｕ\u0308\u0304", 16) // 7 bytes, of which Ǖ with its 2 is left
	if name, err := ParseName(shrinks); err != nil || name.Display != strings.Repeat("Ǖ", 16) || name.Key != strings.Repeat("ǖ", 16) {
		t.Errorf("%d bytes became %+v, %v", len(shrinks), name, err)
	}
	// A packet's worth of them is not even looked at: PRECIS would take a quarter of a millisecond.
	long := strings.Repeat("e\u0301", 1300)
	if allocs := testing.AllocsPerRun(10, func() {
		if _, err := ParseName(long); err == nil {
			t.Error("a name of", len(long), "bytes is valid")
		}
	}); allocs != 0 {
		t.Errorf("refusing it took %v allocations", allocs)
	}
}

// anyName draws texts of which many are names: of ASCII, of letters whose case is folded in full, of wide, composed and
// right-to-left ones, and of spaces.
func anyName(t *rapid.T) string {
	return rapid.OneOf(
		rapid.StringOf(rapid.RuneFrom([]rune("abcXYZ09 ~!@-_.\x7fé"))),
		rapid.StringOfN(rapid.RuneFrom([]rune("aAßẞςσΣΐΰİıſǅŉﬁКкaａＡe\u0301\u0345ᾳᾼ한글カﾞー\u00a0\u3000 אב١")), 0, 10, 64),
		rapid.StringN(0, 8, 64),
	).Draw(t, "name")
}

// TestEveryCharacter: the key of every character that names have is its own key, and that of its other cases.
func TestEveryCharacter(t *testing.T) {
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if shown, err := precis.UsernameCasePreserved.String(string(r)); err != nil || shown != string(r) {
			continue
		}
		key := KeyOf(string(r))
		if again := KeyOf(key); again != key {
			t.Fatalf("%U has the key %q, and that %q", r, key, again)
		}
		for _, other := range []rune{unicode.ToUpper(r), unicode.ToLower(r), unicode.ToTitle(r), unicode.SimpleFold(r)} {
			if precis.UsernameCasePreserved.Allowed().Contains(other) && KeyOf(string(other)) != key && !unicode.Is(dotless, r) && !unicode.Is(dotless, other) {
				t.Errorf("%U has the key %q, and %U %q", r, key, other, KeyOf(string(other)))
			}
		}
	}
}

// dotless are Turkish letters, whose other case is another letter's in Unicode's default folding.
var dotless = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x130, Hi: 0x131, Stride: 1}}, LatinOffset: 0}

// TestNames: what is displayed is what PRECIS says, is displayed as it is when it is typed, and has the same key then; the
// key is what Unicode's compatibility caseless match compares, and its own key.
func TestNames(t *testing.T) {
	caseless := func(s string) string { // D146 of Unicode, section 3.13
		return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(cases.Fold().String(norm.NFD.String(s)))))
	}
	rapid.Check(t, func(t *rapid.T) {
		text := anyName(t)
		name, err := ParseName(text)
		if err != nil {
			if shown, err := precis.UsernameCasePreserved.String(text); err == nil && shown == text && text != "" && len(text) <= NameBytesMax {
				t.Fatalf("%q is no name", text)
			}
			return
		}
		if len(name.Display) == 0 || len(name.Display) > NameBytesMax || strings.Contains(name.Display, "  ") ||
			strings.Trim(name.Display, " ") != name.Display {
			t.Fatalf("%q is displayed as %q", text, name.Display)
		}
		for part := range strings.SplitSeq(name.Display, " ") {
			if shown, err := precis.UsernameCasePreserved.String(part); err != nil || shown != part {
				t.Fatalf("%q is displayed as %q, of which PRECIS says %q, %v", text, name.Display, shown, err)
			}
		}
		if again, err := ParseName(name.Display); err != nil || again != name {
			t.Fatalf("%q is %+v, and again %+v, %v", text, name, again, err)
		}
		if key := KeyOf(name.Key); key != name.Key || !strings.ContainsFunc(text, cherokee) && caseless(name.Display) != name.Key {
			t.Fatalf("%q has the key %q, whose key is %q; Unicode says %q", text, name.Key, key, caseless(name.Display))
		}
	})
}

func TestKeys(t *testing.T) {
	f := func(same bool, names ...string) {
		t.Helper()
		for _, name := range names[1:] {
			if (KeyOf(name) == KeyOf(names[0])) != same {
				t.Errorf("%q and %q have the keys %q and %q", names[0], name, KeyOf(names[0]), KeyOf(name))
			}
		}
	}
	f(true, "TestUser1", "testuser1", "TESTUSER1")
	f(true, "ΑΛΕΞΗΣ", "αλεξης", "αλεξησ", "Αλεξης")
	f(true, "Straße", "STRASSE", "strasse", "STRAẞE")
	f(true, "Sea Voice", "SEA VOICE")
	f(true, "Åse", "A\u030Ase", "åse", "Ａ\u030AＳＥ", "\u212Bse")
	f(false, "coco", "сосо")
	f(false, "resume", "résumé")
	f(false, "a b", "ab")
}

// Names of ASCII take the short way and get what the long way finds; those without capitals take no memory.
func TestPlainNamesTakeNoMemory(t *testing.T) {
	for text, want := range map[string]float64{"alice": 0, "a b": 0, "TestUser1": 1, "x y Z": 1} {
		if allocs := testing.AllocsPerRun(100, func() {
			if _, err := ParseName(text); err != nil {
				t.Error(err)
			}
		}); allocs != want {
			t.Errorf("%q took %v allocations, want %v", text, allocs, want)
		}
		name, _ := ParseName(text)
		if allocs := testing.AllocsPerRun(100, func() { name.Numbers() }); allocs != 0 {
			t.Errorf("what %q looks like took %v allocations", text, allocs)
		}
		if allocs := testing.AllocsPerRun(100, func() { _ = name.CheckNew() }); allocs != 0 {
			t.Errorf("whether %q may be somebody's took %v allocations", text, allocs)
		}
	}
}

func BenchmarkParseName(b *testing.B) {
	for _, text := range []string{"testuser1", "TestUser1", "Sea Voice", "alice@home.example.org", "Анна", "김철수", "Straße"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseName(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLook(b *testing.B) {
	for _, text := range []string{"TestUser1", "Анна", "김철수"} {
		name, _ := ParseName(text)
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				name.Numbers()
			}
		})
		b.Run(text+"/new", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = name.CheckNew()
			}
		})
	}
}
