package term

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
)

// kind is what an entry of the transcript is.
type kind uint8

const (
	said       kind = iota // somebody's broadcast
	ownSaid                // the user's
	whispered              // somebody's whisper
	ownWhisper             // the user's
	note                   // from this program or the server
	fault                  // what went wrong
	day                    // a new day begins
	parting                // a rule with a text
)

// state is how far an own message has come.
type state uint8

const (
	settled state = iota
	pending
	failed
)

// entry is one thing in the transcript. Its texts are clean.
type entry struct {
	kind   kind
	at     time.Time
	who    string // the other one, or the user in ownSaid
	text   string
	state  state
	reason string // what became of it, when failed
	named  bool   // it mentions the user
	timed  bool   // it shows the time: it is the first of its minute
	old    bool   // it was asked for with /history: it is no news

	lines []string // as it looks at the transcript's width
}

const (
	wideMin    = 64 // columns from which names have a column of their own
	nameColumn = 12 // "alice → you" fits
	clock      = "15:04"
)

// render lays the entry out in width columns.
func (e *entry) render(width int, t *theme) {
	switch e.kind {
	case day:
		e.lines = []string{ruled(width, e.at.Format("Monday, 2 January 2006"), t)}
		return
	case parting:
		e.lines = []string{ruled(width, e.text, t)}
		return
	}
	at := strings.Repeat(" ", len(clock))
	if e.timed {
		at = e.at.Format(clock)
	}
	label, style := e.label(t)
	bar, turn := t.quiet.Render("│"), t.quiet.Render("├")
	switch {
	case e.kind == whispered || e.kind == ownWhisper:
		bar, turn = t.whisper.Render("┃"), t.whisper.Render("┣")
	case e.named:
		bar, turn = t.mention.Render("┃"), t.mention.Render("┣")
	}
	first := t.quiet.Render(at) + " "
	next := strings.Repeat(" ", len(clock)+1)
	if width >= wideMin {
		next += strings.Repeat(" ", nameColumn+1)
	}
	if room := nameColumn - t.columns(label); width >= wideMin && room >= 0 {
		first += strings.Repeat(" ", room) + style.Render(label) + " " + bar + " "
	} else {
		// The label goes before the text, so that the bar stays where it is. The bar turns to it: a line of a text that
		// looks like a label has no such bar.
		label = shorten(label, (width-t.columns(next))*2/3, t)
		first += next[len(clock)+1:] + turn + " " + style.Render(label) + separator(e.kind)
	}
	e.lines = e.body(first, next+bar+" ", width, t)
}

// shorten cuts s to at most width columns.
func shorten(s string, width int, t *theme) string {
	if t.columns(s) <= width {
		return s
	}
	return t.method.Truncate(s, max(2, width), "…")
}

// separator stands between a label and its text.
func separator(k kind) string {
	if k == note || k == fault {
		return " "
	}
	return ": "
}

// label is what stands in front of the text, and how.
func (e *entry) label(t *theme) (string, lipgloss.Style) {
	switch e.kind {
	case said:
		return e.who, t.name(e.who)
	case ownSaid:
		return e.who, t.own
	case whispered:
		return e.who + " → you", t.whisper
	case ownWhisper:
		return "you → " + e.who, t.whisper
	case fault:
		return "✗", t.bad
	}
	return "•", t.quiet
}

// body wraps the text behind the first line's head and the next lines'.
func (e *entry) body(first, next string, width int, t *theme) []string {
	style := lipgloss.NewStyle()
	switch {
	case e.state == pending, e.kind == note:
		style = t.quiet
	case e.kind == fault:
		style = t.bad
	case e.kind == whispered || e.kind == ownWhisper:
		style = t.private
	}
	// The label may stand before the text: the first line then has less room than the others.
	room := max(1, width-t.columns(next))
	lead := max(0, t.columns(first)-t.columns(next))
	var lines []string
	for paragraph := range strings.SplitSeq(e.text, "\n") {
		for _, line := range wrap(paragraph, room, lead, t) {
			head := next
			if len(lines) == 0 {
				head = first
			}
			lines, lead = append(lines, head+style.Render(line)), 0
		}
	}
	if e.state == failed {
		for _, line := range wrap(e.reason, room, 0, t) {
			lines = append(lines, next+t.bad.Render(line))
		}
	}
	return lines
}

// wrap breaks text into lines of at most width columns, between words where it can. The first line has lead columns
// less.
func wrap(text string, width, lead int, t *theme) []string {
	if lead >= width {
		return append([]string{""}, wrap(text, width, 0, t)...)
	}
	// A run of no-break spaces holds the place of the lead: it is as wide and is not broken.
	const hold = "\u00a0"
	lines := strings.Split(t.method.Wrap(strings.Repeat(hold, lead)+text, width, ""), "\n")
	lines[0] = strings.TrimPrefix(lines[0], strings.Repeat(hold, lead))
	return lines
}

// ruled is a line across the screen with a text in it.
func ruled(width int, text string, t *theme) string {
	text = " " + text + " "
	side := max(0, width-t.columns(text)) / 2
	line := strings.Repeat("─", side) + text + strings.Repeat("─", max(0, width-side-t.columns(text)))
	return t.quiet.Render(t.method.Truncate(line, width, ""))
}

// mentions reports whether text has name as a word of its own.
func mentions(text, name string) bool {
	text, name = folded(text), folded(name)
	for from := 0; name != ""; {
		at := strings.Index(text[from:], name)
		if at < 0 {
			return false
		}
		at += from
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(name):])
		if !wordly(before) && !wordly(after) {
			return true
		}
		from = at + len(name)
	}
	return false
}

func wordly(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
