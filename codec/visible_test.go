package codec

import (
	"strings"
	"testing"
	"unicode"
)

// ignorables are the ranges of Default_Ignorable_Code_Point in DerivedCoreProperties-15.0.0.txt, 4174 code points.
var ignorables = [][2]rune{
	{0xAD, 0xAD}, {0x34F, 0x34F}, {0x61C, 0x61C}, {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F},
	{0x202A, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0},
	{0xFFF0, 0xFFF8}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
}

func TestDefaultIgnorable(t *testing.T) {
	want := map[rune]bool{}
	for _, r := range ignorables {
		for c := r[0]; c <= r[1]; c++ {
			want[c] = true
		}
	}
	if len(want) != 4174 {
		t.Fatalf("%d code points, Unicode 15 has 4174", len(want))
	}
	for r := range unicode.MaxRune + 1 {
		if DefaultIgnorable(r) != want[r] {
			t.Errorf("%U: %t", r, DefaultIgnorable(r))
		}
	}
}

func TestBlank(t *testing.T) {
	f := func(text string, want bool) {
		t.Helper()
		if got := Blank(text); got != want {
			t.Errorf("%+q: %t", text, got)
		}
	}
	for r := range unicode.MaxRune + 1 {
		if !unicode.In(r, unicode.White_Space, unicode.Cc, unicode.Bidi_Control) && !DefaultIgnorable(r) {
			if common(r) && Invisible(r) {
				t.Errorf("%U is common and invisible", r)
			}
			continue
		}
		f(string(r), true)
		f(" \n"+string(r)+"\t"+string(r), true)
		f(string(r)+"x", false)
		f("é"+string(r), false)
	}
	f("", true)
	f("   ", true)
	f(strings.Repeat("\n", 1000), true)
	for _, hidden := range []string{"\u2800", "\u3164", "\u200B", "\uFFF9\uFFFB", "\U0001D159", "\U00013430", "\U00013441", "\U00016FE4",
		"\uFDD0", "\uFFFE", "\U0010FFFF", "\U000E0041", "\uFE0F", "\u2028"} {
		f(strings.Repeat(hidden+" ", 10), true)
	}
	for _, seen := range []string{"x", ".", "é", "́", "👩‍👩‍👧‍👦", "🏴\U000E0067\U000E0062\U000E007F", "⠁", "ㅤ.", "한", "\u0600", "\u110BD", "\uFFFD", "\uE0A0", "𓀀"} {
		f(seen, false)
		f("\u3164 "+seen+"\u2800", false)
	}
}

func BenchmarkBlank(b *testing.B) {
	for name, text := range map[string]string{"ascii": "hello, everybody", "han": "世界"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if Blank(text) {
					b.Fatal("blank")
				}
			}
		})
	}
}
