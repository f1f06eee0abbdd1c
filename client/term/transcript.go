package term

import "time"

// entriesMax is how many entries the transcript keeps. The oldest go first.
const entriesMax = 5000

// transcript is what was said, laid out in lines, and the part of it that is seen. It sticks to the bottom unless it
// was scrolled up; then what is seen stays where it is while more arrives below.
type transcript struct {
	theme         *theme
	width, height int

	entries []*entry
	total   int // lines of all entries
	up      int // lines below the window
	unread  int // messages that came since the bottom was left
}

// add appends an entry. An own message is kept to be settled later.
func (tr *transcript) add(e *entry) {
	if n := len(tr.entries); n == 0 || !sameDay(tr.entries[n-1].at, e.at) {
		if e.kind != day && n > 0 {
			tr.add(&entry{kind: day, at: e.at})
		}
		e.timed = true
	} else {
		last := tr.entries[n-1]
		e.timed = last.at.Format(clock) != e.at.Format(clock) || last.kind == day || last.kind == parting
	}
	e.render(tr.width, tr.theme)
	tr.entries = append(tr.entries, e)
	tr.grow(len(e.lines))
	if tr.up > 0 && (e.kind == said || e.kind == whispered) && !e.old {
		tr.unread++
	}
	if len(tr.entries) > entriesMax {
		tr.total -= len(tr.entries[0].lines)
		tr.entries[0] = nil
		tr.entries = tr.entries[1:]
		tr.scroll(0)
	}
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

// grow notes that lines were added at the bottom.
func (tr *transcript) grow(lines int) {
	tr.total += lines
	if tr.up > 0 {
		tr.up += lines
	}
}

// changed lays an entry out again after its state has changed.
func (tr *transcript) changed(e *entry) {
	before := len(e.lines)
	e.render(tr.width, tr.theme)
	tr.grow(len(e.lines) - before)
	tr.scroll(0)
}

// resize lays everything out for another size or theme. The bottom line that is seen stays about where it is.
func (tr *transcript) resize(width, height int, t *theme) {
	below := tr.entriesBelow()
	tr.width, tr.height, tr.theme = width, height, t
	tr.total, tr.up = 0, 0
	for i, e := range tr.entries {
		e.render(width, t)
		tr.total += len(e.lines)
		if i >= len(tr.entries)-below {
			tr.up += len(e.lines)
		}
	}
	tr.scroll(0)
}

// entriesBelow counts the entries that lie wholly below the window.
func (tr *transcript) entriesBelow() int {
	n, lines := 0, 0
	for i := len(tr.entries) - 1; i >= 0; i-- {
		if lines += len(tr.entries[i].lines); lines > tr.up {
			break
		}
		n++
	}
	return n
}

// scroll moves the window up by so many lines, or down when negative.
func (tr *transcript) scroll(lines int) {
	tr.up = max(0, min(tr.up+lines, tr.total-tr.height))
	if tr.up == 0 {
		tr.unread = 0
	}
}

func (tr *transcript) bottom() { tr.scroll(-tr.up) }

func (tr *transcript) clear() {
	tr.entries, tr.total, tr.up, tr.unread = nil, 0, 0, 0
}

// window returns the lines that are seen, from the bottom of the screen: there are fewer than height when there is not
// more to show.
func (tr *transcript) window() []string {
	want := min(tr.height, tr.total)
	lines := make([]string, want)
	at := want + tr.up // where the last line goes; lines at want and beyond are below the window
	for i := len(tr.entries) - 1; i >= 0 && at > 0; i-- {
		e := tr.entries[i]
		for j := len(e.lines) - 1; j >= 0 && at > 0; j-- {
			if at--; at < want {
				lines[at] = e.lines[j]
			}
		}
	}
	return lines
}
