package chattest

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"testing"
)

// The kinds of server that a script can run on.
const (
	Memory = "memory"
	TCP    = "tcp"
)

// only lists the scripts that don't run on both kinds of server, and the kind that they run on. The reason stands in the
// script's own `only` line. A script whose line is not confirmed here fails the test, so that none is left out unseen.
var only = map[string]string{
	"addresses":        TCP,
	"busy":             Memory,
	"classic_late":     Memory,
	"frozen":           Memory,
	"guessing":         Memory,
	"overloaded":       Memory,
	"pruned":           Memory,
	"shutdown_refuses": Memory,
	"unread_answers":   Memory,
}

// Scripts returns the paths of the directory's scripts that run on this kind of server.
func Scripts(t *testing.T, dir, kind string) []string {
	t.Helper()
	paths, err := scripts(dir, kind, only)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func scripts(dir, kind string, only map[string]string) (paths []string, err error) {
	all, err := filepath.Glob(filepath.Join(dir, "*.chat"))
	if err != nil || len(all) == 0 {
		return nil, fmt.Errorf("no scripts in %s: %v", dir, err)
	}
	unseen := maps.Clone(only)
	for _, path := range all {
		s, failure := load(path)
		if failure != nil {
			err = errors.Join(err, failure)
			continue
		}
		if listed := only[s.name()]; s.kind != listed {
			err = errors.Join(err, fmt.Errorf("%s is only for %q by its own line, and only for %q by the list in internal/chattest/scripts.go", path, s.kind, listed))
		}
		delete(unseen, s.name())
		if s.runs(kind) {
			paths = append(paths, path)
		}
	}
	for name := range unseen {
		err = errors.Join(err, fmt.Errorf("internal/chattest/scripts.go lists %s, and %s has no such script", name, dir))
	}
	return paths, err
}
