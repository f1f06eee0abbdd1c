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
	f("/w bob hi  there", action{whisper, "bob", "hi  there"})
	f("/whisper  bob  hi", action{whisper, "bob", "hi"})
	f("/MSG bob hi", action{whisper, "bob", "hi"})
	f("/r yes", action{verb: reply, text: "yes"})
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
	fails("/me dances", "there is no command /me")
}

func TestHelpNamesEveryCommand(t *testing.T) {
	for _, c := range commands {
		if !strings.Contains(helpText(), c.usage) {
			t.Errorf("%s is missing", c.usage)
		}
	}
}
