package account

import (
	"errors"
	"testing"
	"unicode"
	"unicode/utf8"
)

func parsed(t testing.TB, text string) Name {
	t.Helper()
	name, err := ParseName(text)
	if err != nil {
		t.Fatalf("%q is no name: %v", text, err)
	}
	return name
}

// TestLooks: names of two scripts that look alike, in whatever case, and none of one script.
func TestLooks(t *testing.T) {
	f := func(a, b string, want bool) {
		t.Helper()
		x, y := parsed(t, a), parsed(t, b)
		if got := x.Look().Like(y.Look()); got != want || y.Look().Like(x.Look()) != want {
			t.Errorf("%q looks like %q: %v; their looks are %+v and %+v", a, b, got, x.Look(), y.Look())
		}
		// the numbers say the same
		(&numbers{t, x, y}).check(want)
	}
	f("сосо", "coco", true)
	f("СОСО", "Coco", true)
	f("Сосо", "COCO", true)
	f("НОТ", "hot", true)
	f("нот", "HOT", true)
	f("Анна", "AHHA", true)
	f("ѕсоре", "scope", true)
	f("рауа", "paya", true)
	f("ΝΙΚΟ", "niko", true)
	f("ΟΟΟ", "ООО", true) // Greek, Cyrillic
	f("օօօ", "ooo", true) // Armenian
	f("ロ", "口", true)     // Katakana, Han
	f("カ", "力", true)
	f("modern", "modem", false)
	f("coco", "c0c0", false)
	f("l1", "I1", false)
	f("paypal", "paypa1", false)
	f("Анна", "анна", false)
	f("007", "OO7", false)
	f("иван", "ivan", false)
	f("김", "Kim", false)
}

// numbers holds what Numbers says of two names against their looks.
type numbers struct {
	t    *testing.T
	x, y Name
}

func (n *numbers) check(want bool) {
	n.t.Helper()
	shapes, script := n.x.Numbers()
	others, other := n.y.Numbers()
	shared := false
	for _, shape := range shapes {
		shared = shared || shape != 0 && (shape == others[0] || shape == others[1])
	}
	if got := shared && script != other && script != 0 && other != 0; got != want {
		n.t.Errorf("by their numbers %q looks like %q: %v", n.x.Display, n.y.Display, got)
	}
}

func TestNewNames(t *testing.T) {
	f := func(text string, want error) {
		t.Helper()
		if got := parsed(t, text).CheckNew(); !errors.Is(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"аlice", "alicе", "ραul", "brօwn", "abcไทย", "한ア", "Анна Smith", "Ελλάςб"} {
		f(text, ErrScripts)
	}
	for _, text := range []string{"alice", "Алиса", "Ελλάς", "Taro山田ひろタロー", "スーパー", "ラーメン太郎", "Kim김金", "bopo漢ㄅ", "x-漢字_7", "ไทย",
		"हिन्दी", "Ali", "ALI", "alien", "hero", "there", "servers", "007", "-", "aux", "ᏣᎳᎩ", "სერვერი"} {
		f(text, nil)
	}
	for _, text := range []string{"server", "SERVER", "Server", "sERVER", "ｓｅｒｖｅｒ", "system", "systern", "all", "ALL", "aII", "AII", "a1l", "aIl",
		"here", "HERE", "һеге", "аӏӏ", "*"} {
		f(text, ErrReserved)
	}
}

// TestReservedByShape: the quick answer for names of ASCII is the one that the skeletons give, for every name of up to three
// characters and for each reserved name with two of its characters replaced.
func TestReservedByShape(t *testing.T) {
	reserved := 0
	f := func(text string) {
		if name, err := ParseName(text); err == nil {
			want := looksReserved(name)
			if got := isReserved(name); got != want {
				t.Errorf("%q is reserved: %v, want %v", text, got, want)
			}
			if want {
				reserved++
			}
		}
	}
	signs := make([]string, 0, utf8.RuneSelf)
	for c := ' '; c <= '~'; c++ {
		signs = append(signs, string(c))
	}
	for _, a := range signs {
		f(a)
		for _, b := range signs {
			f(a + b)
			for _, c := range "aAlLiIhHeErR1|!*0" {
				f(a + string(c) + b)
			}
		}
	}
	alike := []string{"s", "S", "5", "e", "E", "r", "R", "rn", "v", "V", "y", "t", "m", "M", "l", "L", "I", "i", "1", "|", "a", "A", "h", ""}
	for _, name := range reservedNames {
		for i := range name {
			for _, a := range alike {
				for k := i + 1; k < len(name); k++ {
					for _, b := range alike {
						f(name[:i] + a + name[i+1:k] + b + name[k+1:])
					}
				}
			}
		}
	}
	if reserved < 100 {
		t.Errorf("%d names were reserved: the test tried too few", reserved)
	}
}

// TestScriptExtensions: the table fits the version of Unicode that the program has, and is in order.
func TestScriptExtensions(t *testing.T) {
	if unicode.Version != "15.0.0" {
		t.Errorf("package unicode has version %s: make scriptExtensions anew from that version's ScriptExtensions.txt", unicode.Version)
	}
	before := rune(-1)
	for _, e := range scriptExtensions {
		if e.first <= before || e.last < e.first {
			t.Errorf("%U–%U is out of order", e.first, e.last)
		}
		before = e.last
	}
	tables := scripts()
	if n := len(tables.names); n > 64*len(scriptSet{}) {
		t.Errorf("there are %d scripts", n)
	}
	for r, want := range map[rune]string{'ー': "Hiragana Katakana", 'a': "Latin", 'я': "Cyrillic", '漢': "Han", '\u0483': "Cyrillic Old_Permic"} {
		if got := tables.list(tables.of(r)); got != want {
			t.Errorf("%q is of %s, want %s", r, got, want)
		}
	}
	if tables.of('7') != anyScript || tables.of('\u0301') != anyScript {
		t.Error("a digit and an accent are not of all scripts")
	}
}
