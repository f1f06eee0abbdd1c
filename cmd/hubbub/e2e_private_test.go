package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFilesWhateverTheUmask: the server's files are its user's alone though the umask would let everybody in, and those of
// an earlier release become so.
func TestFilesWhateverTheUmask(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	begin := func() *process {
		return start(t, exec.Command("sh", "-c", "umask 0; exec \"$0\" \"$@\"", binary, "serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
			"--log-format", "json", "--drain", "0s", "--data-dir", dir))
	}
	check := func() {
		t.Helper()
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, entry := range entries {
			found[entry.Name()] = true
			if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v (%v)", entry.Name(), info.Mode(), err)
			}
		}
		if !found["hubbub.db"] || !found["hubbub.lock"] {
			t.Errorf("there is only %v", found)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("the directory has mode %v (%v)", info.Mode(), err)
		}
	}
	p := begin()
	login(t, p.chat, "alice")
	check()
	p.stop()
	for _, name := range []string{"hubbub.db", "hubbub.lock"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p = begin()
	login(t, p.chat, "alice")
	check()
	p.stop()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	out, ok := run(t, nil, "serve", "--listen", "127.0.0.1:0", "--admin", "", "--data-dir", dir)
	if ok || !strings.Contains(out, "every user may write to the directory "+dir) {
		t.Errorf("it starts in a directory of everybody's:\n%s", out)
	}
	if err := os.Chmod(dir, 0o770); err != nil {
		t.Fatal(err)
	}
	p = begin()
	if log := p.tail(); !strings.Contains(log, "the data directory is shared") {
		t.Errorf("it does not say that its directory is a group's:\n%s", log)
	}
}
