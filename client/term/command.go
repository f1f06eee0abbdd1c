package term

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// action is what a line of input asks for.
type action struct {
	verb  verb
	to    string // whisper; history: the other one, empty for everybody
	text  string // say, whisper, reply
	count int    // history
}

type verb uint8

const (
	nothing verb = iota
	say
	whisper
	reply
	history
	register
	help
	clearScreen
	quit
)

// commands are the slash commands. The first name is the one that help shows and completion offers.
var commands = []struct {
	names []string
	verb  verb
	usage string
	doc   string
}{
	{[]string{"w", "whisper", "msg"}, whisper, "/w NAME TEXT", "whisper to one person"},
	{[]string{"r", "reply"}, reply, "/r TEXT", "whisper back to the last who whispered to you"},
	{[]string{"history"}, history, "/history [NAME] [N]", "show the last that was said, or whispered with one"},
	{[]string{"register"}, register, "/register", "keep your name for you, with a password"},
	{[]string{"clear"}, clearScreen, "/clear", "empty the screen"},
	{[]string{"help"}, help, "/help", "show this"},
	{[]string{"quit", "q", "exit"}, quit, "/quit", "leave"},
}

// parse reads a line of input. The error tells the user what to type instead.
func parse(line string) (action, error) {
	text := strings.TrimSpace(line)
	if strings.HasPrefix(text, "//") {
		return action{verb: say, text: text[1:]}, nil
	}
	if !strings.HasPrefix(text, "/") {
		if text == "" {
			return action{}, nil
		}
		return action{verb: say, text: text}, nil
	}
	name, rest, _ := strings.Cut(text[1:], " ")
	rest = strings.TrimSpace(rest)
	for _, c := range commands {
		for _, known := range c.names {
			if strings.EqualFold(known, name) {
				return fill(c.verb, c.usage, rest)
			}
		}
	}
	return action{}, fmt.Errorf("there is no command /%s; /help lists them, and //%s says it as it is", name, name)
}

func fill(v verb, usage, rest string) (action, error) {
	switch v {
	case whisper:
		to, text, _ := strings.Cut(rest, " ")
		if text = strings.TrimSpace(text); text == "" {
			return action{}, errors.New("to whom, and what? " + usage)
		}
		return action{verb: whisper, to: to, text: text}, nil
	case reply:
		if rest == "" {
			return action{}, errors.New("what? " + usage)
		}
	case history:
		return fillHistory(usage, strings.Fields(rest))
	}
	return action{verb: v, text: rest}, nil
}

// fillHistory reads what may stand behind /history. A number that stands alone is how many.
func fillHistory(usage string, words []string) (action, error) {
	a := action{verb: history, count: pastDefault}
	if last := len(words) - 1; last >= 0 {
		if count, err := strconv.Atoi(words[last]); err == nil {
			a.count, words = count, words[:last]
		}
	}
	if len(words) > 1 || a.count < 1 || a.count > pastMax {
		return action{}, fmt.Errorf("with whom, and how many, 1 to %d? %s", pastMax, usage)
	}
	if len(words) == 1 {
		a.to = words[0]
	}
	return a, nil
}

// helpText is what /help shows.
func helpText() string {
	var b strings.Builder
	b.WriteString("What you type goes to everybody; // begins it with one slash.\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-20s %s\n", c.usage, c.doc)
	}
	b.WriteString("Keys:\n" +
		"  Tab           complete a name or a command\n" +
		"  ↑ ↓           what you typed before\n" +
		"  PgUp PgDn     scroll, as the mouse wheel does\n" +
		"  Esc           back to the latest\n" +
		"  Ctrl+C        leave\n" +
		"  Shift+mouse   select text")
	return b.String()
}
