package loadtest

import (
	"strings"
	"testing"

	"hubbub/loadtest/report"
)

// TestBottleneck: the generator is blamed where it worked all the time or was late beside what it measured, in an open
// loop, and nowhere else.
func TestBottleneck(t *testing.T) {
	f := func(want string, window int, busy, lag float64, flow report.Flow, p99 float64) {
		t.Helper()
		r := &report.Run{Load: report.Load{Window: window}, Generator: report.Generator{Busy: busy, Lag: report.Latency{P99: lag}},
			Total: report.Totals{Latency: map[report.Flow]report.Latency{flow: {Count: 100, P99: p99}}}}
		got := bottleneck(r)
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("window %d, busy %g, %g ms late of %g ms: %q, want %q", window, busy, lag, p99, got, want)
		}
	}
	f("", 0, 0.85, 2, report.Broadcast, 100)
	f("worked 95 %", 0, 0.95, 0, report.Broadcast, 100)
	f("", 4, 0.95, 60, report.Broadcast, 100)
	f("", 0, 0.5, 45, report.Broadcast, 100)
	f("left 60.0 ms", 0, 0.5, 60, report.Broadcast, 100)
	f("left 60.0 ms", 0, 0.5, 60, report.Whisper, 100)
	f("", 0, 0.5, 60, report.Login, 100)
	f("", 0, 0.5, 0.9, report.Broadcast, 1)
}
