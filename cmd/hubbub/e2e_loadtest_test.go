package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hubbub/loadtest/report"
)

// loadRun is a run of the real load generator.
type loadRun struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	json           string
}

// putLoad starts the load generator.
func putLoad(t *testing.T, args ...string) *loadRun {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	r := &loadRun{t: t, json: filepath.Join(t.TempDir(), "report.json")}
	r.cmd = exec.CommandContext(ctx, binary, append([]string{"loadtest", "--json", r.json}, args...)...)
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// end waits for the generator, which must exit with this status, and returns its report; nil when it wrote none.
func (r *loadRun) end(status int) *report.Run {
	r.t.Helper()
	err := r.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	if got := r.cmd.ProcessState.ExitCode(); got != status {
		r.t.Errorf("the exit status is %d, want %d\n%s\n%s", got, status, r.stdout.String(), r.stderr.String())
	}
	if _, err := os.Stat(r.json); err != nil {
		return nil
	}
	run, err := report.ReadFile(r.json)
	if err != nil {
		r.t.Fatal(err)
	}
	return run
}

// says reports an error unless the text on the standard output contains this.
func (r *loadRun) says(want string) {
	r.t.Helper()
	if !strings.Contains(r.stdout.String(), want) {
		r.t.Errorf("the report does not say %q:\n%s", want, r.stdout.String())
	}
}

// TestLoadtestOfNothing: what can't be written is told before anything is sent, and a run that compared nothing fails.
func TestLoadtestOfNothing(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, flag := range []string{"--json", "--hdr", "--html"} {
		out, ok := run(t, nil, "loadtest", "--target", "tcp://127.0.0.1:1", flag, filepath.Join(missing, "file")) // where nobody answers
		if ok || !strings.Contains(out, flag+": can't write "+missing) {
			t.Errorf("%s: %s", flag, out)
		}
	}
	p := serve(t)
	few := []string{"--target", "tcp://" + p.chat, "--connections", "20", "--ramp", "100ms", "--duration", "1s"}
	r := putLoad(t, append(few, "--broadcast", "0")...)
	if run := r.end(1); run == nil || run.Verdict.Passed || !slices.Equal(run.Verdict.Reasons, []string{
		"Nothing was sent, so nothing was measured: give --broadcast or --whisper, or a scenario that has them."}) {
		t.Errorf("a silent run: %+v", run)
	}
	r = putLoad(t, few...)
	if run := r.end(0); run == nil || run.Audit.Checked != 10*19+100 {
		t.Errorf("a run at the default rates: %+v", run)
	}
}

// TestLoadtest: a load goes through, and every form of the report is written.
func TestLoadtest(t *testing.T) {
	t.Parallel()
	p := serve(t, "--message-rate=0")
	dir := t.TempDir()
	html, hlog := filepath.Join(dir, "report.html"), filepath.Join(dir, "report.hlog")
	r := putLoad(t, "--target", "tcp://"+p.chat, "--admin", "http://"+p.admin, "--connections", "100", "--ramp", "500ms",
		"--duration", "3s", "--broadcast", "50/s", "--whisper", "200/s", "--message-bytes", "64*90 500*10",
		"--html", html, "--hdr", hlog, "--fail-if", "lost>0", "--fail-if", "p99>1m")
	run := r.end(0)
	if run == nil || !run.Verdict.Passed || run.Audit.Checked != 150*99+600 {
		t.Fatalf("the report is %+v", run)
	}
	if run.Server == nil || run.Server.CPUSeconds <= 0 || run.Server.After["hubbub_deliveries_total"] < 150*99 {
		t.Errorf("the server's figures are %+v", run.Server)
	}
	r.says("PASSED")
	for path, want := range map[string]string{html: "<svg", hlog: "Tag=broadcast"} {
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not contain %q: %v", filepath.Base(path), want, err)
		}
	}
	again := putLoad(t, "--target", "classic://"+p.chat, "--connections", "20", "--ramp", "0s", "--duration", "1s",
		"--broadcast", "20/s", "--compare", r.json)
	again.end(0)
	again.says("broadcast p50")
}

// TestLoadtestTellsWithoutFile: a report that can't be written any more when the run is over is printed all the same.
func TestLoadtestTellsWithoutFile(t *testing.T) {
	t.Parallel()
	p := serve(t, "--message-rate=0")
	dir := filepath.Join(t.TempDir(), "reports")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	r := putLoad(t, "--target", p.chat, "--connections", "4", "--ramp", "0s", "--duration", "1s", "--broadcast", "50/s",
		"--html", filepath.Join(dir, "report.html"))
	p.eventually(`hubbub_packets_received_total{type="BROADCAST_REQUEST"}`, func(n float64) bool { return n > 0 }) // so the files have been tried
	if err := os.Remove(dir); err != nil {
		t.Error(err)
	}
	if run := r.end(1); run == nil {
		t.Error("the other report was not written")
	}
	r.says("PASSED")
}

// TestLoadtestChargesAPause: a server that is stopped for a second in the middle of a run has a p99 that contains it.
func TestLoadtestChargesAPause(t *testing.T) {
	t.Parallel()
	p := serve(t, "--message-rate=0")
	r := putLoad(t, "--target", p.chat, "--connections", "50", "--ramp", "100ms", "--duration", "4s", "--broadcast", "100/s",
		"--fail-if", "p99>500ms")
	p.eventually(`hubbub_packets_received_total{type="BROADCAST_REQUEST"}`, func(v float64) bool { return v >= 100 })
	p.freeze()
	<-time.After(time.Second)
	p.thaw()
	run := r.end(1)
	if run == nil || run.Total.Latency[report.Broadcast].P99 < 900 || !run.Audit.Clean() {
		t.Errorf("the report is %+v", run)
	}
	r.says("p99>500ms")
}

// TestLoadtestInterrupted: Ctrl+C ends a run with the report of what was measured.
func TestLoadtestInterrupted(t *testing.T) {
	t.Parallel()
	p := serve(t, "--message-rate=0")
	r := putLoad(t, "--target", p.chat, "--connections", "20", "--ramp", "0s", "--duration", "1m", "--broadcast", "50/s")
	p.eventually(`hubbub_packets_received_total{type="BROADCAST_REQUEST"}`, func(v float64) bool { return v >= 50 })
	_ = r.cmd.Process.Signal(os.Interrupt)
	run := r.end(0)
	if run == nil || !run.Interrupted || run.Seconds > 30 || run.Audit.Checked < 50*19 {
		t.Errorf("the report is %+v", run)
	}
}

// TestLoadtestFails: what goes wrong at the server fails the run, and the report says what.
func TestLoadtestFails(t *testing.T) {
	t.Parallel()
	t.Run("killed", func(t *testing.T) {
		p := serve(t, "--message-rate=0")
		p.wantsNonZero = true
		r := putLoad(t, "--target", p.chat, "--connections", "20", "--ramp", "0s", "--duration", "3s", "--broadcast", "50/s", "--drain", "1s")
		p.eventually(`hubbub_packets_received_total{type="BROADCAST_REQUEST"}`, func(v float64) bool { return v >= 50 })
		_ = p.cmd.Process.Kill()
		run := r.end(1)
		if run == nil || len(run.Total.Disconnects) == 0 || run.Total.LoginRefused["connection refused"] == 0 {
			t.Errorf("the report is %+v", run)
		}
		r.says("FAILED")
	})
	t.Run("refused", func(t *testing.T) {
		p := serve(t, "--message-rate=1", "--message-burst=1")
		r := putLoad(t, "--target", p.chat, "--connections", "5", "--ramp", "0s", "--duration", "2s", "--whisper", "200/s")
		if run := r.end(1); run == nil || run.Total.Refused["RATE_LIMITED"] == 0 || !run.Audit.Clean() {
			t.Errorf("the report is %+v", run)
		}
		r.says("RATE_LIMITED")
	})
}

// TestLoadtestFindsTheCeiling: the search ends with a rate that met the objective.
func TestLoadtestFindsTheCeiling(t *testing.T) {
	p := serve(t, "--message-rate=50", "--message-burst=50")
	r := putLoad(t, "--target", p.chat, "--connections", "4", "--ramp", "0s", "--whisper", "40/s", "--step", "1s",
		"--find-ceiling", "p99<10s")
	run := r.end(0)
	if run == nil || run.Ceiling == nil || run.Ceiling.Knee < 80 || run.Ceiling.Knee > 1200 {
		t.Errorf("four users with 50 messages a second each: the report is %+v", run.Ceiling)
	}
}

// TestLoadtestRefusesBadInput: each mistake gets a sentence and no run.
func TestLoadtestRefusesBadInput(t *testing.T) {
	t.Parallel()
	f := func(want string, args ...string) {
		t.Helper()
		r := putLoad(t, args...)
		if run := r.end(1); run != nil {
			t.Errorf("%v: there was a run", args)
		}
		if !strings.Contains(r.stderr.String(), want) {
			t.Errorf("%v: the error is %q, want %q in it", args, r.stderr.String(), want)
		}
	}
	f("is the server running", "--target", "127.0.0.1:1")
	p := serve(t)
	f("ulimit -n", "--target", p.chat, "--connections", "9000000")
	f("scheme", "--target", "http://127.0.0.1:9000")
	f("--fail-if", "--fail-if", "p99>soon")
	f("--find-ceiling", "--find-ceiling", "fast")
	f("--broadcast", "--find-ceiling", "p99<1s", "--broadcast", "0/s")
	f("--closed-loop", "--find-ceiling", "p99<1s", "--closed-loop", "4")
	f("no range", "--source-addresses", "127.0.0.9-127.0.0.2")
	f("--admin", "--target", p.chat, "--admin", "http://127.0.0.1:1")
	f("--compare", "--compare", "nowhere.json")
	f("nowhere.yaml", "--scenario", "nowhere.yaml")
	f("38", "--message-bytes", "8", "--broadcast", "1/s")
}
