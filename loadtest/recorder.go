package loadtest

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"hubbub/loadtest/audit"
	"hubbub/loadtest/live"
	"hubbub/loadtest/report"
	"hubbub/loadtest/swarm"
)

// recorder makes a report of a swarm's seconds. second is called from one goroutine and nextStep from another.
type recorder struct {
	config  *Config
	run     *report.Run
	server  *serverWatch
	view    live.View // nil: none
	own     usage
	total   *sum
	phase   *sum
	index   int // of the phase
	lag     *hdrhistogram.Histogram
	busy    float64 // of the seconds that sent, added up
	sending int     // seconds that sent
	last    time.Duration
	ceiling *ceiling     // nil: no search
	stopped func() error // why the run was ended before its time; nil: it was not
}

// sum adds up seconds.
type sum struct {
	name     string
	from, to time.Duration
	counts   swarm.Second
}

func newSum(name string, from time.Duration) *sum {
	return &sum{name: name, from: from, to: from, counts: *swarm.NewSecond()}
}

func newRecorder(c *Config, env report.Environment, server *serverWatch) *recorder {
	load := report.Load{Scenario: c.Plan.YAML(), Name: c.Plan.Name, Dialect: c.Dialect.String(), Window: c.Window,
		Answers: c.answers(), Loops: c.Loops, Seed: c.Seed}
	for _, t := range c.Targets {
		load.Targets = append(load.Targets, t.String())
	}
	r := &recorder{config: c, server: server, index: -1, total: newSum("", 0), stopped: func() error { return nil }, lag: report.NewHistogram(),
		run: &report.Run{Format: report.Format, Command: c.Command, Environment: env, Load: load}}
	if c.Objective != nil {
		r.ceiling = newCeiling(c)
	}
	return r
}

// begin is called when the run does.
func (r *recorder) begin() {
	r.run.Started = time.Now().UTC()
	r.own = ownUsage()
}

// second takes a second of the swarm in.
func (r *recorder) second(s *swarm.Second) {
	if s.Phase != "" && s.Index != r.index {
		r.endPhase()
		r.phase, r.index = newSum(s.Phase, r.last), s.Index
	}
	span := s.At - r.last
	r.last = s.At
	r.total.add(s)
	if r.phase != nil {
		r.phase.add(s) // what still comes at the end belongs to the last phase
	}
	if s.Phase != "" && s.Sent[swarm.Broadcast]+s.Sent[swarm.Whisper] > 0 {
		r.lag.Merge(s.Lag)
		r.busy += s.Busy
		r.sending++
	}
	point := r.point(s, span)
	if span >= minSpan {
		r.run.Series = append(r.run.Series, point)
	}
	if r.view != nil {
		r.view.Update(r.update(s, point))
	}
}

// minSpan is how much of a second must have passed to make a point of the charts: the ends of phases cut seconds.
const minSpan = 100 * time.Millisecond

func (s *sum) add(second *swarm.Second) {
	if second.Phase != "" { // the wait for what is under way is not time in which messages were wanted
		s.to = max(s.to, second.At)
	}
	s.counts.Add(second)
}

// point is a second as the report has it.
func (r *recorder) point(s *swarm.Second, span time.Duration) report.Second {
	now := ownUsage()
	p := report.Second{At: s.At.Seconds(), Phase: s.Phase, Connections: s.Connections, LoggedIn: s.LoggedIn,
		Totals: totals(s, false), Server: r.server.latest(),
		Generator: report.Usage{Resident: now.resident, Busy: s.Busy, Lag: float64(s.Lag.Max()) / 1000}}
	if span > 0 {
		p.Generator.CPU = (now.cpu - r.own.cpu).Seconds() / span.Seconds()
	}
	r.run.Generator.CPUSeconds += (now.cpu - r.own.cpu).Seconds()
	r.own = now
	return p
}

func (r *recorder) endPhase() {
	if r.phase == nil {
		return
	}
	r.run.Phases = append(r.run.Phases, report.Phase{Name: r.phase.name, From: r.phase.from.Seconds(),
		To: r.phase.to.Seconds(), Totals: totals(&r.phase.counts, true)})
	last := &r.run.Phases[len(r.run.Phases)-1]
	switch {
	case r.ceiling == nil:
	case r.ceiling.isStep(r.index):
		r.ceiling.ended(last)
	default:
		r.ceiling.paused(last)
	}
	r.phase = nil
}

// end makes the report.
func (r *recorder) end(tally audit.Tally, interrupted bool) *report.Run {
	r.endPhase()
	run := r.run
	run.Seconds, run.Interrupted = r.last.Seconds(), interrupted
	run.Total = totals(&r.total.counts, true)
	run.Audit = tally
	run.Generator.PeakResident = ownUsage().peak
	run.Generator.Lag = report.Summarize(r.lag, true)
	run.Generator.Busy = r.busy / float64(max(1, r.sending))
	run.Server = r.server.end()
	if r.ceiling != nil {
		run.Ceiling = r.ceiling.found()
	}
	run.Generator.Bottleneck = bottleneck(run)
	judged := *run
	if r.ceiling != nil {
		r.ceiling.forgive(&judged.Total)
	}
	run.Verdict = report.Judge(&judged, r.config.FailIf)
	return run
}

// totals is a sum as the report has it; full ones have whole histograms.
func totals(s *swarm.Second, full bool) report.Totals {
	t := report.Totals{Intended: map[report.Flow]uint64{}, Sent: map[report.Flow]uint64{}, Delivered: map[report.Flow]uint64{},
		Answered: s.Answered, Refused: map[string]uint64{}, Logins: s.Logins, LoginRefused: map[string]uint64{},
		Disconnects: map[string]uint64{}, Left: s.Left, BytesIn: s.BytesIn, BytesOut: s.BytesOut,
		Latency: map[report.Flow]report.Latency{}, Raw: map[report.Flow]report.Latency{}}
	for _, f := range swarm.Flows() {
		name := report.Flow(f.String())
		put(t.Intended, name, s.Intended[f])
		put(t.Sent, name, s.Sent[f])
		put(t.Delivered, name, s.Delivered[f])
		if s.Latency[f].TotalCount() > 0 {
			t.Latency[name] = report.Summarize(s.Latency[f], full)
			t.Raw[name] = t.Latency[name] // a closed loop intends nothing before it sends
			if s.Raw[f].TotalCount() > 0 {
				t.Raw[name] = report.Summarize(s.Raw[f], full)
			}
		}
	}
	for code, n := range s.Refused {
		t.Refused[code.String()] += n
	}
	for reason, n := range s.LoginRefused {
		t.LoginRefused[reason] += n
	}
	for reason, n := range s.Disconnects {
		t.Disconnects[reason] += n
	}
	return t
}

func put(m map[report.Flow]uint64, f report.Flow, n uint64) {
	if n > 0 {
		m[f] = n
	}
}

// update is a second as the live view has it.
func (r *recorder) update(s *swarm.Second, point report.Second) live.Update {
	u := live.Update{Second: point, Total: totals(&r.total.counts, false), Audit: s.Found, Wanted: s.Wanted,
		Ending: r.stopped() != nil}
	if s.Phase == "" && r.phase != nil {
		u.Second.Phase = r.phase.name // what is waited for at the end belongs to it
	}
	plan := r.config.Plan
	if s.Index < len(plan.Phases) && r.phase != nil {
		u.Progress = min(1, (s.At-r.phase.from).Seconds()/plan.Phases[s.Index].Duration.Seconds())
	}
	if r.ceiling == nil {
		u.Duration = plan.Duration()
	} else {
		u.Step = r.ceiling.latest()
	}
	return u
}
