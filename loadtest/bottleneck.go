package loadtest

import (
	"fmt"

	"hubbub/loadtest/report"
)

// Beyond these the generator is called the bottleneck: a loop that hardly waits, and messages that leave later than
// the half of what is measured.
const (
	busyLimit = 0.9
	lagShare  = 0.5
)

// bottleneck says in a sentence that the generator itself was the limit, or returns nothing.
func bottleneck(r *report.Run) string {
	g := &r.Generator
	if g.Busy > busyLimit && r.Load.Window == 0 {
		return fmt.Sprintf("the generator was the limit: its busiest event loop worked %.0f %% of the time; give it more processors (--loops) or a share of the load",
			g.Busy*100)
	}
	for _, f := range []report.Flow{report.Broadcast, report.Whisper} {
		if l := r.Total.Latency[f]; l.Count > 0 && r.Load.Window == 0 && g.Lag.P99 > lagShare*l.P99 && g.Lag.P99 > 1 {
			return fmt.Sprintf("the generator was late itself: 1 %% of its messages left %.1f ms or more after their moment, beside a p99 of %.1f ms; the latencies contain that",
				g.Lag.P99, l.P99)
		}
	}
	return ""
}
