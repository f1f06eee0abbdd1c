package loadtest

import (
	"math"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/loadtest/report"
	"hubbub/loadtest/scenario"
	"hubbub/loadtest/swarm"
)

// search is a recorder that looks for a ceiling, from the rate of the last phase of a plan with a warm-up.
func search(t *testing.T, objective string) *recorder {
	t.Helper()
	o, err := report.ParseObjective(objective)
	if err != nil {
		t.Fatal(err)
	}
	plan := &scenario.Plan{Phases: []scenario.Phase{
		{Name: "warm up", Duration: time.Second, Broadcast: 1},
		{Name: "steady", Duration: time.Second, Broadcast: 60, Whisper: 40},
	}}
	r := newRecorder(&Config{Plan: plan, Objective: &o, Step: time.Second}, report.Environment{}, &serverWatch{})
	return r
}

// ended tells of a phase that went well up to some rate, and above it lost a connection.
func (r *recorder) ended(index int, rate, limit float64) {
	p := report.Phase{From: 0, To: 1, Totals: report.Totals{
		Intended: map[report.Flow]uint64{report.Broadcast: uint64(rate)}, Sent: map[report.Flow]uint64{report.Broadcast: uint64(rate)},
		Latency: map[report.Flow]report.Latency{report.Broadcast: {Count: uint64(rate), P99: 1}}}}
	if rate > limit {
		p.Totals.Disconnects = map[string]uint64{"SLOW_CONSUMER": 1}
	}
	if r.ceiling.isStep(index) {
		r.ceiling.ended(&p)
	}
}

// TestCeiling: the search ends within 5 % of the limit, from below and from above, however late it hears of its steps.
func TestCeiling(t *testing.T) {
	for _, limit := range []float64{7, 30, 100, 1234, 1e6} {
		r := search(t, "max<50ms")
		r.ended(0, 1, limit)
		rate, index := 100.0, 1
		for {
			if pause := r.nextStep(); pause == nil || pause.Broadcast+pause.Whisper > 0 {
				t.Fatalf("there is no pause, but %+v", pause)
			}
			go r.ended(index, rate, limit)
			index++
			phase := r.nextStep()
			r.ended(index, 0, limit)
			index++
			if phase == nil {
				break
			}
			rate = phase.Broadcast + phase.Whisper
			if ratio := phase.Broadcast / phase.Whisper; math.Abs(ratio-1.5) > 1e-6 {
				t.Errorf("there are %g broadcasts for each whisper, not 1.5", ratio)
			}
		}
		found := r.ceiling.found()
		if found.Knee > limit || found.Knee < limit*0.94 {
			t.Errorf("the limit is %g and the knee %g: %+v", limit, found.Knee, found.Steps)
		}
		if found.Steps[0].Rate != 100 {
			t.Errorf("the first step is %+v", found.Steps[0])
		}
		all := report.Totals{Disconnects: map[string]uint64{"SLOW_CONSUMER": 100, "IDLE_TIMEOUT": 1}}
		failed := uint64(0)
		for _, s := range found.Steps {
			if !s.Met {
				failed++
			}
		}
		if r.ceiling.forgive(&all); all.Disconnects["SLOW_CONSUMER"] != 100-failed || all.Disconnects["IDLE_TIMEOUT"] != 1 {
			t.Errorf("%d steps failed, and what is left of the disconnects is %v", failed, all.Disconnects)
		}
	}
}

// TestCeilingObjective: a step is judged by the objective, and by whether its messages could be sent.
func TestCeilingObjective(t *testing.T) {
	f := func(objective string, intended, sent uint64, met bool) {
		t.Helper()
		k := search(t, objective).ceiling
		p := report.Phase{To: 1, Totals: report.Totals{
			Intended: map[report.Flow]uint64{report.Broadcast: intended}, Sent: map[report.Flow]uint64{report.Broadcast: sent},
			Latency: map[report.Flow]report.Latency{report.Broadcast: {Count: sent, P50: 3, Max: 20}}}}
		k.ended(&p)
		s := k.steps[0]
		if s.Met != met || s.Why == "" || s.Achieved != float64(sent) || s.P50 != 3 {
			t.Errorf("%s with %d of %d messages sent: %+v", objective, sent, intended, s)
		}
	}
	f("max<50ms", 100, 100, true)
	f("max<10ms", 100, 100, false)
	f("max<50ms", 100, 94, false)
	f("max<50ms", 100, 96, true)
	f("whisper.max<50ms", 100, 100, false)
	f("max<50ms", 0, 0, false)
}

// TestCeilingAfterthought: what was refused at a rate breaks it also when the answers came after its time, and does not
// fail the run.
func TestCeilingAfterthought(t *testing.T) {
	r := search(t, "max<50ms")
	r.ended(1, 100, 1e6)
	late := report.Phase{From: 1, To: 2, Totals: report.Totals{Refused: map[string]uint64{"RATE_LIMITED": 3}}}
	r.ceiling.paused(&late)
	found := r.ceiling.found()
	if found.Knee != 0 || found.Steps[0].Met {
		t.Errorf("the knee is %g after %+v", found.Knee, found.Steps)
	}
	all := report.Totals{Refused: map[string]uint64{"RATE_LIMITED": 3, "SERVER_BUSY": 1}}
	if r.ceiling.forgive(&all); len(all.Refused) != 1 || all.Refused["SERVER_BUSY"] != 1 {
		t.Errorf("what is left is %v, want the one that no rate is to blame for", all.Refused)
	}
}

// TestPauseBelongsToItsRate: the recorder hands the search what came in the pause behind a rate.
func TestPauseBelongsToItsRate(t *testing.T) {
	r := search(t, "max<50ms")
	phase := func(index int, name string, sent, refused uint64) {
		s := swarm.NewSecond()
		s.At, s.Index, s.Phase = time.Duration(index+1)*time.Second, index, name
		s.Intended[swarm.Broadcast], s.Sent[swarm.Broadcast] = sent, sent
		if sent > 0 {
			_ = s.Latency[swarm.Broadcast].RecordValue(1000)
		}
		if refused > 0 {
			s.Refused[codec.RateLimited] = refused
		}
		r.second(s)
	}
	phase(0, "warm up", 1, 0)
	phase(1, "steady", 100, 0)
	phase(2, "pause", 0, 3)
	phase(3, "200/s", 0, 0)
	if found := r.ceiling.found(); len(found.Steps) != 1 || found.Steps[0].Met {
		t.Errorf("the steps are %+v, want one that was not met", found.Steps)
	}
}
