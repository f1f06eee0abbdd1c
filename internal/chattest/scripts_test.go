package chattest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScriptsOfAKind: a script is taken for every kind of server, unless its own line and the list both say otherwise.
func TestScriptsOfAKind(t *testing.T) {
	dir := t.TempDir()
	for name, line := range map[string]string{
		"both": "", "calm": "only memory: its reason\n", "dial": "only tcp: its reason\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name+".chat"), []byte("# What it decides.\n"+line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := func(kind string, only map[string]string, want, refusal string) {
		t.Helper()
		paths, err := scripts(dir, kind, only)
		var names []string
		for _, path := range paths {
			names = append(names, strings.TrimSuffix(filepath.Base(path), ".chat"))
		}
		if got := strings.Join(names, " "); err == nil && got != want {
			t.Errorf("%s: got %q, want %q", kind, got, want)
		}
		if (err == nil) != (refusal == "") || !strings.Contains(fmt.Sprint(err), refusal) {
			t.Errorf("%s: the error is %v, want %q", kind, err, refusal)
		}
	}
	listed := map[string]string{"calm": Memory, "dial": TCP}
	f(Memory, listed, "both calm", "")
	f(TCP, listed, "both dial", "")
	f(TCP, map[string]string{"calm": Memory}, "", `dial.chat is only for "tcp" by its own line, and only for "" by the list`)
	f(TCP, map[string]string{"calm": TCP, "dial": TCP}, "", `calm.chat is only for "memory" by its own line, and only for "tcp"`)
	f(TCP, map[string]string{"both": TCP, "calm": Memory, "dial": TCP}, "", `both.chat is only for "" by its own line, and only for "tcp"`)
	f(TCP, map[string]string{"calm": Memory, "dial": TCP, "gone": TCP}, "", "lists gone, and")
	dir = t.TempDir()
	f(TCP, nil, "", "no scripts in")
}
