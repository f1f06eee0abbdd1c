package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hubbub/internal/pgtest"
)

// in runs the program in a directory, with an input, to its end.
func in(t *testing.T, dir, input string, args ...string) (out, notes string, ok bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), quick, args...)
	var errors strings.Builder
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, strings.NewReader(input), &errors
	printed, err := cmd.Output()
	return string(printed), errors.String(), err == nil
}

// userCommands are all that work on a database, with what they need.
var userCommands = [][]string{
	{"list"}, {"list", "--json"}, {"add", "alice"}, {"add", "alice", "--generate"}, {"passwd", "alice"}, {"ban", "alice"},
	{"unban", "alice"}, {"remove", "alice", "--yes"},
}

// TestUserCommandsMakeNoDatabase: in the wrong directory they say where they looked, and leave it as it was.
func TestUserCommandsMakeNoDatabase(t *testing.T) {
	f := func(what string, prepare func(data string)) {
		t.Helper()
		dir := t.TempDir()
		data := filepath.Join(dir, "data")
		prepare(data)
		before := listing(t, dir)
		for _, command := range userCommands {
			out, notes, ok := in(t, dir, "correct horse\n", append([]string{"user"}, command...)...)
			if want := filepath.Join(data, "hubbub.db"); ok || out != "" || !strings.Contains(notes, "there is no database of a server at "+want) {
				t.Errorf("%s: user %v: %t, %q, %s", what, command, ok, out, notes)
			}
			if after := listing(t, dir); after != before {
				t.Fatalf("%s: user %v leaves %s, there was %s", what, command, after, before)
			}
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	f("no directory", func(string) {})
	f("an empty directory", func(data string) { must(os.Mkdir(data, 0o700)) })
	f("an empty file", func(data string) {
		must(os.Mkdir(data, 0o700))
		must(os.WriteFile(filepath.Join(data, "hubbub.db"), nil, 0o600))
	})
}

// listing is what is in a directory, with its sizes.
func listing(t *testing.T, dir string) (found string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			found += path + " " + info.ModTime().String() + "\n"
		} else if err == nil {
			found += path + "\n"
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestUserAddCreates: with --create there is a database, and from then on without it too; each command says which it is.
func TestUserAddCreates(t *testing.T) {
	dir := t.TempDir()
	where := "database: " + filepath.Join(dir, "data", "hubbub.db") + "\n"
	for _, command := range [][]string{{"add", "alice", "--create"}, {"add", "bob"}, {"list"}, {"remove", "bob", "--yes"}} {
		if _, notes, ok := in(t, dir, "correct horse\n", append([]string{"user"}, command...)...); !ok || !strings.HasPrefix(notes, where) {
			t.Errorf("user %v: %s", command, notes)
		}
	}
}

// TestUserCommandsMakeNoTables: a PostgreSQL database that no server has used stays empty.
func TestUserCommandsMakeNoTables(t *testing.T) {
	pg := pgtest.Start(t)
	url := pg.URL(t)
	for _, command := range userCommands {
		out, notes, ok := in(t, t.TempDir(), "correct horse\n", append([]string{"user", "--database", url}, command...)...)
		if ok || out != "" || !strings.Contains(notes, "there is no database of a server at postgres") {
			t.Errorf("user %v: %t, %q, %s", command, ok, out, notes)
		}
	}
	// A server that comes now is the one that makes the tables.
	p := serve(t, "--database", url)
	p.logValue("migrating the database")
}
