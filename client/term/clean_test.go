package term

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
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
	f("\x1b[31mred\x1b]52;c;aGk=\x07", "�[31mred�]52;c;aGk=�")
	f("8-bit \u009b31m \u009d0;title\u009c", "8-bit �31m �0;title�")
	f("one\r\ntwo\tthree\u2028four", "one  two three four")
	f("\x00\x7f\b", "���")
	f("not utf-8: \xff\xfe", "not utf-8: ��")
	f("evil \u202Egnp.exe\u202C \u2066x\u2069 \u200F", "evil gnp.exe x ")
	f("\uFEFFhidden\U000E0001", "hidden")
	f("a\u061Cb\u200Bc\u206Ad\uFFF9e\uFFFAf\uFFFBg\U0001D173h\u00ADi\u2060j\u3164k\uFFA0l\u034Fm\u180En", "abcdefghijklmn")
	f("tags \U000E0001\U000E0068\U000E0069\U000E007F.", "tags .")
	f("noncharacters \uFDD0\uFFFE\U0010FFFF.", "noncharacters .")
	f("\u0600 is seen, \u2800 takes a column", "\u0600 is seen, \u2800 takes a column")
	f("Z"+strings.Repeat("\u0335\u200B", 50)+"x", "Z"+strings.Repeat("\u0335", 4)+"x")
	f("Z"+strings.Repeat("\u0335", 50)+"x", "Z"+strings.Repeat("\u0335", 4)+"x")
}

// What belongs to an emoji, or chooses the shape of a letter, stays; the same characters elsewhere go.
func TestCleanShaping(t *testing.T) {
	for _, whole := range []string{
		"👩‍👩‍👧‍👦", "👩🏽‍⚕️", "🏳️‍🌈", "🏴‍☠️", "❤️‍🔥", "❤️", "☺︎", "1️⃣", "#️⃣", "*️⃣", "🇩🇪", "👁️‍🗨️", "🐻‍❄️", "🧑🏻‍❤️‍💋‍🧑🏿", "🏃‍♀️‍➡️", "ℹ️", "©️", "〰️", "㊗️",
		"🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F",
		"🏴\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073\U000E007F", "🏴\U000E0075\U000E0073\U000E0074\U000E0078\U000E007F",
		"می\u200Cخواهم", "ක්\u200Dෂ", "क्\u200Dष", "葛\U000E0100", "ᠮ\u180Bᠤ",
		"کتابِ\u200Cخوب", "لله\u064E\u200Dا", // behind a mark that every script has
	} {
		for _, text := range []string{whole, "a" + whole + "b", whole + whole, whole + "\n" + whole} {
			if got := cleanLines(text); got != text {
				t.Errorf("%s: %+q became %+q", whole, text, got)
			}
		}
	}
	f := func(in, want string) {
		t.Helper()
		if got := clean(in); got != want {
			t.Errorf("%+q: got %+q, want %+q", in, got, want)
		}
	}
	f("pass\u200Dword \u200Cx\uFE0F 1\uFE0F 😀\u200Dx \u200D😀", "password x 1 😀x 😀")
	f("❤\uFE0F\uFE0F\uFE00\U000E0100\u200D\u200D🔥", "❤\uFE0F🔥")
	f("😀\U000E0100\U000E0101\U000E01EF hidden bytes", "😀 hidden bytes")
	f("🏴\U000E0067\U000E0062", "🏴")
	f("🏴\U000E0067\U000E0062\u200B\U000E007F", "🏴")
	f("🏴"+strings.Repeat("\U000E0061", 7)+"\U000E007F", "🏴")
	f("🏴\U000E007F", "🏴")
	f("x\u180Bᠤ 1\u180D", "xᠤ 1")
	f("😀\U000E0067\U000E0062\U000E007F", "😀")
	f("e\u0301\u200C\u180B", "e\u0301") // a variation selector is a mark of a cursive script, and no letter
	f("क्\u200D\u17B4", "क्")           // as Khmer's invisible vowels are
}

func TestCleanLines(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := cleanLines(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	f("plain", "plain")
	f("  indented\n\tcode\n    more  ", "  indented\n    code\n    more  ")
	f("one\r\ntwo\rthree\u2028four\u0085five", "one\ntwo\nthree\nfour\nfive")
	f("\n\n a\n\n \n\u200B\n\u2800\nb\n\n", " a\n\nb")
	f("x"+strings.Repeat("\n", 1000)+"y", "x\n\ny")
	f(strings.Repeat("\n", 1000), "")
	f("a\x1b[2J\nb", "a�[2J\nb")
}

// Nothing that a terminal could obey is left, whatever comes in.
func FuzzClean(f *testing.F) {
	f.Add("\x1b]0;title\x07 \u202e text \xff")
	f.Fuzz(func(t *testing.T, in string) {
		checkCleaned(t, in)
	})
}

func TestCleanAnything(t *testing.T) {
	pieces := []string{"a", "1", " ", "\n", "\r", "\t", "\x1b", "\u200B", "\u200C", "\u200D", "\uFE0E", "\uFE0F", "\u20E3", "\u0301", "\u0335",
		"😀", "❤", "🏴", "🏽", "🇩", "\U000E0061", "\U000E007F", "\U000E0100", "葛", "ی", "क", "्", "ᠮ", "\u180B", "\u17B4", "\u202E", "\u3164", "\u2800", "\xff"}
	rapid.Check(t, func(t *rapid.T) {
		checkCleaned(t, strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "pieces"), ""))
	})
}

func checkCleaned(t interface{ Fatalf(string, ...any) }, in string) {
	for _, how := range []func(string) string{clean, cleanLines} {
		out := how(in)
		for i, r := range out {
			switch {
			case r == '\n' && i > 0 && how("a\nb") == "a\nb": // a message's lines
			case r < ' ', r >= 0x7f && r <= 0x9f, unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp):
				t.Fatalf("%+q became %+q", in, out)
			case i == 0 && hidden(r):
				t.Fatalf("%+q became %+q", in, out)
			}
		}
		if again := how(out); again != out {
			t.Fatalf("%+q is %+q, and cleaned once more %+q", in, out, again)
		}
	}
}
