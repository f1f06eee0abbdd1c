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
	for _, path := range chattest.Scripts(t, "testdata", chattest.Memory) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".chat"), func(t *testing.T) {
			chattest.RunMemory(t, path, *update)
		})
	}
}
