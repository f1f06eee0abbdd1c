package live

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"pgregory.net/rapid"

	"hubbub/internal/chattest"
	"hubbub/loadtest/audit"
	"hubbub/loadtest/report"
)

var update = flag.Bool("update", false, "rewrite the frames and lines in testdata")

func TestMain(m *testing.M) { chattest.Main(m) }

// run plays a run of this many seconds: twenty to log a thousand users in, then fifty broadcasts a second, with a stall
// in second 61.
func run(seconds int, each func(*Update)) []Update {
	var updates []Update
	for at := 1; at <= seconds; at++ {
		u := Update{Duration: 90e9, Wanted: min(1000, 50*at)}
		u.Second = report.Second{At: float64(at), Phase: "ramp", Connections: u.Wanted, LoggedIn: u.Wanted - 4}
		u.Progress = float64(at) / 20
		u.Total.Latency = map[report.Flow]report.Latency{report.Login: {Count: 1000, P50: 1.2, P99: 3.3, Max: 5}}
		u.Second.Totals = report.Totals{
			Logins: 50,
			Latency: map[report.Flow]report.Latency{
				report.Login: {Count: 50, P50: 1.1, P99: 3 + math.Sin(float64(at)), Max: 4.5},
			},
		}
		if at > 20 {
			steady(&u, at)
		}
		u.Second.Generator = report.Usage{CPU: 0.42, Resident: 88 << 20, Lag: 0.053, Busy: 0.61}
		if each != nil {
			each(&u)
		}
		updates = append(updates, u)
	}
	return updates
}

func steady(u *Update, at int) {
	u.Second.Phase, u.Second.LoggedIn, u.Progress = "steady", 1000, float64(at-20)/70
	now := report.Latency{Count: 49950, P50: 0.31, P99: 2 + math.Sin(float64(at)/3), Max: 4.8}
	delivered := uint64(49950)
	if at == 61 {
		now, delivered = report.Latency{Count: 9990, P50: 0.4, P99: 87.5, Max: 1012}, 9990
	}
	u.Second.Totals = report.Totals{
		Intended:  map[report.Flow]uint64{report.Broadcast: 50},
		Sent:      map[report.Flow]uint64{report.Broadcast: 50},
		Delivered: map[report.Flow]uint64{report.Broadcast: delivered},
		BytesIn:   5_330_000,
		BytesOut:  4_200,
		Latency:   map[report.Flow]report.Latency{report.Broadcast: now},
	}
	u.Total.Latency[report.Broadcast] = report.Latency{Count: 1 << 20, P50: 0.305, P99: 1.712, Max: 14.2}
}

// troubled adds everything that can go wrong.
func troubled(u *Update) {
	u.Second.Server = &report.Usage{CPU: 0.87, Resident: 212 << 20, Sessions: u.Second.LoggedIn}
	u.Step = "2,000 broadcasts a second met p99<50ms with 12.1 ms"
	if u.Second.At < 62 {
		return
	}
	u.Second.Totals.Sent = map[report.Flow]uint64{report.Broadcast: 41}
	u.Second.Totals.Intended[report.Whisper] = 2000
	u.Second.Totals.Sent[report.Whisper] = 1990
	u.Second.Totals.Latency[report.Whisper] = report.Latency{Count: 1990, P50: 0.12, P99: 10.55, Max: 1234.5}
	u.Total.Latency[report.Whisper] = report.Latency{Count: 1990, P50: 0.12, P99: 10.55, Max: 1234.5}
	u.Second.Generator.Busy = 0.97
	u.Audit = map[audit.Kind]uint64{audit.Lost: 1234, audit.Reordered: 1, audit.Altered: 0}
	u.Total.Refused = map[string]uint64{"RATE_LIMITED": 12, "SERVER_BUSY": 3}
	u.Total.LoginRefused = map[string]uint64{"connection refused": 7}
	u.Total.Disconnects = map[string]uint64{"SLOW_CONSUMER": 31, "IDLE_TIMEOUT": 2, "reset by peer": 5}
	if u.Second.At > 65 {
		u.Second.Phase, u.Ending = "spike of everybody", true
	}
}

func stateAfter(updates []Update) *state {
	s := new(state)
	for _, u := range updates {
		s.add(u)
	}
	return s
}

func draw(s *state, width, height int) string {
	c := &Config{Name: "lobby", Targets: []string{"127.0.0.1:9000", "127.0.0.2:9000"}}
	f := frame{theme: newTheme(dark), state: s, config: c, width: width, footer: "Ctrl+C ends the run."}
	return f.render(height)
}

var colours = regexp.MustCompile("\x1b\\[[0-9;:]*m")

func plain(s string) string { return colours.ReplaceAllString(s, "") }

// golden compares with a file of testdata, without spaces at the ends of lines.
func golden(t *testing.T, name, got string) {
	t.Helper()
	lines := strings.Split(got, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	got = strings.Join(lines, "\n") + "\n"
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s(go test -update rewrites it)", name, got, want)
	}
}

func TestFrames(t *testing.T) {
	clean, bad := stateAfter(run(75, nil)), stateAfter(run(75, troubled))
	f := func(name string, s *state, width, height int) {
		t.Helper()
		golden(t, name+".txt", plain(draw(s, width, height)))
	}
	f("start-80", new(state), 80, 24)
	f("ramp-80", stateAfter(run(12, nil)), 80, 40)
	f("steady-60", clean, 60, 40)
	f("steady-80", clean, 80, 24)
	f("steady-120", clean, 120, 40)
	f("steady-200", clean, 200, 50)
	f("trouble-60", bad, 60, 24)
	f("trouble-80", bad, 80, 60)
	f("trouble-120", bad, 120, 40)
	f("trouble-200", bad, 220, 50)
}

// A frame keeps to the terminal's size, whatever is to be told, and does not write on its own.
func TestAnySize(t *testing.T) {
	states := []*state{new(state), stateAfter(run(12, nil)), stateAfter(run(75, nil)), stateAfter(run(300, troubled))}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(states).Draw(t, "state")
		width, height := rapid.IntRange(1, 300).Draw(t, "width"), rapid.IntRange(1, 60).Draw(t, "height")
		lines := strings.Split(plain(draw(s, width, height)), "\n")
		if len(lines) > height {
			t.Errorf("%d lines on a terminal of %d", len(lines), height)
		}
		for _, line := range lines {
			if lipgloss.Width(line) > width || strings.ContainsRune(line, '\x1b') {
				t.Errorf("a line of %d cells on a terminal of %d: %q", lipgloss.Width(line), width, line)
			}
		}
	})
}

// The charts keep the last seconds, however long the run.
func TestHistory(t *testing.T) {
	s := stateAfter(run(historyMax+50, func(u *Update) {
		u.Second.Totals.Delivered = map[report.Flow]uint64{report.Broadcast: uint64(u.Second.At)}
	}))
	if n := len(s.deliveries); n != historyMax || s.deliveries[0] != 51 || s.deliveries[n-1] != historyMax+50 {
		t.Errorf("there are %d seconds from %v to %v", n, s.deliveries[0], s.deliveries[n-1])
	}
}

// What went wrong is red, and nothing is while all is well.
func TestRed(t *testing.T) {
	red := strings.SplitN(newTheme(dark).bad.Render("|"), "|", 2)[0]
	if got := draw(stateAfter(run(75, nil)), 80, 40); strings.Contains(got, red) {
		t.Errorf("a clean run has red in it:\n%s", got)
	}
	if got := draw(stateAfter(run(75, troubled)), 80, 40); !strings.Contains(got, red+"1,234 lost") {
		t.Errorf("the errors are not red:\n%s", got)
	}
}

// The view keeps nothing that its caller goes on counting in.
func TestUpdateIsCopied(t *testing.T) {
	u := run(75, troubled)[74]
	u.Second.Totals.Sent = map[report.Flow]uint64{report.Broadcast: 41, report.Whisper: 1990}
	s := stateAfter([]Update{u})
	want := draw(s, 80, 60)
	for _, m := range []map[report.Flow]report.Latency{u.Total.Latency, u.Second.Totals.Latency} {
		clear(m)
	}
	clear(u.Second.Totals.Sent)
	clear(u.Second.Totals.Intended)
	clear(u.Audit)
	clear(u.Total.Refused)
	*u.Second.Server = report.Usage{}
	if got := draw(s, 80, 60); got != want {
		t.Errorf("the frame changed with its update:\n%s", got)
	}
}
