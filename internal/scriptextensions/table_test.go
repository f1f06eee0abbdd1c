package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unicode"
)

// The table in the tree is the one that the files give, and these are of the version that the names' other properties have.
func TestTableIsFresh(t *testing.T) {
	for _, file := range []string{extensions, aliases} {
		if of := version.FindStringSubmatch(file); of == nil || of[1] != unicode.Version {
			t.Errorf("a file is of %q, package unicode of %s: fetch the files of that version", of, unicode.Version)
		}
	}
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("../..", table))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is not what the files say: run go generate ./internal/scriptextensions", table)
	}
}

func TestParse(t *testing.T) {
	const names = "sc ; Arab ; Arabic\nsc ; Copt ; Coptic ; Qaac\n"
	got, err := parse("# a comment\n\n0700..0702 ; Copt # x\n0601 ; Copt Arab # y\n0602..0605  ; Arab Copt\n", names)
	if want := []span{{0x601, 0x605, "Arabic Coptic"}, {0x700, 0x702, "Coptic"}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v (%v), want %+v", got, err, want)
	}
	for _, bad := range []string{"0601 ; Latn", "0601", "06x1 ; Arab", "0601..x ; Arab", "0601 ; Arab ; Copt"} {
		if spans, err := parse(bad, names); err == nil {
			t.Errorf("%q: %+v", bad, spans)
		}
	}
	if spans, err := parse("0601 ; Arab", "gc ; Cc ; Control"); err == nil {
		t.Errorf("names of another property: %+v", spans)
	}
}
