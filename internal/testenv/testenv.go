package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// NotRun ends a test whose machine lacks something that `make deps` can't install. In CI that is a failure.
func NotRun(t testing.TB, lacks string, why error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("this machine has no %s (%v), and CI runs every test: give it to the machine", lacks, why)
	}
	t.Skipf("this machine has no %s: %v", lacks, why)
}

// Require ends the process unless the programs are installed. TestMain calls it before anything else.
func Require(programs ...string) {
	if err := missing(programs...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func missing(programs ...string) error {
	programs = slices.DeleteFunc(slices.Clone(programs), func(name string) bool {
		_, err := Find(name)
		return err == nil
	})
	if len(programs) == 0 {
		return nil
	}
	return fmt.Errorf("these tests need %s, which this machine does not have: run `make deps` to install what tests need",
		strings.Join(programs, " and "))
}

// Find returns the path of a program. Debian keeps PostgreSQL's out of PATH because there may be several versions: the
// newest one counts.
func Find(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err == nil {
		return filepath.EvalSymlinks(path)
	}
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + program); len(found) > 0 {
		return slices.Max(found), nil
	}
	return "", err
}
