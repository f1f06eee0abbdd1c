package term

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

var noon = time.Date(2026, time.October, 9, 12, 0, 0, 0, time.UTC)

func newTranscript(width, height int) *transcript {
	return &transcript{theme: newTheme(unknown), width: width, height: height}
}

func (tr *transcript) hear(from, to int) {
	for i := from; i <= to; i++ {
		tr.add(&entry{kind: said, at: noon, who: "bob", text: fmt.Sprint("message ", i)})
	}
}

// bottomLine is the last line that is seen.
func (tr *transcript) bottomLine() string {
	lines := tr.window()
	return strip(lines[len(lines)-1])
}

func TestStickToBottom(t *testing.T) {
	tr := newTranscript(80, 10)
	tr.hear(1, 100)
	if got := tr.bottomLine(); !strings.HasSuffix(got, "message 100") {
		t.Errorf("at the bottom: %s", got)
	}
	tr.scroll(30)
	tr.hear(101, 150)
	if got := tr.bottomLine(); !strings.HasSuffix(got, "message 70") {
		t.Errorf("scrolled up: %s", got)
	}
	if tr.unread != 50 {
		t.Errorf("%d unread", tr.unread)
	}
	tr.scroll(10000)
	if got := strip(tr.window()[0]); !strings.HasSuffix(got, "message 1") {
		t.Errorf("at the top: %s", got)
	}
	tr.bottom()
	if got := tr.bottomLine(); !strings.HasSuffix(got, "message 150") || tr.unread != 0 {
		t.Errorf("back at the bottom: %s, %d unread", got, tr.unread)
	}
}

func TestTranscriptForgets(t *testing.T) {
	tr := newTranscript(80, 10)
	tr.hear(1, entriesMax)
	tr.scroll(entriesMax)
	tr.hear(1, 100)
	if len(tr.entries) != entriesMax || tr.total != entriesMax {
		t.Errorf("%d entries, %d lines", len(tr.entries), tr.total)
	}
	if got := len(tr.window()); got != 10 {
		t.Errorf("the window has %d lines", got)
	}
}

func TestResizeStaysInPlace(t *testing.T) {
	tr := newTranscript(80, 10)
	tr.hear(1, 100)
	tr.scroll(30)
	for _, width := range []int{20, 200, 30, 80} {
		tr.resize(width, 5, tr.theme)
		if got := tr.bottomLine(); !strings.Contains(got, "70") {
			t.Errorf("in %d columns the last line is %s", width, got)
		}
	}
}

// Whatever is said, no line is wider than the screen and nothing is lost.
func TestLinesFit(t *testing.T) {
	texts := []string{
		"", "short", strings.Repeat("word ", 60), strings.Repeat("x", 300), strings.Repeat("日本語", 60),
		strings.Repeat("👩‍👩‍👧‍👦", 40), "mixed 日本 and " + strings.Repeat("é", 90), "  leading spaces", "a b\n\nc",
	}
	names := []string{"bob", "a-name-of-thirty-two-bytes-in-all", "山田太郎"}
	for width := 24; width < 140; width += 3 {
		style := newTheme(dark)
		style.method = ansi.Method(width % 2)
		for _, text := range texts {
			for _, name := range names {
				e := &entry{kind: whispered, at: noon, who: name, text: text, state: failed, reason: "not sent: " + text}
				e.render(width, style)
				for _, line := range e.lines {
					if got := style.columns(line); got > width {
						t.Fatalf("%s, %q in %d columns: a line has %d: %q", name, text, width, got, strip(line))
					}
				}
				letters := strings.NewReplacer(" ", "", "\n", "", "┃", "", "┣", "").Replace(strip(strings.Join(e.lines, "")))
				if want := strings.NewReplacer(" ", "", "\n", "").Replace(text); !strings.Contains(letters, want) {
					t.Fatalf("%q in %d columns became %q", text, width, letters)
				}
			}
		}
	}
}

// No line of a text looks like a message of somebody else, where names stand before the text too, and where colours are
// not seen.
func TestForgedLines(t *testing.T) {
	for _, width := range []int{40, 63, 64, 100} {
		for _, victim := range []string{"carol", "carolina-with-a-long-name"} {
			honest := &entry{kind: said, at: noon, who: victim, text: "I owe you"}
			honest.render(width, newTheme(unknown))
			want := strip(honest.lines[0])
			forgeries := []string{"hi\n" + victim + ": I owe you", "hi\n" + strings.TrimLeft(want, " │├┃┣"), "hi\n" + want,
				"hi " + strings.Repeat("x", width) + " " + victim + ": I owe you"}
			for _, text := range forgeries {
				e := &entry{kind: said, at: noon, who: "mallory", text: cleanLines(text)}
				e.render(width, newTheme(unknown))
				for _, line := range e.lines[1:] {
					if strip(line) == want {
						t.Errorf("in %d columns %q of mallory looks as if %s had said it: %q", width, text, victim, want)
					}
				}
			}
		}
	}
}

func TestMentions(t *testing.T) {
	if !mentions("ΑΛΈΞΗΣ: γειά", "Αλέξης") || mentions("Αλέξηςα", "Αλέξης") {
		t.Error("a Greek name is not compared as the server does")
	}
	f := func(text string, want bool) {
		t.Helper()
		if got := mentions(text, "Al"); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
	f("al: hi", true)
	f("hi @AL!", true)
	f("also, al", true)
	f("also", false)
	f("general al3", false)
	f("", false)
}

func TestNamesKeepTheirColour(t *testing.T) {
	style := newTheme(dark)
	colours := map[string]bool{}
	for i := range 100 {
		name := fmt.Sprint("user", i)
		one, other := style.name(name).Render("x"), style.name(strings.ToUpper(name)).Render("x")
		if one != other {
			t.Errorf("%s has two colours", name)
		}
		colours[one] = true
	}
	if len(colours) != len(palette) {
		t.Errorf("100 names have %d colours, want %d", len(colours), len(palette))
	}
}
