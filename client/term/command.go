package term

import (
	"errors"
	"fmt"
	"strings"
)

// action is what a line of input asks for.
type action struct {
	verb verb
	to   string // whisper
	text string // say, whisper, reply
}

type verb uint8

const (
	nothing verb = iota
	say
	whisper
	reply
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
		return action{whisper, to, text}, nil
	case reply:
		if rest == "" {
			return action{}, errors.New("what? " + usage)
		}
	}
	return action{verb: v, text: rest}, nil
}

// helpText is what /help shows.
func helpText() string {
	var b strings.Builder
	b.WriteString("What you type goes to everybody; // begins it with one slash.\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-13s %s\n", c.usage, c.doc)
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
