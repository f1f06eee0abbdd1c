package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestNothingIsNoDirectory: a setting without a value makes no database anywhere.
func TestNothingIsNoDirectory(t *testing.T) {
	yaml := writeFile(t, "f.yaml", "data-dir:\n")
	for _, command := range [][]string{{"serve", "--admin", "", "--listen", "127.0.0.1:0"}, {"user", "list"}} {
		f := func(want string, env []string, args ...string) {
			t.Helper()
			dir := t.TempDir()
			cmd := exec.CommandContext(t.Context(), binary, append(command, args...)...)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("%v %v %v: %v, expected %q, got\n%s", command, env, args, err, want, out)
			}
			if made, _ := os.ReadDir(dir); len(made) != 0 {
				t.Errorf("%v %v %v: it made %v", command, env, args, made)
			}
		}
		f(yaml+":1:1: data-dir: expected text, found nothing", nil, "--config", yaml)
		f("--data-dir must not be empty: name", nil, "--data-dir=")
		f("--data-dir must not be empty: name", []string{"HUBBUB_DATA_DIR="})
		f("is empty: name a file, or leave it away", nil, "--config", "")
		f("is empty: name a file, or leave it away", []string{"HUBBUB_CONFIG="})
		f("this is no database that can be opened", nil, "--database=")
	}
}

// TestNumbersAreDecimal: on the command line and in the environment 010 is as little 8 as in the file.
func TestNumbersAreDecimal(t *testing.T) {
	for flag, bad := range map[string][]string{
		"loops": {"010", "0x10", "1_0", "+1", "1.5", "", " 1", "1e1"}, "history-count": {"010", "0b1"}, "outbox-bytes": {"010MiB", "0x10", "", "-1", "1_0"},
		"drain": {"10", "", "1:30"}, "pprof": {"on", "", "maybe"},
	} {
		for _, value := range bad {
			if out, ok := run(t, nil, "serve", "--print-config", "--"+flag+"="+value); ok {
				t.Errorf("--%s=%q is taken:\n%s", flag, value, out)
			}
			if out, ok := run(t, []string{"HUBBUB_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_")) + "=" + value}, "serve", "--print-config"); ok {
				t.Errorf("%s=%q in the environment is taken:\n%s", flag, value, out)
			}
		}
	}
}

// TestPrintedConfigReadsBack: what --print-config prints is a file with the same settings.
func TestPrintedConfigReadsBack(t *testing.T) {
	comment := regexp.MustCompile(`(?m) *#.*$`)
	url := writeFile(t, "url", "postgres://u:s3cret@h/d\n")
	for _, args := range [][]string{
		{}, {"--data-dir", "010"}, {"--data-dir", "null", "--admin="}, {"--data-dir", `a "b" \c`, "--admin", "[::1]:9001", "--pprof"},
		{"--database", "none", "--admin-hosts", "*.a.b,::1", "--history", "off", "--loops", "3", "--history-age", "1h30m", "--outbox-bytes", "1048577", "--drain", "0"},
		{"--database-file", url}, {"--log-format", "json", "--listen", "0.0.0.0:1"},
	} {
		first, ok := run(t, nil, append([]string{"serve", "--print-config"}, args...)...)
		if !ok {
			t.Fatal(first)
		}
		again, ok := run(t, nil, "serve", "--print-config", "--config", writeFile(t, "f.yaml", first))
		if !ok || comment.ReplaceAllString(first, "") != comment.ReplaceAllString(again, "") {
			t.Errorf("%v: what is read back is\n%s\ninstead of\n%s", args, again, first)
		}
	}
	out, ok := run(t, []string{"HUBBUB_DATABASE=postgres://u:s3cret@h/d"}, "serve", "--print-config")
	if !ok || !strings.Contains(strings.Join(strings.Fields(out), " "), `database: "postgres://u:***@h/d" # environment HUBBUB_DATABASE; the password is left out`) {
		t.Errorf("a hidden password is printed as\n%s", out)
	}
	out, ok = run(t, nil, "serve", "--admin", "", "--listen", "127.0.0.1:0", "--config", writeFile(t, "f.yaml", out))
	if ok || !strings.Contains(out, "--print-config hides it") {
		t.Errorf("a hidden password is used:\n%s", out)
	}
}
