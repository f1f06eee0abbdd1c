package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestBansAreTold: a banned user hears until when and why: on the screen that the ban ends, in a pipe, and at the next login,
// where the right password is given.
func TestBansAreTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, "--data-dir", dir)
	store := []string{"--data-dir", dir}
	user := func(input string, args ...string) {
		t.Helper()
		hubbub(t, input, append(append([]string{"user"}, args...), store...)...)
	}
	user("correct horse\n", "add", "mallory")
	user("correct horse\n", "add", "trudy")
	chat := func(name, password string) (string, bool) {
		t.Helper()
		return run(t, []string{"HUBBUB_PASSWORD=" + password}, "chat", "--server", p.chat, "--user", name)
	}
	mallory := openTerminal(t, "chat", "--user", "mallory", "--server", p.chat)
	mallory.shows("Password of mallory:")
	mallory.types("correct horse")
	mallory.press("Enter")
	mallory.shows("You are mallory")
	trudy := exec.CommandContext(t.Context(), binary, "chat", "--server", p.chat, "--user", "trudy", "--password", "correct horse", "--exit-after", "1h")
	var heard strings.Builder
	trudy.Stderr = &heard
	if err := trudy.Start(); err != nil {
		t.Fatal(err)
	}
	p.eventually(`hubbub_sessions{dialect="native",state="authenticated"}`, equal(2))
	user("", "ban", "mallory", "--for", "24h", "--reason", "spam")
	user("", "ban", "trudy", "--reason", "spam")
	mallory.shows("the server says: banned until 20")
	mallory.press("C-c")
	mallory.ends("1")
	_ = trudy.Wait()
	if got := heard.String(); !strings.Contains(got, "the server says: banned for good: spam\n") ||
		!strings.Contains(got, "the server closed the connection: banned for good: spam (KICKED)") {
		t.Errorf("the pipe's chat wrote\n%s", got)
	}
	told := regexp.MustCompile(`log in as mallory: banned until 20\d\d-\d\d-\d\d \d\d:\d\d UTC: spam \(PERMISSION_DENIED\)`)
	if out, ok := chat("mallory", "correct horse"); ok || !told.MatchString(out) {
		t.Errorf("the right password: %s", out)
	}
	if out, ok := chat("mallory", "battery staple"); ok || strings.Contains(out, "banned") || !strings.Contains(out, "AUTH_FAILED") {
		t.Errorf("a wrong password: %s", out)
	}
}

// TestThrottledLoginsAreTold: who has guessed too often reads how long to wait, for a name that is no account too.
func TestThrottledLoginsAreTold(t *testing.T) {
	t.Parallel()
	p := serve(t)
	told := regexp.MustCompile(`log in as nobody: too many logins or wrong passwords; again in \d+ s \(RATE_LIMITED\)`)
	var out string
	for range 20 { // each that is not throttled doubles the next wait, which becomes longer than a program takes to start
		out, _ = run(t, []string{"HUBBUB_PASSWORD=wrong password"}, "chat", "--server", p.chat, "--user", "nobody")
		if told.MatchString(out) {
			return
		}
		if !strings.Contains(out, "AUTH_FAILED") {
			break
		}
	}
	t.Errorf("the last attempt: %s", out)
}
