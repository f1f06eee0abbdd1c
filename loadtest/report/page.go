package report

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	labelWidth   = 13 // of the column on the left that says what a line is about
	defaultWidth = 80
	narrowest    = 40
	widest       = 100 // longer lines are tiring to read
	gap          = "  "
)

// style is how a piece of text stands out, as the parameters of ANSI's SGR.
type style string

const (
	plain style = ""
	bold  style = "1"
	dim   style = "2"
	good  style = "1;32" // green
	bad   style = "1;31" // red
)

// page collects the lines of a text for a terminal.
type page struct {
	out   strings.Builder
	width int
	color bool
}

// newPage returns a page of so many columns; 0 or less is what a terminal has by habit.
func newPage(width int, color bool) *page {
	if width <= 0 {
		width = defaultWidth
	}
	return &page{width: min(max(width, narrowest), widest), color: color}
}

func (p *page) writeTo(w io.Writer) error {
	_, err := io.WriteString(w, p.out.String())
	return err
}

// styled puts a text into a style, where there are any.
func (p *page) styled(s style, text string) string {
	if !p.color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func (p *page) line(text string) {
	p.out.WriteString(strings.TrimRight(text, " "))
	p.out.WriteByte('\n')
}

// gap leaves a line empty, but never two.
func (p *page) gap() {
	if so := p.out.String(); so != "" && !strings.HasSuffix(so, "\n\n") {
		p.out.WriteByte('\n')
	}
}

// say writes a label and a text beside it, in as many lines as it takes.
func (p *page) say(label string, s style, text string) { p.hang(pad(label, labelWidth), s, text) }

// hang writes a text behind a head that stands in its first line only.
func (p *page) hang(head string, s style, text string) {
	indent := utf8.RuneCountInString(head)
	for i, line := range wrap(text, p.width-indent) {
		if i > 0 {
			head = strings.Repeat(" ", indent)
		}
		p.line(head + p.styled(s, line))
	}
}

// wrap breaks a text between words, but not between a number and what it counts. What is longer than a line has a line
// for itself.
func wrap(text string, width int) []string {
	var lines []string
	line, word := "", ""
	for part := range strings.FieldsSeq(text) {
		if word != "" {
			word += " "
		}
		word += part
		if '0' <= part[0] && part[0] <= '9' && !strings.ContainsAny(part[len(part)-1:], ".,:;") {
			continue
		}
		lines, line = appendWord(lines, line, word, width)
		word = ""
	}
	if word != "" {
		lines, line = appendWord(lines, line, word, width)
	}
	return append(lines, line)
}

// appendWord puts a word at the end of a line, or where it doesn't fit, the line behind the lines and the word on a new
// one.
func appendWord(lines []string, line, word string, width int) ([]string, string) {
	switch {
	case line == "":
		return lines, word
	case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
		return append(lines, line), word
	}
	return lines, line + " " + word
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// table is cells in columns: the first one to the left, figures to the right, words behind the figures to the left.
type table struct {
	rows  [][]string // the first is the head
	words int        // how many columns at the end are words
	spare []string   // columns that are left out first where the page is narrow, by their heads
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// table writes t, its head in bold and rows that begin with a space dimmed.
func (p *page) table(t table) {
	widths := t.widths()
	for _, head := range t.spare {
		if total(widths) <= p.width {
			break
		}
		t.drop(head)
		widths = t.widths()
	}
	for i, row := range t.rows {
		line := ""
		for c, cell := range row {
			space := strings.Repeat(" ", widths[c]-utf8.RuneCountInString(cell))
			switch {
			case c == 0:
				line = cell + space
			case c >= len(t.rows[0])-t.words:
				line += gap + cell + space
			default:
				line += gap + space + cell
			}
		}
		line = strings.TrimRight(line, " ")
		switch {
		case i == 0:
			line = p.styled(bold, line)
		case strings.HasPrefix(line, " "):
			line = p.styled(dim, line)
		}
		p.line(line)
	}
}

// widths returns the columns' widths; the first one is that of the labels at least, so that things stand below each
// other, unless it is empty.
func (t *table) widths() []int {
	widths := make([]int, len(t.rows[0]))
	if t.rows[0][0] != "" {
		widths[0] = labelWidth - len(gap)
	}
	for _, row := range t.rows {
		for c, cell := range row {
			widths[c] = max(widths[c], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

func total(widths []int) int {
	n := -len(gap)
	for _, w := range widths {
		n += len(gap) + w
	}
	return n
}

func (t *table) drop(head string) {
	c := slices.Index(t.rows[0], head)
	if c < 0 {
		return
	}
	for i, row := range t.rows {
		t.rows[i] = slices.Delete(slices.Clone(row), c, c+1)
	}
}
