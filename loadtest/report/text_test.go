package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite the texts of testdata to what is written now")

// golden holds a text against a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what is written now (rewrite it with -update):\n%s", path, got)
	}
}

func text(t *testing.T, r *Run, width int, color bool) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.Text(&out, width, color); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestText(t *testing.T) {
	for name, r := range map[string]*Run{"clean": cleanRun(), "failed": failedRun(), "ceiling": ceilingRun(), "early": earlyRun()} {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".txt", text(t, r, 80, false))
			golden(t, name+".60.txt", text(t, r, 60, false))
			golden(t, name+".color.txt", strings.ReplaceAll(text(t, r, 80, true), "\x1b", "␛"))
		})
	}
}

// TestTextFits: no line is longer than the terminal is wide, and styles change nothing but the looks.
func TestTextFits(t *testing.T) {
	for _, r := range []*Run{cleanRun(), failedRun(), ceilingRun(), earlyRun()} {
		for _, width := range []int{60, 72, 80, 200} {
			out := text(t, r, width, false)
			for line := range strings.Lines(out) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("%d columns on a terminal of %d: %s", n, width, line)
				}
			}
			if strings.Contains(out, "\x1b") {
				t.Error("without color there are escape sequences")
			}
		}
	}
}
