package chattest

import (
	"slices"
	"testing"

	"hubbub/codec"
)

func TestLines(t *testing.T) {
	f := func(text, who, verb, rest string) {
		t.Helper()
		var s script
		l := &line{text: text}
		if err := s.parse(l); err != nil || l.who != who || l.verb != verb || l.rest != rest {
			t.Errorf("%q is %q %q %q, %v", text, l.who, l.verb, l.rest, err)
		}
	}
	f(`alice > Ping ref=1`, "alice", ">", "Ping ref=1")
	f(`bob   .      # nothing`, "bob", ".", "")
	f(`bob > BroadcastRequest message="#1 # \" #" # a comment`, "bob", ">", `BroadcastRequest message="#1 # \" #"`)
	f(`server stops`, "server", "stops", "")
	f(`# alice > Ping`, "", "", "")
	f(``, "", "", "")
}

func TestWhatIsNoLine(t *testing.T) {
	f := func(text string) {
		t.Helper()
		if err := new(script).parse(&line{text: text}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	f(`alice sings`)
	f(`alice`)
	f(`only memory`)
	f(`only udp: reasons`)
}

func TestParts(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		if got := parts(text); !slices.Equal(got, want) {
			t.Errorf("%q falls into %q", text, got)
		}
	}
	f(`Ping ref=1`, `Ping ref=1`)
	f(`Ping ref=1 + hex 00 01 + Pong`, `Ping ref=1`, `hex 00 01`, `Pong`)
	f(`BroadcastRequest message="1 + 1" + Ping`, `BroadcastRequest message="1 + 1"`, `Ping`)
}

func TestCount(t *testing.T) {
	f := func(text string, n int, rest string) {
		t.Helper()
		if gotN, gotRest := count(text); gotN != n || gotRest != rest {
			t.Errorf("%q is %d times %q", text, gotN, gotRest)
		}
	}
	f("Ping ref=1", 1, "Ping ref=1")
	f("x12 Ping ref=1", 12, "Ping ref=1")
	f("x* Ping ref=1", -1, "Ping ref=1")
}

// What arrives must be what the script says, field for field, or the scripts would prove nothing.
func TestMatches(t *testing.T) {
	f := func(script string, want bool) {
		t.Helper()
		p, err := parsePattern(script)
		if err != nil {
			t.Fatal(err)
		}
		got := patternOf(codec.Native, codec.Native.Append(nil, &codec.BroadcastNotify{ID: 7, User: "bob", Message: "aaaa"}), p)
		if p.matches(got) != want {
			t.Errorf("%q matches %s: %t", script, got, !want)
		}
	}
	f(`BroadcastNotify id=7 user="bob" message="aaaa"`, true)
	f(`BroadcastNotify id=* user=* message="aa"*2`, true)
	f(`BroadcastNotify id=8 user="bob" message="aaaa"`, false)
	f(`BroadcastNotify id=* user="bob" message="aaa"`, false)
	f(`BroadcastNotify id=* user="bob"`, false)
	f(`BroadcastNotify id=* message="aaaa" user="bob"`, false)
	f(`WhisperNotify id=* user="bob" message="aaaa"`, false)
}

func TestShorten(t *testing.T) {
	p, err := parsePattern(`WhisperNotify id=1 user="bob" message="€"*341`)
	if err != nil {
		t.Fatal(err)
	}
	if want := `WhisperNotify id=1 user="bob" message="€"*341`; p.String() != want {
		t.Errorf("%s", p)
	}
}
