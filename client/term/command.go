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
	passwd
	help
	mouse
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
	{[]string{"r", "reply"}, reply, "/r TEXT", "answer the last whisper"},
	{[]string{"history"}, history, "/history [NAME] [N]", "show earlier messages or whispers"},
	{[]string{"register"}, register, "/register", "protect your name by a password"},
	{[]string{"passwd"}, passwd, "/passwd", "change your password"},
	{[]string{"mouse"}, mouse, "/mouse", "turn scrolling by mouse on or off"},
	{[]string{"clear"}, clearScreen, "/clear", "empty the screen"},
	{[]string{"help"}, help, "/help", "show this"},
	{[]string{"quit", "q", "exit"}, quit, "/quit", "leave"},
}

// blanks part a command from its name and a name from its text.
const blanks = " \t\n"

// parse reads a line of input, whose end is taken off already. Text is sent as it was typed. A line is a command only when
// its first character is a slash; two slashes begin a text with one. A line of blanks alone asks for nothing. The error
// tells the user what to type instead.
func parse(line string) (action, error) {
	switch {
	case strings.TrimSpace(line) == "":
		return action{}, nil
	case strings.HasPrefix(line, "//"):
		return action{verb: say, text: line[1:]}, nil
	case !strings.HasPrefix(line, "/"):
		return action{verb: say, text: line}, nil
	}
	name, rest := word(line[1:])
	for _, c := range commands {
		for _, known := range c.names {
			if strings.EqualFold(known, name) {
				return fill(c.verb, c.usage, rest)
			}
		}
	}
	return action{}, fmt.Errorf("there is no command /%s; /help lists them, and //%s says it as it is", name, name)
}

// word cuts the first word off a text, and the one blank behind it.
func word(text string) (first, rest string) {
	if at := strings.IndexAny(text, blanks); at >= 0 {
		return text[:at], text[at+1:]
	}
	return text, ""
}

// fill reads what stands behind a command. A text begins behind one blank and is kept as it is.
func fill(v verb, usage, rest string) (action, error) {
	switch v {
	case whisper:
		to, text := word(strings.TrimLeft(rest, blanks))
		if strings.TrimSpace(text) == "" {
			return action{}, errors.New("to whom, and what? " + usage)
		}
		return action{verb: whisper, to: to, text: text}, nil
	case reply:
		if strings.TrimSpace(rest) == "" {
			return action{}, errors.New("what? " + usage)
		}
	case history:
		return fillHistory(usage, strings.Fields(rest))
	case register, passwd:
		if strings.TrimSpace(rest) != "" { // it would be on the screen, and among the lines that come back
			return action{}, errors.New("type " + usage + " alone: it asks for the password and does not show it")
		}
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

// helpText is what /help shows. It fits a terminal of 80 by 24.
func helpText() string {
	var b strings.Builder
	b.WriteString("What you type goes to everybody, as it is. A command begins in the first column; // begins a text with one slash.\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-20s %s\n", c.usage, c.doc)
	}
	b.WriteString("Keys:\n" +
		"  Tab           complete a name or a command\n" +
		"  ↑ ↓           what you typed before\n" +
		"  Alt+Enter     begin another line of the message\n" +
		"  PgUp PgDn     scroll, as the mouse wheel does\n" +
		"  Esc           back to the latest\n" +
		"  Ctrl+C        quit at once and print unsent lines\n" +
		"  Shift+mouse   select text")
	return b.String()
}
