package term

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

func typed(in *input, text string) {
	for _, r := range text {
		in.update(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
}

func TestHistory(t *testing.T) {
	in := newInput()
	for _, line := range []string{"one", "two", "two", " "} {
		in.set(line)
		in.take()
	}
	in.set("draft")
	f := func(move func(), want string) {
		t.Helper()
		if move(); in.value() != want {
			t.Errorf("got %q, want %q", in.value(), want)
		}
	}
	f(in.older, "two")
	f(in.older, "one")
	f(in.older, "one")
	f(in.newer, "two")
	f(in.newer, "draft")
	f(in.newer, "draft")
}

func TestComplete(t *testing.T) {
	names := []string{"bob", "Barbara", "山田", "Αλέξης"}
	f := func(text string, presses int, want string) {
		t.Helper()
		in := newInput()
		typed(&in, text)
		for range max(presses, -presses) {
			in.complete(names, presses/max(presses, -presses))
		}
		if in.value() != want {
			t.Errorf("%q: got %q, want %q", text, in.value(), want)
		}
	}
	f("b", 1, "bob: ")
	f("b", 2, "Barbara: ")
	f("b", 3, "bob: ")
	f("b", -1, "Barbara: ")
	f("ask bA", 1, "ask Barbara ")
	f("ask @b", 1, "ask @bob ")
	f("山", 1, "山田: ")
	f("ΑΛΈΞΗΣ", 1, "Αλέξης: ")
	f("ＢＯ", 1, "bob: ")
	f("nobody", 1, "nobody")
	f("hello ", 1, "hello ")
	f("/w ", 1, "/w bob ")
	f("/w ba", 1, "/w Barbara ")
	f("/h", 1, "/history ")
	f("/h", 2, "/help ")
	f("/history b", 1, "/history bob ")
	f("/re", 2, "/register ")
	f("/wh", 1, "/whisper ")
}

// Typing on takes the completion as it is: the next Tab begins anew.
func TestCompleteTwice(t *testing.T) {
	in := newInput()
	typed(&in, "b")
	in.complete([]string{"bob", "bea"}, 1)
	typed(&in, "and be")
	in.complete([]string{"bob", "bea"}, 1)
	if want := "bob: and bea "; in.value() != want {
		t.Errorf("got %q, want %q", in.value(), want)
	}
}

// The cursor stands behind the columns of what was typed, and a long line is shown around it.
func TestInputView(t *testing.T) {
	in := newInput()
	style := newTheme(unknown)
	typed(&in, "日本")
	if line, column := in.view(20, style); column != 6 || strip(line) != "› 日本" {
		t.Errorf("got %q, cursor at %d", strip(line), column)
	}
	typed(&in, strings.Repeat("語x", 50))
	for _, width := range []int{1, 2, 3, 4, 5, 20, 33} {
		line, column := in.view(width, style)
		if got := lipgloss.Width(line); width > 4 && (got > width || column >= width) {
			t.Errorf("in %d columns: %q has %d, cursor at %d", width, strip(line), got, column)
		}
	}
	in.editor.at = 0
	if line, column := in.view(12, style); column != 2 || strip(line) != "› 日本語x語" {
		t.Errorf("at the start: %q, cursor at %d", strip(line), column)
	}
}
