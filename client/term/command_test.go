package term

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	f := func(line string, want action) {
		t.Helper()
		got, err := parse(line)
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", line, got, err, want)
		}
	}
	f("", action{})
	f("   ", action{})
	f(" \t ", action{})
	f("hello, all", action{verb: say, text: "hello, all"})
	f("    x", action{verb: say, text: "    x"})
	f("\tx\t y  ", action{verb: say, text: "\tx\t y  "})
	f("\u00a0x", action{verb: say, text: "\u00a0x"})
	f(" /w bob hi", action{verb: say, text: " /w bob hi"})
	f(" /quit", action{verb: say, text: " /quit"})
	f(" //x", action{verb: say, text: " //x"})
	f("two\n  lines\n", action{verb: say, text: "two\n  lines\n"})
	f("//w bob hi", action{verb: say, text: "/w bob hi"})
	f("// x ", action{verb: say, text: "/ x "})
	f("///", action{verb: say, text: "//"})
	f("//me too", action{verb: say, text: "/me too"})
	f("/w bob hi  there", action{verb: whisper, to: "bob", text: "hi  there"})
	f("/whisper  bob  hi ", action{verb: whisper, to: "bob", text: " hi "})
	f("/w\tbob\thi", action{verb: whisper, to: "bob", text: "hi"})
	f("/w bob\n  one\n  two", action{verb: whisper, to: "bob", text: "  one\n  two"})
	f("/r   indented", action{verb: reply, text: "  indented"})
	f("/MSG bob hi", action{verb: whisper, to: "bob", text: "hi"})
	f("/r yes", action{verb: reply, text: "yes"})
	f("/history", action{verb: history, count: 20})
	f("/history 1000", action{verb: history, count: 1000})
	f("/history  bob", action{verb: history, to: "bob", count: 20})
	f("/history bob 5", action{verb: history, to: "bob", count: 5})
	f("/history 42 5", action{verb: history, to: "42", count: 5})
	f("/register", action{verb: register})
	f("/passwd", action{verb: passwd})
	f("/help", action{verb: help})
	f("/clear", action{verb: clearScreen})
	f("/q", action{verb: quit})

	fails := func(line, want string) {
		t.Helper()
		if _, err := parse(line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", line, err, want)
		}
	}
	fails("/w", "/w NAME TEXT")
	fails("/w bob", "/w NAME TEXT")
	fails("/w bob  ", "/w NAME TEXT")
	fails("/register hunter22", "type /register alone")
	fails("/passwd hunter22 hunter23", "type /passwd alone")
	fails("/register\nhunter22\nhunter22", "type /register alone")
	fails("/r ", "/r TEXT")
	fails("/history 0", "how many, 1 to 1000? /history [NAME] [N]")
	fails("/history 1001", "how many, 1 to 1000?")
	fails("/history bob carol", "/history [NAME] [N]")
	fails("/history bob 5 carol", "/history [NAME] [N]")
	fails("/me dances", "there is no command /me")
}

func TestHelpNamesEveryCommand(t *testing.T) {
	for _, c := range commands {
		if !strings.Contains(helpText(), c.usage) {
			t.Errorf("%s is missing", c.usage)
		}
	}
}

// Nothing of the help has scrolled away on the smallest screen that is usual.
func TestHelpFitsTheScreen(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.enter("/help")
	view := strip(s.View().Content)
	for _, line := range strings.Split(helpText(), "\n")[1:] {
		if !strings.Contains(view, "│ "+line) {
			t.Errorf("the screen does not have the line %q:\n%s", line, view)
		}
	}
	if !strings.Contains(view, "│ What you type") {
		t.Errorf("the screen does not have the first line:\n%s", view)
	}
}
