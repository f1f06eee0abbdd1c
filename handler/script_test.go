package handler_test

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"hubbub/internal/chattest"
)

var update = flag.Bool("update", false, "rewrite what the scripts expect to what arrived")

// TestScript runs the conversations of testdata in memory. server runs the same ones over TCP.
func TestScript(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.chat")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".chat"), func(t *testing.T) {
			chattest.RunMemory(t, path, *update)
		})
	}
}
