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
	f(" hello, all ", action{verb: say, text: "hello, all"})
	f("//me too", action{verb: say, text: "/me too"})
	f("/w bob hi  there", action{verb: whisper, to: "bob", text: "hi  there"})
	f("/whisper  bob  hi", action{verb: whisper, to: "bob", text: "hi"})
	f("/MSG bob hi", action{verb: whisper, to: "bob", text: "hi"})
	f("/r yes", action{verb: reply, text: "yes"})
	f("/history", action{verb: history, count: 20})
	f("/history 1000", action{verb: history, count: 1000})
	f("/history  bob", action{verb: history, to: "bob", count: 20})
	f("/history bob 5", action{verb: history, to: "bob", count: 5})
	f("/history 42 5", action{verb: history, to: "42", count: 5})
	f("/register", action{verb: register})
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
