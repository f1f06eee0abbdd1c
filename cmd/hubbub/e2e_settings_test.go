package main

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestNothingIsNoDirectory: a setting without a value makes no database anywhere.
func TestNothingIsNoDirectory(t *testing.T) {
	t.Parallel()
	yaml := writeFile(t, "f.yaml", "data-dir:\n")
	for _, command := range [][]string{{"serve", "--admin", "", "--listen", "127.0.0.1:0"}, {"user", "list"}} {
		f := func(want string, env []string, args ...string) {
			t.Helper()
			dir := t.TempDir()
			cmd := exec.CommandContext(t.Context(), quick, append(command, args...)...)
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
	t.Parallel()
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
	t.Parallel()
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

// TestPrintConfigRefusesWhatServeRefuses: settings with which no server would start are refused by --print-config in the same
// words, wherever they come from, and before anything is made or connected to.
func TestPrintConfigRefusesWhatServeRefuses(t *testing.T) {
	url := writeFile(t, "url", "postgres://u:p@h:x/d\n")
	yaml := writeFile(t, "f.yaml", "listen: \"9000\"\n")
	for _, test := range []struct {
		want string
		args []string
	}{
		{"this is no database that can be opened", []string{"--database", "mysql://h/d"}},
		{"this is no database that can be opened", []string{"--database", "hubbub.db"}},
		{"can't be understood", []string{"--database", "postgres://u:p/w@h/d"}},
		{"can't be understood", []string{"--database-file", url}},
		{"sslmode is invalid", []string{"--database", "postgres://h/d?sslmode=no"}},
		{"--print-config hides it", []string{"--database", "postgres://u:***@h/d"}},
		{`--listen "9000" can't be used: `, []string{"--listen", "9000"}},
		{`--listen "9000" can't be used: `, []string{"--config", yaml}},
		{`--listen ":65536" can't be used: `, []string{"--listen", ":65536"}},
		{`--listen ":chat!" can't be used: `, []string{"--listen", ":chat!"}},
		{`--listen "::1:9000" can't be used: `, []string{"--listen", "::1:9000"}},
		{`--listen "300.0.0.1:9000" can't be used: `, []string{"--listen", "300.0.0.1:9000"}},
		{`--listen "http://h:9000" can't be used: `, []string{"--listen", "http://h:9000"}},
		{`--admin "localhost" can't be used: `, []string{"--admin", "localhost"}},
		{`--admin "a b:9001" can't be used: `, []string{"--admin", "a b:9001"}},
		{"--listen and --admin must have different ports", []string{"--listen", ":9000", "--admin", "127.0.0.1:9000"}},
		{"--admin-hosts", []string{"--admin-hosts", "a:1"}},
	} {
		said := [2]string{}
		for i, command := range [][]string{{"serve"}, {"serve", "--print-config"}} {
			dir := t.TempDir()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			cmd := exec.CommandContext(ctx, quick, append(command, test.args...)...)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			cancel()
			if err == nil || !strings.Contains(string(out), test.want) {
				t.Errorf("%v %v: %v, expected %q, got\n%s", command, test.args, err, test.want, out)
			}
			if made, _ := os.ReadDir(dir); len(made) != 0 {
				t.Errorf("%v %v: it made %v", command, test.args, made)
			}
			said[i] = string(out)
		}
		if said[0] != said[1] {
			t.Errorf("%v: serve says\n%sand --print-config\n%s", test.args, said[0], said[1])
		}
	}
}
