package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hubbub/internal/pgtest"
)

// writeFile makes a file in a directory of the test's own.
func writeFile(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	rewrite(t, path, text)
	return path
}

// rewrite gives a file another text.
func rewrite(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestPasswordsAreNotPrinted: whatever the address of the database is like, and wherever it comes from, no command prints
// its password.
func TestPasswordsAreNotPrinted(t *testing.T) {
	t.Parallel()
	for u, url := range []string{
		"postgres://u:s3cret@127.0.0.1:1/chat", "postgres://u:s3cret/x@127.0.0.1:1/chat", "postgres://u:12/s3cret@127.0.0.1:1/chat",
		"postgres://127.0.0.1:1/chat?user=u&password=s3cret", "host=127.0.0.1 password=s3cret", "postgres://u:s3 cret@h/d",
	} {
		yaml, file := writeFile(t, "f.yaml", "database: '"+url+"'\n"), writeFile(t, "url", url+"\n")
		for f, from := range [][]string{{"--database=" + url}, {"--config", yaml}, {"--database-file", file}, {}, {url}, {"--auth", url}} {
			var env []string
			if len(from) == 0 {
				env = []string{"HUBBUB_DATABASE=" + url}
			}
			for c, command := range [][]string{{"serve", "--print-config"}, {"serve", "--listen", "127.0.0.1:0", "--admin", ""}, {"user", "list"}} {
				if raceEnabled && (u+f+c)%3 != 0 {
					continue // each two of the three together once: a program with the detector takes long to start
				}
				out := runUntil(t, "standing by", env, append(command, from...)...)
				if strings.Contains(out, "s3cret") || strings.Contains(out, "cret@") || strings.Contains(out, "s3 ") {
					t.Errorf("%s from %v: %v prints\n%s", url, from, command, out)
				}
			}
		}
	}
}

// runUntil runs the program to its end, which it is told to come to once it has written some words.
func runUntil(t *testing.T, words string, env []string, args ...string) (output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, quick, args...)
	cmd.Env = append(os.Environ(), env...)
	out := &untilWords{words: words, then: func() { _ = cmd.Process.Signal(syscall.SIGTERM) }}
	cmd.Stdout, cmd.Stderr = out, out
	_ = cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%v did not end:\n%s", args, out.text.String())
	}
	return out.text.String()
}

// untilWords is an output that does something once when words were written to it.
type untilWords struct {
	words string
	then  func()
	text  strings.Builder
}

func (u *untilWords) Write(p []byte) (int, error) {
	seen := strings.Contains(u.text.String(), u.words)
	u.text.Write(p)
	if !seen && strings.Contains(u.text.String(), u.words) {
		u.then()
	}
	return len(p), nil
}

// TestDatabaseFile: the database's address may be in a file, for every command and from every source of settings.
func TestDatabaseFile(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t).URL(t)
	hubbub(t, "correct horse\n", "user", "add", "alice", "--create", "--database-file", writeFile(t, "url", url+"\n"))
	for _, text := range []string{url, url + "\n", url + "\r\n", "\ufeff" + url + "\n"} {
		file := writeFile(t, "url", text)
		out, ok := run(t, nil, "user", "list", "--database-file", file)
		if !ok {
			t.Errorf("%q: %s", text, out)
		}
	}
	file := writeFile(t, "url", url+"\n")
	yaml := writeFile(t, "f.yaml", "database-file: "+file+"\n")
	if out, ok := run(t, nil, "user", "list", "--database", url); !ok || !strings.Contains(out, "alice") {
		t.Errorf("the account is not in the file's database: %s", out)
	}
	if out, ok := run(t, []string{"HUBBUB_DATABASE_FILE=" + file}, "user", "list"); !ok || !strings.Contains(out, "alice") {
		t.Errorf("from the environment: %s", out)
	}
	if out, ok := run(t, nil, "user", "list", "--config", yaml); !ok || !strings.Contains(out, "alice") {
		t.Errorf("from the settings file: %s", out)
	}
	p := serve(t, "--config", yaml, "--pprof", "--history", "async")
	if status, body := p.get("/debug/pprof/cmdline"); status != 200 || !strings.Contains(body, "async") {
		t.Errorf("cmdline: %d %q", status, body)
	}
	if err := os.WriteFile(file, []byte("postgres://u:s3cret@h/d"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Process.Signal(syscall.SIGHUP)
	p.logValue("settings reloaded")
	if log := p.tail(); !strings.Contains(log, `"need-restart":["--database: `) || strings.Contains(log, "s3cret") {
		t.Errorf("after SIGHUP:\n%s", log)
	}
	f := func(want string, args ...string) {
		t.Helper()
		for _, command := range [][]string{{"serve", "--admin", "", "--listen", "127.0.0.1:0"}, {"user", "list"}} {
			if out, ok := run(t, nil, append(command, args...)...); ok || !strings.Contains(out, want) || strings.Contains(out, "s3cret") {
				t.Errorf("%v %v: expected %q, got\n%s", command, args, want, out)
			}
		}
	}
	f("--database-file and --database (flag --database) are both given: leave one of them away", "--database-file", file, "--database", "sqlite")
	f("no such file", "--database-file", file+"x")
	f("is empty: it must have one line", "--database-file", writeFile(t, "url", "\n"))
	f("has more than one line", "--database-file", writeFile(t, "url", "postgres://u:s3cret@h/d\nx\n"))
	f("this is UTF-16", "--database-file", writeFile(t, "url", "\xff\xfep\x00"))
	if out, ok := run(t, []string{"HUBBUB_DATABASE=sqlite"}, "serve", "--print-config", "--config", yaml); ok || !strings.Contains(out, "(environment HUBBUB_DATABASE) are both given") {
		t.Errorf("both, from two sources: %s", out)
	}
}

// TestCmdlineHasNoPassword: what a flag says is visible to the machine, but not to whoever reaches the operators' port.
func TestCmdlineHasNoPassword(t *testing.T) {
	t.Parallel()
	p := serve(t, "--database", pgtest.Start(t).URL(t), "--pprof")
	if status, body := p.get("/debug/pprof/cmdline"); status != 200 || !strings.Contains(body, "postgres://hubbub:***@") || strings.Contains(body, "voices") {
		t.Errorf("cmdline: %d %q", status, body)
	}
	_ = p.cmd.Process.Signal(syscall.SIGHUP)
	if got := p.logValue("settings reloaded"); got != "" || strings.Contains(p.tail(), "--database") {
		t.Errorf("SIGHUP finds another database:\n%s", p.tail())
	}
}

// TestPasswordFileFromTheEnvironment: the client's password may be in a file that a variable names.
func TestPasswordFileFromTheEnvironment(t *testing.T) {
	t.Parallel()
	p := serve(t)
	file := writeFile(t, "password", "correct horse\n")
	if out, ok := run(t, []string{"HUBBUB_PASSWORD_FILE=" + file}, "chat", "--server", p.chat, "--user", "alice", "--register"); !ok {
		t.Errorf("it was not registered: %s", out)
	}
	if out, ok := run(t, []string{"HUBBUB_PASSWORD_FILE=" + file}, "chat", "--server", p.chat, "--user", "alice"); !ok {
		t.Errorf("it was not let in: %s", out)
	}
}

// TestSecretsEndBeforeTheLineEnd: what editors and shells put around a secret is no part of it, wherever it is read.
// Blanks are.
func TestSecretsEndBeforeTheLineEnd(t *testing.T) {
	t.Parallel()
	p := serve(t)
	chat := func(want string, env []string, args ...string) {
		t.Helper()
		out, ok := run(t, env, append([]string{"chat", "--server", p.chat, "--user", "alice"}, args...)...)
		if ok != (want == "") || !strings.Contains(out, want) {
			t.Errorf("%q %q: got %q, want %q", env, args, out, want)
		}
	}
	chat("", []string{"HUBBUB_PASSWORD= correct horse "}, "--register")
	for _, text := range []string{" correct horse ", " correct horse \n", " correct horse \r\n", " correct horse \n\n", "\ufeff correct horse ", "\ufeff correct horse \r\n"} {
		chat("", []string{"HUBBUB_PASSWORD=" + text})
		chat("", nil, "--password-file", writeFile(t, "password", text))
	}
	chat("", nil, "--password", " correct horse \r\n")
	chat("", []string{"HUBBUB_PASSWORD_FILE=" + writeFile(t, "password", "\ufeff correct horse \r\n")})
	chat("AUTH_FAILED", []string{"HUBBUB_PASSWORD=correct horse"}) // the blanks are part of it
	for _, empty := range []string{"", "\n", "\r\n", "\ufeff", "\ufeff\r\n"} {
		chat("HUBBUB_PASSWORD is set and empty", []string{"HUBBUB_PASSWORD=" + empty})
		chat("is empty: it must be the password", nil, "--password-file", writeFile(t, "password", empty))
	}
	chat("this is UTF-16", nil, "--password-file", writeFile(t, "password", "\xff\xfec\x00"))

	dir := t.TempDir()
	user := func(want, in string, env []string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), quick, append([]string{"user"}, args...)...)
		cmd.Stdin, cmd.Env = strings.NewReader(in), append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); (err == nil) != (want == "") || want != "" && !strings.Contains(string(out), want) {
			t.Errorf("%q %q %q: got %q, want %q", in, env, args, out, want)
		}
	}
	texts := []string{"correct horse", "correct horse\n", "correct horse\r\n", "\ufeffcorrect horse\r\n"}
	for i, text := range texts {
		user("", text, nil, "add", fmt.Sprint("user", i), "--create", "--data-dir", dir)
	}
	q := serve(t, "--data-dir", dir)
	for i, text := range texts {
		if out, ok := run(t, []string{"HUBBUB_PASSWORD=correct horse"}, "chat", "--server", q.chat, "--user", fmt.Sprint("user", i)); !ok {
			t.Errorf("%q: %s", text, out)
		}
	}
	q.stop()
	user("no password in its first line", "\ufeff\r\n", nil, "add", "bob", "--data-dir", dir)

	url := pgtest.Start(t).URL(t)
	user("", "correct horse", nil, "add", "alice", "--create", "--database", url)
	for _, text := range []string{url + "\n", url + "\r\n", "\ufeff" + url} {
		user("", "", []string{"HUBBUB_DATABASE=" + text}, "list")
		user("", "", nil, "list", "--database", text)
	}
	user("is empty but for line ends", "", []string{"HUBBUB_DATABASE=\r\n"}, "list")
}
