package report

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	for _, r := range []*Run{cleanRun(), failedRun(), ceilingRun()} {
		if err := r.WriteFile(path); err != nil {
			t.Fatal(err)
		}
		back, err := ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if text(t, back, 80, false) != text(t, r, 80, false) || !reflect.DeepEqual(back.Series[9].Totals, r.Series[9].Totals) {
			t.Error("a report does not come back as it was")
		}
	}
	if beside, _ := filepath.Glob(path + ".*"); len(beside) > 0 {
		t.Errorf("left behind: %v", beside)
	}
}

// TestFileWhole: a report that can't be written leaves the earlier one and nothing else.
func TestFileWhole(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "run.json"), filepath.Join(dir, "link.json")
	if err := cleanRun().WriteFile(path); err != nil {
		t.Fatal(err)
	}
	r := cleanRun()
	r.Seconds = math.NaN()
	if err := r.WriteFile(path); err == nil || !strings.Contains(err.Error(), "can't write "+path) {
		t.Errorf("a report that JSON has no form for: %v", err)
	}
	if back, err := ReadFile(path); err != nil || back.Seconds != 65.2 {
		t.Errorf("the earlier report is gone: %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	r.Seconds = 3
	if err := r.WriteFile(link); err != nil {
		t.Fatal(err)
	}
	if back, err := ReadFile(path); err != nil || back.Seconds != 3 {
		t.Errorf("through a link: %v", err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is none any more: %v", err)
	}
	err := r.WriteFile(filepath.Join(dir, "none", "run.json"))
	if want := "can't write " + dir + "/none/run.json: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestFilePipe: a pipe, as in --json >(jq), gets the report; nothing is put in its place.
func TestFilePipe(t *testing.T) {
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() {
		err := cleanRun().WriteFile(fmt.Sprintf("/dev/fd/%d", in.Fd()))
		written <- errors.Join(err, in.Close())
	}()
	text, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if r, err := parse(text); err != nil || r.Load.Name != "lobby" {
		t.Errorf("from the pipe: %v", err)
	}
}

func TestFileOddSamples(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	r := cleanRun()
	r.Server.After = map[string]float64{"empty": math.NaN(), "endless": math.Inf(1), "sent": 2}
	if err := r.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	back, err := ReadFile(path)
	if err != nil || !reflect.DeepEqual(back.Server.After, map[string]float64{"sent": 2}) || len(r.Server.After) != 3 {
		t.Errorf("%v: %v", back, err)
	}
}

func TestReadFileErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	for content, want := range map[string]string{
		`{"format": 2, "environment": {"version": "9.1"}}`: "is a report of format 2, and this version knows formats up to 1; read it with the one that wrote it (9.1) or a newer one",
		`{"format": 1, "seconds": "long"}`:                 "is no report of `hubbub loadtest --json`: json: cannot unmarshal",
		`{"name": "other"}`:                                "is JSON but no report of `hubbub loadtest`: it has no format",
		`null`:                                             "it has no format",
		`{"format": 1, "sec`:                               "or only a part of one: byte 18",
		``:                                                 "or only a part of one: byte 0",
		"latency  p50":                                     "or only a part of one: byte 1",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := ReadFile(path); r != nil || err == nil || !strings.Contains(err.Error(), path+" ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", content, err, want)
		}
	}
	if _, err := ReadFile(path + "x"); err == nil || !strings.Contains(err.Error(), path+"x: no such file") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// readLog returns the intervals of an HdrHistogram log.
func readLog(t *testing.T, path string) (spans []*hdrhistogram.Histogram) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	log := hdrhistogram.NewHistogramLogReader(f)
	for {
		h, err := log.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			return spans
		}
		spans = append(spans, h)
	}
}

func TestWriteHDR(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.hlog")
	r := cleanRun()
	delete(r.Phases[1].Totals.Latency, Whisper) // so that whispers are known of the whole run only
	if err := r.WriteHDR(path); err != nil {
		t.Fatal(err)
	}
	start := r.Started.UnixMilli()
	spans := readLog(t, path)
	for i, want := range []struct {
		flow     Flow
		from, to int64 // ms
	}{{Broadcast, 5000, 65_000}, {Whisper, 0, 65_200}, {Login, 0, 5000}} {
		h := spans[i]
		if h.Tag() != string(want.flow) || h.StartTimeMs()-start != want.from || h.EndTimeMs()-start != want.to {
			t.Errorf("interval %d is %s from %d to %d ms, want %v", i, h.Tag(), h.StartTimeMs()-start, h.EndTimeMs()-start, want)
		}
		if l := Summarize(h, true); l != r.Total.Latency[want.flow] {
			t.Errorf("%s comes back with %d values, p99 %v ms", h.Tag(), l.Count, l.P99)
		}
	}
	if len(spans) != 3 {
		t.Errorf("%d intervals", len(spans))
	}

	r.Total.Latency[Broadcast] = Latency{Count: 1, P50: 1}
	if err := r.WriteHDR(path); err == nil || !strings.Contains(err.Error(), "the latency of broadcast: only its summary was kept") {
		t.Errorf("without a histogram: %v", err)
	}
}
