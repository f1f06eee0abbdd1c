package report

import "hubbub/loadtest/audit"

// messages are the flows that somebody sends to somebody; the other two follow from them, or come before.
var messages = []Flow{Broadcast, Whisper}

// wanted tells how much of a flow the plan asked for, done how much of it there was.
func (t *Totals) wanted(f Flow) uint64 { return max(t.Intended[f], t.done(f)) }

func (t *Totals) done(f Flow) uint64 {
	switch f {
	case Answer:
		return t.Answered
	case Login:
		return t.Logins
	}
	return t.Sent[f]
}

// deliveries counts the copies of messages that arrived.
func (t *Totals) deliveries() uint64 { return t.Delivered[Broadcast] + t.Delivered[Whisper] }

// has reports whether any of the flows was wanted.
func (t *Totals) has(flows ...Flow) bool {
	for _, f := range flows {
		if t.wanted(f) > 0 {
			return true
		}
	}
	return false
}

// phases returns the phases; a run that was not divided is one.
func (r *Run) phases() []Phase {
	if len(r.Phases) > 0 {
		return r.Phases
	}
	return []Phase{{To: r.Seconds, Totals: r.Total}}
}

// pace is how fast messages went in the phases that wanted any, a second.
type pace struct{ asked, sent, delivered float64 }

// pace returns the rates of some flows together; ok is false when no phase wanted them.
func (r *Run) pace(flows ...Flow) (p pace, ok bool) {
	var seconds float64
	for _, phase := range r.phases() {
		t := &phase.Totals
		if !t.has(flows...) {
			continue
		}
		seconds += phase.To - phase.From
		for _, f := range flows {
			p.asked += float64(t.Intended[f])
			p.sent += float64(t.done(f))
			p.delivered += float64(t.Delivered[f])
		}
	}
	if seconds <= 0 {
		return pace{}, false
	}
	return pace{p.asked / seconds, p.sent / seconds, p.delivered / seconds}, true
}

// sending returns the seconds that lie within phases that send messages, phase by phase. A second across a border
// belongs to neither side.
func (r *Run) sending() (strata [][]Second) {
	const slack = 0.02 // of a second: how far the ticks of a run may be off
	for _, phase := range r.phases() {
		if !phase.Totals.has(messages...) {
			continue
		}
		var of []Second
		for _, s := range r.Series {
			if s.At-1 >= phase.From-slack && s.At <= phase.To+slack {
				of = append(of, s)
			}
		}
		if len(of) > 0 {
			strata = append(strata, of)
		}
	}
	return strata
}

// work is what the processes spent while messages were sent.
type work struct {
	perDelivery float64 // seconds of the server's processor time
	server      float64 // processors that it kept busy; 0 with perDelivery when its figures are not known
	generator   float64 // likewise
}

// work returns what the processes spent; ok is false when no whole second was spent on sending.
func (r *Run) work() (w work, ok bool) {
	var server, generator, looked, all float64
	var delivered uint64
	for _, stratum := range r.sending() {
		for _, s := range stratum {
			generator += s.Generator.CPU
			all++
			if s.Server != nil {
				server += s.Server.CPU
				delivered += s.Totals.deliveries()
				looked++
			}
		}
	}
	if all == 0 {
		return work{}, false
	}
	w.generator = generator / all
	if delivered > 0 {
		w.perDelivery, w.server = server/float64(delivered), server/looked
	}
	return w, true
}

// peak returns the most users that were logged in at the end of a second; 0 when the run has no seconds.
func (r *Run) peak() (most int) {
	for _, s := range r.Series {
		most = max(most, s.LoggedIn)
	}
	return most
}

// audited reports whether the audit looked at the messages of the run: an audit that had nothing to compare proves
// nothing.
func (r *Run) audited() bool { return r.Audit.Checked > 0 || !r.Audit.Clean() }

// faults counts everything that fails a run, but for what --fail-if asks.
func (r *Run) faults() uint64 {
	return sum[audit.Kind](r.Audit.Counts) + sum(r.Total.Disconnects) + sum(r.Total.Refused) + sum(r.Total.LoginRefused)
}
