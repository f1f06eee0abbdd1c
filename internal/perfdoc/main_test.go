package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPictures: every picture of the page is drawn, and every one that is drawn stands on the page.
func TestPictures(t *testing.T) {
	dir := filepath.Join("..", "..", folder)
	text, err := os.ReadFile(filepath.Join(dir, figures))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "PERFORMANCE.md"))
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := pictures(text)
	if err != nil {
		t.Fatal(err)
	}
	for name := range drawn {
		if !strings.Contains(string(page), "(performance/"+name+")") {
			t.Errorf("docs/PERFORMANCE.md does not show %s", name)
		}
	}
	for _, part := range strings.Split(string(page), "(performance/")[1:] {
		name, _, _ := strings.Cut(part, ")")
		if _, ok := drawn[name]; !ok && strings.HasSuffix(name, ".svg") {
			t.Errorf("docs/PERFORMANCE.md shows %s, which nothing draws", name)
		}
	}
}

func TestMistakesAreTold(t *testing.T) {
	f := func(want, text string) {
		t.Helper()
		if _, err := pictures([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q in it", err, want)
		}
	}
	f("bars for 2 series", "bars:\n  - {file: a.svg, series: [a, b], groups: [{name: x, bars: [[1]]}]}")
	f("value, least and greatest", "bars:\n  - {file: a.svg, series: [a], groups: [{name: x, bars: [[1, 2]]}]}")
	f("values for 2 places", "lines:\n  - {file: a.svg, at: [1, 2], series: [{name: x, values: [1]}]}")
	f("unit", "lines:\n  - {file: a.svg, at: [1], y: {unit: miles}}")
	f("scale", "lines:\n  - {file: a.svg, at: [1], x: {scale: steep}}")
	f("colour", "lines:\n  - {file: a.svg, colour: red}")
}
