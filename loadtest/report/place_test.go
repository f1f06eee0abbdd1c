package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whether a report can be written is told before there is one, and what is there stays as it is.
func TestWritable(t *testing.T) {
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	old := filepath.Join(dir, "old.html")
	must(os.WriteFile(old, []byte("an earlier run's"), 0o600))
	must(os.Symlink(old, filepath.Join(dir, "link.html")))
	must(os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	f := func(path, want string) {
		t.Helper()
		if err := Writable(path); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	f(old, "")
	f(filepath.Join(dir, "link.html"), "")
	f(filepath.Join(dir, "new.html"), "")
	f(os.DevNull, "")
	f(dir, "it is a directory")
	f(filepath.Join(dir, "missing", "x.html"), "no such file or directory")
	f(filepath.Join(dir, "file", "x.html"), "not a directory")
	entries, err := os.ReadDir(dir)
	must(err)
	if text, err := os.ReadFile(old); err != nil || string(text) != "an earlier run's" || len(entries) != 3 {
		t.Errorf("it holds %q, %v; there are %v", text, err, entries)
	}
}
