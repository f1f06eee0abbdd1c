package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hubbub/codec"
)

const root = "../.."

var update = flag.Bool("update", false, "rewrite docs/PROTOCOL.md")

func TestPageIsFresh(t *testing.T) {
	if *update {
		if err := rewrite(root); err != nil {
			t.Fatal(err)
		}
	}
	want, err := generate(filepath.Join(root, vectorsFile))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, pageFile))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: run go generate ./codec", pageFile)
	}
}

func TestEveryFieldHasAMeaning(t *testing.T) {
	used := map[string]bool{}
	check := func(m codec.Message) {
		for _, f := range codec.Fields(m) {
			own := codec.Name(m) + "." + f.Name
			if meaningOf(codec.Name(m), f.Name) == "" {
				t.Errorf("%s has no meaning", own)
			}
			if meanings[own] != "" {
				used[own] = true
			} else {
				used[f.Name] = true
			}
		}
	}
	for i := range codec.Table {
		check(codec.Table[i].New())
	}
	for i := range codec.ClassicTable {
		check(codec.ClassicTable[i].New())
	}
	for key := range meanings {
		if !used[key] {
			t.Errorf("no packet has the field %s", key)
		}
	}
}

// TestPageIsWhole: nothing of the tables is lost on the way, and no table row is broken by its content.
func TestPageIsWhole(t *testing.T) {
	page, err := generate(filepath.Join(root, vectorsFile))
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	contains := func(want string) {
		t.Helper()
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for i := range codec.Table {
		contains("\n### " + codec.Table[i].Name + " (")
		contains("\n```\n" + codec.Name(codec.Table[i].New()) + " ")
	}
	for i := range codec.ClassicTable {
		contains("\n### " + codec.ClassicTable[i].Name + " (")
		contains("\n```\n" + codec.ClassicTable[i].Name + " ")
	}
	for _, row := range codec.Codes {
		contains("| " + row.Name + " | " + row.Text + " |\n")
	}
	contains("| behind `user` | `password` | str |")
	contains("| 39 | `message` | char[1025] |")
	columns := 0
	for line := range strings.Lines(text) {
		n := strings.Count(line, "|")
		if line[0] == '|' && columns > 0 && n != columns {
			t.Errorf("a table row has %d columns instead of %d: %s", n-1, columns-1, line)
		}
		if columns = n; line[0] != '|' {
			columns = 0
		}
		if strings.HasPrefix(line, " \n") || strings.HasSuffix(line, " \n") {
			t.Errorf("a blank ends the line %q", line)
		}
	}
}

func TestGenerateNeedsTheVectors(t *testing.T) {
	if _, err := generate(filepath.Join(t.TempDir(), "none.txt")); err == nil {
		t.Error("a page without vectors")
	}
}
