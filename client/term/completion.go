package term

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// completion is a word that is being completed: pressing the key again offers the next candidate.
type completion struct {
	candidates []string // empty: nothing is being completed
	at         int
	head, tail string // the text around the word
}

func (c *completion) stop() { c.candidates = nil }

// next returns the text with the next candidate in place, and the cursor's place in runes. step is +1 or -1.
func (c *completion) next(before, after string, names []string, step int) (text string, cursor int) {
	if len(c.candidates) == 0 {
		c.begin(before, after, names)
		if len(c.candidates) == 0 {
			return before + after, utf8.RuneCountInString(before)
		}
		if step < 0 {
			c.at = len(c.candidates) - 1
		}
	} else {
		c.at = (c.at + step + len(c.candidates)) % len(c.candidates)
	}
	head := c.head + c.candidates[c.at]
	return head + c.tail, utf8.RuneCountInString(head)
}

func (c *completion) begin(before, after string, names []string) {
	start := strings.LastIndexByte(before, ' ') + 1
	word := before[start:]
	*c = completion{head: before[:start], tail: strings.TrimPrefix(after, " ")}
	switch {
	case start == 0 && strings.HasPrefix(word, "/"):
		for _, command := range commands {
			if at := slices.IndexFunc(command.names, func(name string) bool {
				return strings.HasPrefix(name, strings.ToLower(word[1:]))
			}); at >= 0 {
				c.candidates = append(c.candidates, "/"+command.names[at]+" ")
			}
		}
		return
	case word == "" && !strings.HasPrefix(before, "/"):
		return // a Tab behind nothing would only spray names
	}
	ending := " "
	if start == 0 {
		ending = ": " // a message that begins with a name speaks to it
	}
	at := strings.HasPrefix(word, "@")
	for _, name := range names {
		if hasPrefixFold(name, strings.TrimPrefix(word, "@")) {
			if at {
				name = "@" + name
			}
			c.candidates = append(c.candidates, name+ending)
		}
	}
}

func hasPrefixFold(s, prefix string) bool { return strings.HasPrefix(folded(s), folded(prefix)) }

// folded returns what a text is compared by where it is, or has, a user's name: what the server compares names by, full case
// folding and NFKC.
func folded(text string) string {
	if plain(text) {
		return strings.ToLower(text)
	}
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(text)))
}
