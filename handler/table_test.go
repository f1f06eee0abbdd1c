package handler

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hubbub/codec"
	"hubbub/session"
)

// scripts returns the text of all scripts, without comments.
func scripts(t *testing.T) string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.chat")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var all strings.Builder
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "#") {
				all.WriteString(line)
			}
		}
	}
	return all.String()
}

// mentioned reports whether a packet is sent (>) or expected (<) in a script.
func mentioned(text, direction, name string) bool {
	return regexp.MustCompile(`(?m)^\S+ +` + direction + ` .*\b` + name + `\b`).MatchString(text)
}

func TestEveryPacketHasAHandlerAndAScript(t *testing.T) {
	text := scripts(t)
	for _, row := range codec.Table {
		if handled := handlers[row.Type] != nil; handled != (row.To&codec.ToServer != 0) {
			t.Errorf("%s goes to the %s, but that it has a handler is %t", row.Name, row.To, handled)
		}
		name := codec.Name(row.New())
		if row.To&codec.ToServer != 0 && !mentioned(text, ">", name) {
			t.Errorf("no script sends a %s", name)
		}
		if row.To == codec.ToClient && !mentioned(text, "<", name) {
			t.Errorf("no script expects a %s", name)
		}
	}
	for _, row := range codec.ClassicTable {
		if direction := map[codec.Direction]string{codec.ToServer: ">", codec.ToClient: "<"}[row.To]; !mentioned(text, direction, row.Name) {
			t.Errorf("no script has a line with %s %s", direction, row.Name)
		}
	}
}

// elsewhere are the reasons whose farewell no script can bring about.
var elsewhere = map[session.Reason]string{
	session.Overloaded:     "TestOverloadedWithoutAPause",
	session.ServerError:    "TestAPanicEndsItsSessionOnly",
	session.Kicked:         "TestBanEndsSessions", // of cmd/hubbub
	session.NameRegistered: "TestAddEndsTheGuest", // of cmd/hubbub
	session.MemoryBudget:   "TestHalfSentPackets", // of cmd/hubbub
}

func TestEveryFarewellHasAScript(t *testing.T) {
	text := scripts(t)
	for reason, code := range farewells {
		if code == codec.Success || elsewhere[session.Reason(reason)] != "" {
			continue
		}
		if !strings.Contains(text, "< SystemNotify code="+code.String()+" ") {
			t.Errorf("no script expects the farewell of %s", session.Reason(reason))
		}
	}
}

// Reasons that end a session and say nothing are the client's own doing.
func TestOnlyTheClientsOwnReasonsAreSilent(t *testing.T) {
	silent := map[session.Reason]bool{session.None: true, session.ClientClosed: true, session.ConnectionError: true, session.LoggedOut: true}
	for reason, code := range farewells {
		if why := session.Reason(reason); (code == codec.Success) != silent[why] {
			t.Errorf("%s has the farewell %s", why, code)
		}
	}
}
