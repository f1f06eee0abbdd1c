package charset

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func mustParse(t testing.TB, name string) Choice {
	t.Helper()
	c, err := Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// legacies are charsets of one, two and four bytes a character.
var legacies = []string{"cp949", "euc-kr", "shift_jis", "cp932", "euc-jp", "gb18030", "gbk", "big5", "windows-1251", "windows-1252", "koi8-r", "iso-8859-2", "cp437", "windows-874"}

func TestParse(t *testing.T) {
	f := func(name string, legacy, auto bool, wantErr string) {
		t.Helper()
		c, err := Parse(name)
		if (c.Legacy != nil) != legacy || c.Auto != auto || !strings.Contains(fmt.Sprint(err), wantErr) {
			t.Errorf("Parse(%q) = %+v, %v", name, c, err)
		}
	}
	f("auto", true, true, "<nil>")
	f(" Auto ", true, true, "<nil>")
	f("utf-8", false, false, "<nil>")
	f("UTF8", false, false, "<nil>")
	for _, name := range legacies {
		f(name, true, false, "<nil>")
		f(strings.ToUpper(name), true, false, "<nil>")
	}
	f("", true, true, "<nil>")
	f("klingon", false, false, "is no charset")
	for _, name := range []string{"utf-16le", "utf-16", "iso-2022-jp", "hz-gb-2312", "ibm037"} {
		f(name, false, false, "charset")
	}
}

func TestDecode(t *testing.T) {
	f := func(charset, in string, cut bool, want string) {
		t.Helper()
		if got := mustParse(t, charset).Legacy.Decode(in, cut); got != want {
			t.Errorf("%s: Decode(%q, %v) = %q, want %q", charset, in, cut, got, want)
		}
	}
	f("cp949", "", false, "")
	f("cp949", "hello", true, "hello")
	f("cp949", "\xBE\xC8\xB3\xE7", false, "안녕")
	f("cp949", "\x8C\x63", false, "똠") // not in EUC-KR, whose superset CP949 is; its second byte is a letter
	f("cp949", "\xBE\xC8\xB3", true, "안")
	f("cp949", "\xBE\xC8\xB3", false, "안�")
	f("cp949", "\xFF\xFF", false, "��")
	f("shift_jis", "\x83\x5C", false, "ソ") // the second byte is a backslash
	f("gb18030", "\x81\x30\x81", true, "")
	f("windows-1251", "\xCF\xF0\xE8\xE2\xE5\xF2", false, "Привет")
}

func TestAppend(t *testing.T) {
	f := func(charset, text string, limit int, want string) {
		t.Helper()
		if got := string(mustParse(t, charset).Legacy.Append([]byte("before"), text, limit)); got != "before"+want {
			t.Errorf("%s: Append(%q, %d) = %q, want %q", charset, text, limit, got, want)
		}
	}
	f("cp949", "hello", 3, "hel")
	f("cp949", "안녕", 4, "\xBE\xC8\xB3\xE7")
	f("cp949", "안녕", 3, "\xBE\xC8")
	f("cp949", "안녕", 1, "")
	f("cp949", "안녕", 0, "")
	f("cp949", "a🙂안", 4, "a?\xBE\xC8")
	f("cp949", "🙂🙂", 1, "?")
	f("cp949", "\u110B\u1161\u11AB", 8, "\xBE\xC8") // 안 in its parts, as macOS writes it
	f("windows-1252", "e\u0301", 8, "\xE9")
	f("windows-1252", "안녕 €", 8, "?? \x80")
	f("cp949", "a\xFFb", 8, "a?b")
}

func TestUTF8(t *testing.T) {
	f := func(in string, cut bool, want string, was bool) {
		t.Helper()
		if got, valid := UTF8(in, cut); got != want || valid != was {
			t.Errorf("UTF8(%q, %v) = %q, %v; want %q, %v", in, cut, got, valid, want, was)
		}
	}
	f("", true, "", true)
	f("안녕", false, "안녕", true)
	f("안\xEB\x85", true, "안", true)
	f("안\xEB\x85", false, "안�", false)
	f("안\xF0\x9F\x99", true, "안", true)
	f("\xBE\xC8\xB3\xE7", false, "�ȳ�", false)
	f("\xBE\xC8\xB3\xE7", true, "�ȳ", false) // cut or not, it is not UTF-8
}

// TestAnythingIn: whatever bytes a client sends, what comes out is valid UTF-8, and ASCII stays as it is.
func TestAnythingIn(t *testing.T) {
	for _, name := range legacies {
		c := mustParse(t, name).Legacy
		rapid.Check(t, func(t *rapid.T) {
			in := string(rapid.SliceOfN(rapid.Byte(), 0, 1025).Draw(t, "in"))
			checkIn(t, c, in)
		})
	}
}

func checkIn(t rapid.TB, c *Charset, in string) {
	for _, cut := range []bool{false, true} {
		if got := c.Decode(in, cut); !utf8.ValidString(got) || isASCII(in) && got != in {
			t.Fatalf("Decode(%q, %v) = %q", in, cut, got)
		}
		if got, was := UTF8(in, cut); !utf8.ValidString(got) || was && !strings.HasPrefix(in, got) {
			t.Fatalf("UTF8(%q, %v) = %q, %v", in, cut, got, was)
		}
	}
}

// TestAnythingOut: what is sent never has more bytes than its field, no NUL that was not there, and reads back as the text
// or a beginning of it, with a ? in the place of each character that the charset lacks.
func TestAnythingOut(t *testing.T) {
	for _, name := range legacies {
		c := mustParse(t, name).Legacy
		rapid.Check(t, func(t *rapid.T) {
			text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("aé€안녕똠ソ中文Привет🙂\u0301\u110B\u1161\u11AB~\\¥"))),
				rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text")
			checkOut(t, c, text, rapid.IntRange(0, 40).Draw(t, "limit"))
		})
	}
}

func checkOut(t rapid.TB, c *Charset, text string, limit int) {
	out := c.Append(nil, text, limit)
	if len(out) > limit {
		t.Fatalf("%q takes %d bytes of %d", text, len(out), limit)
	}
	if strings.Count(string(out), "\x00") > strings.Count(text, "\x00") {
		t.Fatalf("%q gets a NUL: %q", text, out)
	}
	// One character at a time, each with all the room that it wants, must come to the same.
	var want []byte
	for _, r := range norm.NFC.String(text) {
		next := c.Append(nil, string(r), 8)
		if len(want)+len(next) > limit {
			break
		}
		if back := c.Decode(string(next), false); string(next) != "?" && strings.ContainsRune(back, utf8.RuneError) && r != utf8.RuneError {
			t.Fatalf("%q is written as % x, which means nothing", r, next)
		}
		want = append(want, next...)
	}
	if string(out) != string(want) {
		t.Fatalf("Append(%q, %d) = % x, want % x", text, limit, out, want)
	}
}

// TestRoundTrip: in CP949 every character that is not replaced comes back as itself.
func TestRoundTrip(t *testing.T) {
	c := mustParse(t, "cp949").Legacy
	for r := rune(1); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) || !norm.NFC.IsNormalString(string(r)) {
			continue
		}
		out := c.Append(nil, string(r), 8)
		if string(out) == "?" {
			continue
		}
		if back := c.Decode(string(out), true); back != string(r) {
			t.Errorf("%q is written as % x and read as %q", r, out, back)
		}
	}
}

func FuzzBorder(f *testing.F) {
	f.Add("\xBE\xC8\xB3\xE7", 4)
	f.Add("안녕🙂", 3)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		for _, name := range legacies {
			c := mustParse(t, name).Legacy
			checkIn(t, c, text)
			checkOut(t, c, text, limit&1023)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	c := mustParse(b, "cp949").Legacy
	var dst []byte
	for _, text := range []string{strings.Repeat("x", 64), strings.Repeat("안녕 ", 10)} {
		b.Run(fmt.Sprintf("%dB", len(text)), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				dst = c.Append(dst[:0], text, 1024)
			}
		})
	}
}
