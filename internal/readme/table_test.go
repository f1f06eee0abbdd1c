package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPageIsFresh(t *testing.T) {
	got, err := os.ReadFile(filepath.Join("../..", page))
	if err != nil {
		t.Fatal(err)
	}
	want, err := refresh(got)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: run make gen", page)
	}
}

func TestRows(t *testing.T) {
	got, err := table()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		"| `--listen` | `HUBBUB_LISTEN` | `:9000` |  | Where chat clients connect",
		"| `--outbox-bytes` | `HUBBUB_OUTBOX_BYTES` | `1MiB` | yes | ",
		"| `--pprof` | `HUBBUB_PPROF` | `false` |  | ",
	} {
		if !strings.Contains(got, "\n"+row) {
			t.Errorf("no row begins with %q in\n%s", row, got)
		}
	}
	for line := range strings.Lines(got) {
		if cells := strings.Count(line, "|") - strings.Count(line, `\|`); cells != 6 {
			t.Errorf("a row has %d cells instead of 5: %s", cells-1, line)
		}
	}
	if strings.Contains(got, "--help") {
		t.Error("--help is no setting")
	}
}

func TestRefreshReplacesTheTableOnly(t *testing.T) {
	f := func(in, before, after string) {
		t.Helper()
		got, err := refresh([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if text := string(got); !strings.HasPrefix(text, before+begin+"| flag |") || !strings.HasSuffix(text, end+after) {
			t.Errorf("refresh(%q) = %q", in, text)
		}
		if bytes.Contains(got, []byte("stale")) {
			t.Errorf("refresh(%q) kept the old table", in)
		}
		again, err := refresh(got)
		if err != nil || !bytes.Equal(again, got) {
			t.Errorf("the second refresh(%q) changed something: %v", in, err)
		}
	}
	f(begin+end, "", "")
	f("a\n"+begin+"stale\n"+end+"z\n", "a\n", "z\n")
}

func TestRefreshNeedsItsPlace(t *testing.T) {
	f := func(in string) {
		t.Helper()
		if _, err := refresh([]byte(in)); err == nil {
			t.Errorf("refresh(%q) found a place for the table", in)
		}
	}
	f("")
	f("no table")
	f(begin)
	f(end + begin)
}
