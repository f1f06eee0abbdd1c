package loadtest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"hubbub/loadtest/report"
	"hubbub/loadtest/scenario"
)

// ceiling looks for the highest rate that meets an objective: it doubles the rate until one does not, and then halves
// what lies between until that is small. Between two rates it lets what is under way come.
type ceiling struct {
	objective report.Objective
	unit      string
	pattern   scenario.Phase // the plan's last phase: what is scaled
	step      time.Duration
	first     int           // the index of the phase that is the first step
	judged    chan struct{} // a step has been
	pausing   bool          // before the next step; only next uses it

	mu        sync.Mutex
	rate      float64 // that is tried, or was last
	good, bad float64 // the highest that met it, the lowest that did not; 0: none yet
	steps     []report.Step
	forgiven  report.Totals // what went wrong at rates that did not meet it, as it may
}

const (
	precision  = 0.05 // of the knee
	mostSteps  = 24
	lowestRate = 0.1             // a second: below it nothing is tried
	pause      = 2 * time.Second // between two rates, but no longer than a step
	kept       = 0.95            // share of the wanted messages that must have been sent
	judgeLimit = 10 * time.Second
)

// newCeiling prepares the search from the rates of the plan's last phase.
func newCeiling(c *Config) *ceiling {
	last := c.Plan.Phases[len(c.Plan.Phases)-1]
	k := &ceiling{objective: *c.Objective, pattern: last, step: c.Step, first: len(c.Plan.Phases) - 1,
		judged: make(chan struct{}, 1), unit: "messages a second", rate: last.Broadcast + last.Whisper}
	switch {
	case last.Whisper == 0:
		k.unit = "broadcasts a second"
	case last.Broadcast == 0:
		k.unit = "whispers a second"
	}
	k.pausing = true // after the plan's own phases, the last of which is the first step
	return k
}

// nextStep is the swarm's question for another phase.
func (r *recorder) nextStep() *scenario.Phase {
	if r.ceiling == nil {
		return nil
	}
	return r.ceiling.next()
}

func (k *ceiling) next() *scenario.Phase {
	if k.pausing {
		k.pausing = false
		return &scenario.Phase{Name: "pause", Duration: min(pause, k.step), Connections: k.pattern.Connections}
	}
	select {
	case <-k.judged:
	case <-time.After(judgeLimit): // a generator that is so far behind has nothing more to find
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.choose() {
		return nil
	}
	k.pausing = true
	scale := k.rate / (k.pattern.Broadcast + k.pattern.Whisper)
	phase := k.pattern
	phase.Name = fmt.Sprintf("%.4g/s", k.rate)
	phase.Duration, phase.Ramp = k.step, 0
	phase.Broadcast *= scale
	phase.Whisper *= scale
	return &phase
}

// choose sets the next rate and reports whether there is one to try.
func (k *ceiling) choose() bool {
	switch {
	case len(k.steps) >= mostSteps:
		return false
	case k.bad == 0:
		k.rate *= 2
	case k.good == 0:
		k.rate = k.bad / 2
	case k.bad/k.good < 1+precision:
		return false
	default:
		k.rate = (k.good + k.bad) / 2
	}
	return k.rate >= lowestRate
}

// isStep reports whether the phase with this index is a step of the search: they alternate with pauses.
func (k *ceiling) isStep(index int) bool { return index >= k.first && (index-k.first)%2 == 0 }

// ended takes in how a step went.
func (k *ceiling) ended(p *report.Phase) {
	k.mu.Lock()
	defer k.mu.Unlock()
	defer func() { k.judged <- struct{}{} }()
	intended := p.Totals.Intended[report.Broadcast] + p.Totals.Intended[report.Whisper]
	sent := p.Totals.Sent[report.Broadcast] + p.Totals.Sent[report.Whisper]
	step := report.Step{Rate: k.rate, Achieved: float64(sent) / (p.To - p.From)}
	for _, f := range []report.Flow{report.Whisper, report.Broadcast} {
		if l, ok := p.Totals.Latency[f]; ok {
			step.P50, step.P99 = l.P50, l.P99
		}
	}
	step.Met, step.Why = k.judge(p, sent, intended)
	if step.Met {
		k.good = max(k.good, k.rate)
	} else {
		if k.bad == 0 || k.rate < k.bad {
			k.bad = k.rate
		}
		k.forgiven.Add(&p.Totals)
	}
	k.steps = append(k.steps, step)
}

// paused takes in what still came of the latest rate after its time: what was refused then was asked in it.
func (k *ceiling) paused(p *report.Phase) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.steps) == 0 || count(p.Totals.Refused)+count(p.Totals.Disconnects) == 0 {
		return
	}
	k.forgiven.Add(&p.Totals)
	step := &k.steps[len(k.steps)-1]
	if !step.Met {
		return
	}
	step.Met, step.Why = false, fmt.Sprintf("%d messages were refused and %d connections lost, told after its time",
		count(p.Totals.Refused), count(p.Totals.Disconnects))
	k.good = 0
	for _, s := range k.steps {
		if s.Met {
			k.good = max(k.good, s.Rate)
		} else if k.bad == 0 || s.Rate < k.bad {
			k.bad = s.Rate
		}
	}
}

// judge reports whether a phase met the objective, and why not or how.
func (k *ceiling) judge(p *report.Phase, sent, intended uint64) (met bool, why string) {
	t := &p.Totals
	met, why, err := k.objective.Holds(&report.Run{Seconds: p.To - p.From, Phases: []report.Phase{*p}, Total: *t})
	switch {
	case intended == 0:
		return false, "no message was due; stay longer at a rate (--step)"
	case err != nil:
		return false, err.Error()
	case count(t.Disconnects) > 0:
		return false, fmt.Sprintf("%d connections were lost", count(t.Disconnects))
	case count(t.Refused) > 0:
		return false, fmt.Sprintf("%d messages were refused", count(t.Refused))
	case float64(sent) < kept*float64(intended):
		return false, fmt.Sprintf("only %d of %d messages could be sent", sent, intended)
	}
	return met, why
}

func count(by map[string]uint64) (n uint64) {
	for _, more := range by {
		n += more
	}
	return n
}

// forgive takes out of a run's totals what went wrong where it might.
func (k *ceiling) forgive(t *report.Totals) {
	k.mu.Lock()
	defer k.mu.Unlock()
	t.Refused = without(t.Refused, k.forgiven.Refused)
	t.Disconnects = without(t.Disconnects, k.forgiven.Disconnects)
	t.LoginRefused = without(t.LoginRefused, k.forgiven.LoginRefused)
}

func without(all, some map[string]uint64) map[string]uint64 {
	rest := map[string]uint64{}
	for name, n := range all {
		if n > some[name] {
			rest[name] = n - some[name]
		}
	}
	return rest
}

func (k *ceiling) latest() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.steps) == 0 {
		return ""
	}
	s := k.steps[len(k.steps)-1]
	if s.Met {
		return fmt.Sprintf("%.4g %s met it: %s", s.Rate, k.unit, s.Why)
	}
	return fmt.Sprintf("%.4g %s did not: %s", s.Rate, k.unit, s.Why)
}

func (k *ceiling) found() *report.Ceiling {
	k.mu.Lock()
	defer k.mu.Unlock()
	return &report.Ceiling{Objective: k.objective.String(), Knee: k.good, Unit: k.unit, Steps: k.steps}
}

// firstStep is a plan whose last phase is the first step of a search.
func firstStep(p *scenario.Plan, step time.Duration) *scenario.Plan {
	first := *p
	first.Phases = slices.Clone(p.Phases)
	last := &first.Phases[len(first.Phases)-1]
	last.Duration, last.Ramp = step, min(last.Ramp, step)
	return &first
}
