package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hubbub/store"
)

// TestFilesAreTightened: what others may do with the files is taken from them, and what the owner may do stays.
func TestFilesAreTightened(t *testing.T) {
	d := sqlite(t)
	s := d.lead(t, nil)
	defer s.end()
	if err := s.Append(t.Context(), broadcasts(1, 3)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(d.dir)
	if err != nil || len(entries) < 4 {
		t.Fatalf("the directory has %v (%v)", entries, err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v (%v)", entry.Name(), info.Mode(), err)
		}
		if err := os.Chmod(filepath.Join(d.dir, entry.Name()), 0o664); err != nil {
			t.Fatal(err)
		}
	}
	d.open(t)
	for _, entry := range entries {
		if info, err := os.Stat(filepath.Join(d.dir, entry.Name())); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v now (%v)", entry.Name(), info.Mode(), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := d.tryLead(t, ctx, func(error) { cancel() }); err == nil {
		t.Error("a second server has the database")
	}
}

// TestOpenDirectory: a directory in which everybody may write is refused, with the way out, and nothing is made in it.
func TestOpenDirectory(t *testing.T) {
	for _, mode := range []os.FileMode{0o777, 0o777 | os.ModeSticky, 0o702, 0o707} {
		d := sqlite(t)
		if err := os.Chmod(d.dir, mode); err != nil {
			t.Fatal(err)
		}
		refuses(t, d, "every user may write to the directory "+d.dir, "run chmod o-w "+d.dir, "--data-dir "+filepath.Join(d.dir, "hubbub"))
		if entries, err := os.ReadDir(d.dir); err != nil || len(entries) != 0 {
			t.Errorf("%v (%v) is in it", entries, err)
		}
		d.dir = filepath.Join(d.dir, "hubbub")
		d.open(t)
		if info, err := os.Stat(d.dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("the way out has mode %v (%v)", info.Mode(), err)
		}
	}
	for mode, shared := range map[os.FileMode]bool{0o700: false, 0o755: false, 0o770: true, 0o775 | os.ModeSetgid: true} {
		d := sqlite(t)
		if err := os.Chmod(d.dir, mode); err != nil {
			t.Fatal(err)
		}
		d.open(t)
		if says := store.SharedDir(d.dir); (says != "") != shared || shared && !strings.Contains(says, "run chmod g-w "+d.dir) {
			t.Errorf("%v: %q", mode, says)
		}
	}
	if says := store.SharedDir(filepath.Join(t.TempDir(), "none")); says != "" {
		t.Errorf("no directory: %q", says)
	}
}
