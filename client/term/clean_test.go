package term

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	f("plain text, as most is", "plain text, as most is")
	f("grüße 世界 👩‍👩‍👧‍👦 🇩🇪 ❤️", "grüße 世界 👩‍👩‍👧‍👦 🇩🇪 ❤️")
	f("🏴\U000E0067\U000E0062\U000E007F", "🏴\U000E0067\U000E0062\U000E007F")
	f("\x1b[31mred\x1b]52;c;aGk=\x07", "�[31mred�]52;c;aGk=�")
	f("8-bit \u009b31m \u009d0;title\u009c", "8-bit �31m �0;title�")
	f("one\r\ntwo\tthree\u2028four", "one  two three four")
	f("\x00\x7f\b", "���")
	f("not utf-8: \xff\xfe", "not utf-8: ��")
	f("evil \u202Egnp.exe\u202C \u2066x\u2069 \u200F", "evil gnp.exe x ")
	f("\uFEFFhidden\U000E0001", "hidden")
	f("Z"+strings.Repeat("\u0335", 50)+"x", "Z"+strings.Repeat("\u0335", 4)+"x")
}

// Nothing that a terminal could obey is left, whatever comes in.
func FuzzClean(f *testing.F) {
	f.Add("\x1b]0;title\x07 \u202e text \xff")
	f.Fuzz(func(t *testing.T, in string) {
		out := clean(in)
		for _, r := range out {
			if r < ' ' || r >= 0x7f && r <= 0x9f || directional(r) {
				t.Fatalf("%q became %q", in, out)
			}
		}
		if clean(out) != out {
			t.Fatalf("%q is cleaned twice", in)
		}
	})
}
