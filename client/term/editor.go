package term

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// editor is a text that is typed, and the cursor's place in it. It moves and removes by grapheme cluster: what a reader
// takes for one character, such as a family emoji or a letter with its accents. A text may have several lines.
type editor struct {
	clusters []string
	at       int // how many clusters are before the cursor
}

// press does what an editing key says, and reports whether key is one.
func (e *editor) press(key string) bool {
	switch key {
	case "left", "ctrl+b":
		e.move(-1)
	case "right", "ctrl+f":
		e.move(+1)
	case "alt+left", "ctrl+left", "alt+b":
		e.at = e.word(-1)
	case "alt+right", "ctrl+right", "alt+f":
		e.at = e.word(+1)
	case "home", "ctrl+a":
		e.at = 0
	case "end", "ctrl+e":
		e.at = len(e.clusters)
	case "backspace", "ctrl+h", "shift+backspace":
		e.remove(e.at - 1)
	case "delete", "ctrl+d":
		e.remove(e.at + 1)
	case "alt+backspace", "ctrl+w", "ctrl+backspace":
		e.remove(e.word(-1))
	case "alt+delete", "alt+d", "ctrl+delete":
		e.remove(e.word(+1))
	case "ctrl+u":
		e.remove(0)
	case "ctrl+k":
		e.remove(len(e.clusters))
	default:
		return false
	}
	return true
}

func (e *editor) value() string { return strings.Join(e.clusters, "") }

// around returns what is before the cursor and what is behind it.
func (e *editor) around() (before, after string) {
	return strings.Join(e.clusters[:e.at], ""), strings.Join(e.clusters[e.at:], "")
}

// set replaces the text. Where before and after meet within a cluster, the cursor is behind it.
func (e *editor) set(before, after string) {
	e.clusters, e.at = e.clusters[:0], -1
	clusters := graphemes.FromString(before + after)
	for clusters.Next() {
		if e.at < 0 && clusters.Start() >= len(before) {
			e.at = len(e.clusters)
		}
		e.clusters = append(e.clusters, clusters.Value())
	}
	if e.at < 0 {
		e.at = len(e.clusters)
	}
}

func (e *editor) insert(text string) {
	before, after := e.around()
	e.set(before+text, after)
}

func (e *editor) move(by int) { e.at = max(0, min(e.at+by, len(e.clusters))) }

// remove takes out the clusters between the cursor and another place. What stood on both sides may become one cluster.
func (e *editor) remove(to int) {
	from, to := min(e.at, to), max(e.at, to)
	e.set(strings.Join(e.clusters[:max(0, from)], ""), strings.Join(e.clusters[min(to, len(e.clusters)):], ""))
}

// word returns the place behind the next word, or before the last one when step is -1.
func (e *editor) word(step int) int {
	at := e.at
	next := func() (cluster string, ok bool) {
		if i := at + min(step, 0); i >= 0 && i < len(e.clusters) {
			return e.clusters[i], true
		}
		return "", false
	}
	for _, blank := range []bool{true, false} {
		for c, ok := next(); ok && isBlank(c) == blank; c, ok = next() {
			at += step
		}
	}
	return at
}

func isBlank(cluster string) bool {
	r, _ := utf8.DecodeRuneInString(cluster)
	return unicode.IsSpace(r)
}

// typeable is text that was typed or pasted as it may be in a message: its lines end in line feeds, and of control
// characters only those and tabs are left.
func typeable(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, string(unicode.ReplacementChar)), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r', r == '\u0085':
			return '\n'
		case r != '\n' && r != '\t' && unicode.IsControl(r):
			return -1
		}
		return r
	}, text)
}
