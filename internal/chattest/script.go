package chattest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// script is a transcript, line by line.
type script struct {
	path  string
	lines []*line
	flags []string // --name=value
	kind  string   // the one kind of server that it is for; "" for all
}

// line is one line of a script. Empty lines and comments have no verb.
type line struct {
	number  int
	text    string // as it is in the file
	who     string
	verb    string
	rest    string
	comment string // at the end of the line, with the space before it
	// rewritten is what -update makes of the line, once fresh is set.
	rewritten []string
	fresh     bool
}

// verbs are what a line's second word may be.
var verbs = map[string]bool{
	">": true, "<": true, ".": true, "is": true, "closes": true, "half-closes": true, "resets": true,
	"stops": true, "reads": true, "repeats": true, "stop": true, "go": true, "prunes": true,
}

func load(path string) (*script, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &script{path: path}
	for i, text := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		l := &line{number: i + 1, text: text}
		s.lines = append(s.lines, l)
		if err := s.parse(l); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, l.number, err)
		}
	}
	if len(s.lines) == 0 || !strings.HasPrefix(s.lines[0].text, "# ") {
		return nil, fmt.Errorf("%s:1: a script opens with a sentence of what it decides", path)
	}
	return s, nil
}

// name is that of the file, without its end.
func (s *script) name() string { return strings.TrimSuffix(filepath.Base(s.path), ".chat") }

// runs reports whether the script is for this kind of server.
func (s *script) runs(kind string) bool { return s.kind == "" || s.kind == kind }

func (s *script) parse(l *line) error {
	code := uncomment(l.text)
	l.comment = l.text[len(code):]
	who, rest, _ := strings.Cut(strings.TrimSpace(code), " ")
	rest = strings.TrimSpace(rest)
	verb, more, _ := strings.Cut(rest, " ")
	switch {
	case who == "":
		return nil
	case who == "only":
		if s.kind != "" {
			return errors.New("a script can be for one kind of server, or for both")
		}
		s.kind = strings.TrimSuffix(verb, ":")
		if s.kind != Memory && s.kind != TCP || more == "" {
			return errors.New("say `only memory: reason` or `only tcp: reason`")
		}
		return nil
	case who == "server" && verb != "stops" && verb != "prunes":
		for _, flag := range strings.Fields(rest) {
			s.flags = append(s.flags, "--"+flag)
		}
		return nil
	case !verbs[verb]:
		return fmt.Errorf("%q is no verb; see internal/chattest/doc.go", verb)
	}
	l.who, l.verb, l.rest = who, verb, strings.TrimSpace(more)
	return nil
}

// uncomment returns a line up to its comment and the spaces before that. A # within quotes is no comment.
func uncomment(text string) string {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			if quoted, err := strconv.QuotedPrefix(text[i:]); err == nil {
				i += len(quoted) - 1
			}
		case '#':
			if i == 0 || text[i-1] == ' ' {
				return strings.TrimRight(text[:i], " ")
			}
		}
	}
	return text
}

// parts splits what is sent at " + " outside of quotes.
func parts(text string) []string {
	var out []string
	start := 0
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			if quoted, err := strconv.QuotedPrefix(text[i:]); err == nil {
				i += len(quoted) - 1
			}
		case strings.HasPrefix(text[i:], " + "):
			out = append(out, strings.TrimSpace(text[start:i]))
			start = i + 3
		}
	}
	return append(out, strings.TrimSpace(text[start:]))
}

// count takes an "x1000 " off the front. Without one it is 1; -1 is "x*".
func count(text string) (n int, rest string) {
	word, rest, _ := strings.Cut(text, " ")
	if digits, ok := strings.CutPrefix(word, "x"); ok {
		if digits == "*" {
			return -1, rest
		}
		if n, err := strconv.Atoi(digits); err == nil {
			return n, rest
		}
	}
	return 1, text
}

// save writes the script with what -update made of its lines.
func (s *script) save() error {
	var out []string
	for _, l := range s.lines {
		if l.fresh {
			out = append(out, l.rewritten...)
		} else {
			out = append(out, l.text)
		}
	}
	return os.WriteFile(s.path, []byte(strings.Join(out, "\n")+"\n"), 0o644)
}
