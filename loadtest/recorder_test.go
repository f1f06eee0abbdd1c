package loadtest

import (
	"testing"
	"time"

	"hubbub/loadtest/audit"
	"hubbub/loadtest/report"
	"hubbub/loadtest/scenario"
	"hubbub/loadtest/swarm"
)

// TestRecorder: seconds, and their pieces at the ends of phases, add up to phases and a whole, and what comes when
// nothing is sent any more belongs to the last phase and is no part of how busy the generator was.
func TestRecorder(t *testing.T) {
	plan := &scenario.Plan{Phases: []scenario.Phase{{Name: "one", Duration: 1500 * time.Millisecond}, {Name: "two", Duration: time.Second}}}
	r := newRecorder(&Config{Plan: plan}, report.Environment{}, &serverWatch{})
	r.begin()
	piece := func(at time.Duration, index int, phase string, sent uint64, lag int64, busy float64) {
		s := swarm.NewSecond()
		s.At, s.Index, s.Phase, s.Busy, s.LoggedIn = at, index, phase, busy, 7
		s.Intended[swarm.Broadcast], s.Sent[swarm.Broadcast], s.Delivered[swarm.Broadcast] = sent, sent, 3
		s.Latency[swarm.Broadcast].RecordValue(2000)
		s.Disconnects["for a test"] = 1
		if sent > 0 {
			_ = s.Lag.RecordValue(lag)
		}
		r.second(s)
	}
	piece(time.Second, 0, "one", 10, 1000, 0.2)
	piece(1500*time.Millisecond, 0, "one", 10, 1000, 0.4)
	piece(1501*time.Millisecond, 1, "two", 0, 0, 1)
	piece(2500*time.Millisecond, 1, "two", 20, 5000, 0.6)
	piece(3*time.Second, 2, "", 0, 0, 1)
	run := r.end(audit.Tally{Checked: 15}, true)

	if len(run.Phases) != 2 || len(run.Series) != 4 {
		t.Fatalf("there are %d phases and %d seconds, want 2 and 4", len(run.Phases), len(run.Series))
	}
	one, two := run.Phases[0], run.Phases[1]
	if one.Name != "one" || one.From != 0 || one.To != 1.5 || two.Name != "two" || two.From != 1.5 || two.To != 2.5 {
		t.Errorf("the phases are %s from %g to %g and %s from %g to %g", one.Name, one.From, one.To, two.Name, two.From, two.To)
	}
	for _, c := range []struct {
		totals                *report.Totals
		sent, delivered, lost uint64
	}{{&one.Totals, 20, 6, 2}, {&two.Totals, 20, 9, 3}, {&run.Total, 40, 15, 5}} {
		if c.totals.Sent[report.Broadcast] != c.sent || c.totals.Intended[report.Broadcast] != c.sent ||
			c.totals.Delivered[report.Broadcast] != c.delivered || c.totals.Disconnects["for a test"] != c.lost {
			t.Errorf("the totals are %+v, want %d sent, %d delivered, %d lost", c.totals, c.sent, c.delivered, c.lost)
		}
	}
	if l := run.Total.Latency[report.Broadcast]; l.Count != 5 || l.HDR == "" || l.P50 < 1.99 || l.P50 > 2.01 {
		t.Errorf("the latency is %+v", l)
	}
	if g := run.Generator; g.Busy < 0.399 || g.Busy > 0.401 || g.Lag.Count != 3 || g.Lag.Max < 4.9 || g.PeakResident == 0 {
		t.Errorf("the generator's share is %+v, want 0.4 busy and 5 ms late at most", g)
	}
	if !run.Interrupted || run.Seconds != 3 || run.Verdict.Passed {
		t.Errorf("it took %g s, interrupted: %t, and the verdict is %+v", run.Seconds, run.Interrupted, run.Verdict)
	}
}
