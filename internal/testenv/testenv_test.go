package testenv

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorder is a test that is told how it ends.
type recorder struct {
	testing.TB
	failed, skipped bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Fatalf(string, ...any) { r.failed = true; panic(r) }
func (r *recorder) Skipf(string, ...any)  { r.skipped = true; panic(r) }

// TestNotRun: what a machine lacks fails in CI only.
func TestNotRun(t *testing.T) {
	f := func(ci string, fails bool) {
		t.Helper()
		t.Setenv("CI", ci)
		r := &recorder{}
		func() {
			defer func() { recover() }()
			NotRun(r, "terminals", errors.New("no devpts"))
		}()
		if r.failed != fails || r.skipped == fails {
			t.Errorf("with CI=%q it failed: %t, was skipped: %t", ci, r.failed, r.skipped)
		}
	}
	f("", false)
	f("true", true)
	f("1", true)
}

// TestMissing: all that is missing is named in one sentence, with the command that helps.
func TestMissing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if err := os.WriteFile(filepath.Join(dir, "there"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := missing("there"); err != nil {
		t.Error(err)
	}
	const want = "these tests need absent-1 and absent-2, which this machine does not have: run `make deps` to install what tests need"
	if err := missing("absent-1", "there", "absent-2"); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestUnwatched: the Makefile names the same packages, so that what `make race` compiles is not compiled again for programs
// that tests build.
func TestUnwatched(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "\nUNWATCHED := " + strings.Join(Unwatched, " ") + "\n"; !strings.Contains(string(makefile), want) {
		t.Errorf("the Makefile does not say %q", want)
	}
}
