package term

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hubbub/client"
)

const (
	family   = "👩‍👩‍👧‍👦"
	heart    = "❤️"
	scotland = "🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F"
)

// edited types the text before the bar with the cursor left at it, presses the keys, and shows the text with a bar where
// the cursor is.
func edited(text string, keys ...string) string {
	var e editor
	before, after, _ := strings.Cut(text, "|")
	e.set(before, after)
	for _, key := range keys {
		if !e.press(key) {
			e.insert(key)
		}
	}
	before, after = e.around()
	return before + "|" + after
}

// What looks like one character is moved over and removed as one.
func TestEditClusters(t *testing.T) {
	for _, c := range []string{
		"x", family, heart, scotland, "👩🏽‍⚕️", "1️⃣", "🇩🇪", "é", "e\u0301", "각", "क्षि", "ก็", "\U0001F44B\U0001F3FE", "🏳️‍🌈", "世", "\n", "\t",
	} {
		f := func(in string, want string, keys ...string) {
			t.Helper()
			in, want = strings.ReplaceAll(in, "C", c), strings.ReplaceAll(want, "C", c)
			if got := edited(in, keys...); got != want {
				t.Errorf("%+q: %q after %q: got %q, want %q", c, in, keys, got, want)
			}
		}
		f("aC|b", "a|b", "backspace")
		f("C|", "|", "backspace")
		f("a|Cb", "a|b", "delete")
		f("a|Cb", "aC|b", "right")
		f("aC|b", "a|Cb", "left")
		f("CC|", "C|C", "left")
		f("CC|", "CX|C", "left", "X")
		f("|CC", "CX|C", "right", "X")
		f("CCC|", "|", "ctrl+u")
		f("C|CC", "C|", "ctrl+k")
		f("C|C", "|CC", "home")
		f("C|C", "CC|", "end")
		f("a b|", "a bC|", c)
		if c != "\n" && c != "\t" {
			f("one C|", "one |", "ctrl+w")
			f("one CC |", "one |", "alt+backspace")
			f("one CC|", "one |CC", "alt+left")
			f("|CC two", "CC| two", "ctrl+right")
			f("|CC two", "| two", "alt+d")
		}
	}
}

// Parts that are typed, or brought together, become one character with the cursor behind it.
func TestEditJoins(t *testing.T) {
	f := func(want, in string, keys ...string) {
		t.Helper()
		if got := edited(in, keys...); got != want {
			t.Errorf("%q after %q: got %q, want %q", in, keys, got, want)
		}
	}
	f("|", "|", "👩", "\u200D", "👩", "\u200D", "👧", "\u200D", "👦", "backspace")
	f("❤️|x", "❤|️x")
	f("❤️|x", "❤|x", "\uFE0F")
	f("|x", "e|x", "\u0301", "backspace")
	f("e|", "e |\u0301", "backspace") // the accent stood on the blank
	f("🇩🇪|", "🇩|x🇪", "delete")
	f("|", "🇩x|🇪", "backspace", "backspace")
	f("a|", "a|", "delete")
	f("|a", "|a", "backspace", "left", "ctrl+left", "ctrl+w", "ctrl+u")
	f("a|", "a|", "right", "ctrl+right", "alt+d", "ctrl+k")
}

func TestTypeable(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := typeable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	f("one\r\ntwo\rthree\nfour\u0085", "one\ntwo\nthree\nfour\n")
	f("a\tb", "a\tb")
	f("\x1b[31mred\x00\x7f", "[31mred")
	f("\xff", "\uFFFD")
	f(family+heart+scotland, family+heart+scotland)
}

// A paste of several lines is one message with its lines, on its sender's screen too.
func TestPasteLines(t *testing.T) {
	s := newScreen(t, 72, 10)
	s.Update(tea.PasteMsg{Content: "func f() {\r\n\treturn\r\n}\r\n\r\n"})
	if len(s.sent) != 0 {
		t.Fatalf("the paste has sent %+v", s.sent)
	}
	s.shows(`
12:00            • │ You are alice at 127.0.0.1:9000. What you type goes
                   │ to everybody who is here; /help tells more.
────────────────────────────────────────────────────────────────────────
› func f() {↵ return↵}
● alice   127.0.0.1:9000   1.2 ms                                  /help
`)
	s.keys(tea.KeyPressMsg{Code: tea.KeyEnter})
	if len(s.sent) != 1 || s.sent[0].text != "func f() {\n\treturn\n}" {
		t.Fatalf("sent %+v", s.sent)
	}
	s.Update(sentMsg{})
	s.Update(eventsMsg{client.Message{ID: s.id(), User: "bob", Text: "one\ntwo\n\n\n\n\nthree\n"}})
	s.shows(`
             alice │ func f() {
                   │     return
                   │ }
               bob │ one
                   │ two
                   │
                   │ three
────────────────────────────────────────────────────────────────────────
› Say something, or /help
● alice   127.0.0.1:9000   1.2 ms                                  /help
`)
	for range 2 {
		s.keys(tea.KeyPressMsg{Code: 'x', Text: "x"}, tea.KeyPressMsg{Code: tea.KeyEnter, Mod: tea.ModAlt})
	}
	if s.input.value() != "x\nx\n" || len(s.sent) != 1 {
		t.Errorf("Alt+Enter made %q of it, and sent %d", s.input.value(), len(s.sent))
	}
}

// Whatever is pasted is sent whole or not at all, and stays to be mended when it is not.
func TestPasteTooLong(t *testing.T) {
	s := newScreen(t, 72, 12)
	long := strings.Repeat("0123456789", 260)
	s.Update(tea.PasteMsg{Content: long})
	if got := strip(s.rule()); !strings.Contains(got, "2,600 of 1,024 bytes") {
		t.Errorf("above the input is %s", got)
	}
	s.keys(tea.KeyPressMsg{Code: tea.KeyEnter})
	if len(s.sent) != 0 || s.input.value() != long {
		t.Fatalf("sent %d, and %d bytes are left to be mended", len(s.sent), len(s.input.value()))
	}
	if got := strip(s.View().Content); !strings.Contains(got, "a message has at most 1,024\n") || !strings.Contains(got, "this has 2,600 bytes") {
		t.Errorf("the screen is\n%s", got)
	}
	s.input.set("/w bob " + strings.Repeat("é", 512))
	s.keys(tea.KeyPressMsg{Code: 'x', Text: "x"}, tea.KeyPressMsg{Code: tea.KeyEnter})
	if len(s.sent) != 0 {
		t.Error("a whisper of 1025 bytes was sent")
	}
	s.keys(tea.KeyPressMsg{Code: tea.KeyBackspace}, tea.KeyPressMsg{Code: tea.KeyEnter})
	if len(s.sent) != 1 || len(s.sent[0].text) != 1024 {
		t.Errorf("sent %+v", s.sent)
	}
	s.Update(sentMsg{})
	s.limits = func() client.Limits { return client.Limits{} } // an older server tells none
	s.Update(tea.PasteMsg{Content: long})
	s.keys(tea.KeyPressMsg{Code: tea.KeyEnter})
	if len(s.sent) != 2 || s.sent[1].text != long {
		t.Errorf("sent %d", len(s.sent))
	}
	s.Update(tea.PasteMsg{Content: strings.Repeat("x", inputMax+1)})
	if got := strip(s.View().Content); s.input.value() != "" || !strings.Contains(got, "a line takes 65,535 bytes, and\n") {
		t.Errorf("%d bytes were taken, the screen is\n%s", len(s.input.value()), got)
	}
}
