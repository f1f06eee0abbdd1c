package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode"

	"hubbub/loadtest/audit"
)

// Text writes the closing summary for a terminal of so many columns (0: 80), from what was asked for to the verdict,
// which comes last because that is where one looks. Nothing is said about what did not happen, but that the audit was
// clean. With color, headings are bold, and what is right or wrong is green or red. It fails when w does.
func (r *Run) Text(w io.Writer, width int, color bool) error {
	p := newPage(width, color)
	r.sayLoad(p)
	r.sayLatency(p)
	r.sayRates(p)
	p.gap()
	r.sayCounts(p)
	r.sayAudit(p)
	p.gap()
	r.sayProcesses(p)
	r.sayCeiling(p)
	p.gap()
	r.sayVerdict(p)
	return p.writeTo(w)
}

func (r *Run) sayLoad(p *page) {
	loop := "open loop"
	if r.Load.Window > 0 {
		loop = "closed loop of " + many(uint64(r.Load.Window), "message", "messages")
	}
	p.line(p.styled(bold, r.Load.Name))
	p.say("target", plain, fmt.Sprintf("%s, %s, %s", strings.Join(r.Load.Targets, ", "), r.Load.Dialect, loop))
	took := span(r.Seconds)
	if len(r.Phases) > 1 && r.Ceiling == nil {
		parts := make([]string, len(r.Phases))
		for i, phase := range r.Phases {
			parts[i] = phase.Name + " " + span(phase.To-phase.From)
		}
		took += ": " + strings.Join(parts, ", ")
	}
	if r.Interrupted {
		took += "; ended early, by the user"
	}
	p.say("took", plain, took)
}

// misleading is by how much a raw percentile must be lower than the corrected one to be told.
const misleading = 0.1

func (r *Run) sayLatency(p *page) {
	t := table{spare: []string{"p99.99", "p90", "p99.9"}}
	t.row("latency", "p50", "p90", "p99", "p99.9", "p99.99", "max")
	late := false
	for _, f := range Flows {
		l, raw := r.Total.Latency[f], r.Total.Raw[f]
		if l.Count == 0 {
			continue
		}
		t.row(append([]string{string(f)}, l.cells()...)...)
		if raw.Count > 0 && raw.hides(l) {
			t.row(append([]string{"  as sent"}, raw.cells()...)...)
			late = true
		}
	}
	if len(t.rows) == 1 {
		return
	}
	p.gap()
	p.table(t)
	if late {
		p.hang("", dim, "Latency counts from the moment at which the plan wanted a message sent; \"as sent\" counts from the"+
			" moment at which it was, and so leaves out what it waited before.")
	}
}

// cells writes the percentiles. One that has no value beyond it is not known: it would be the maximum again.
func (l Latency) cells() (cells []string) {
	for _, c := range []struct{ beyond, ms float64 }{
		{0.5, l.P50}, {0.1, l.P90}, {0.01, l.P99}, {0.001, l.P999}, {0.0001, l.P9999},
	} {
		if float64(l.Count)*c.beyond < 1-1e-9 {
			cells = append(cells, "–")
		} else {
			cells = append(cells, latency(c.ms))
		}
	}
	return append(cells, latency(l.Max))
}

// hides reports whether a raw latency looks better than the corrected one by more than can be overlooked.
func (l Latency) hides(corrected Latency) bool {
	for _, pair := range [][2]float64{
		{l.P50, corrected.P50}, {l.P90, corrected.P90}, {l.P99, corrected.P99},
		{l.P999, corrected.P999}, {l.P9999, corrected.P9999}, {l.Max, corrected.Max},
	} {
		if math.Abs(pair[1]-pair[0]) > misleading*pair[1] {
			return true
		}
	}
	return false
}

// short is the share of the messages asked for below which it is told that fewer were sent.
const short = 0.99

func (r *Run) sayRates(p *page) {
	t := table{}
	t.row("messages", "asked", "sent", "delivered")
	var fewer []string
	for _, f := range messages {
		pace, ok := r.pace(f)
		if !ok {
			continue
		}
		t.row(string(f), rate(pace.asked), rate(pace.sent), rate(pace.delivered))
		if pace.sent < short*pace.asked {
			fewer = append(fewer, fmt.Sprintf("Only %s of the %ss that were asked for were sent.", percent(pace.sent/pace.asked), f))
		}
	}
	if len(t.rows) == 1 {
		return
	}
	if r.Load.Window > 0 { // a closed loop sends as fast as it is answered, whatever is asked
		t.drop("asked")
		fewer = nil
	}
	p.gap()
	p.table(t)
	if len(fewer) > 0 {
		p.hang("", bold, strings.Join(fewer, " "))
	}
}

func (r *Run) sayCounts(p *page) {
	t := &r.Total
	logins := count(t.Logins)
	if peak := r.peak(); peak > 0 && uint64(peak) != t.Logins {
		logins += fmt.Sprintf(", %s logged in at most", count(uint64(peak)))
	}
	if t.Left > 0 {
		logins += fmt.Sprintf(", %s as planned", count(t.Left)+" left")
	}
	p.say("logins", plain, logins)
	for _, c := range []struct {
		label  string
		counts map[string]uint64
	}{{"not let in", t.LoginRefused}, {"cut off", t.Disconnects}, {"refused", t.Refused}} {
		if len(c.counts) > 1 {
			p.say(c.label, bad, count(sum(c.counts))+": "+list(c.counts))
		} else if len(c.counts) == 1 {
			p.say(c.label, bad, list(c.counts))
		}
	}
}

func (r *Run) sayAudit(p *page) {
	a := &r.Audit
	compared := many(a.Checked, "delivery", "deliveries") + " compared"
	switch {
	case !r.audited():
		p.say("audit", plain, "nothing was compared")
	case a.Clean():
		p.say("audit", good, "clean, "+compared)
	default:
		p.say("audit", bad, list(a.Counts)+"; "+compared)
	}
	if a.Untracked > 0 {
		p.say("", plain, many(a.Untracked, "delivery", "deliveries")+" not compared, at readers too far behind")
	}
	for _, kind := range audit.Kinds {
		r.sayFindings(p, kind)
	}
}

// shown is how many findings of a kind the text has; the JSON has more.
const shown = 3

func (r *Run) sayFindings(p *page, kind audit.Kind) {
	head := pad("  "+string(kind), labelWidth)
	n := 0
	for _, f := range r.Audit.Findings {
		if f.Kind != kind {
			continue
		}
		if n++; n > shown {
			break
		}
		p.hang(head, plain, words(f))
		head = pad("", labelWidth)
	}
	if total := r.Audit.Counts[kind]; n > 0 && total > uint64(min(n, shown)) {
		p.hang(head, dim, fmt.Sprintf("and %s more", count(total-uint64(min(n, shown)))))
	}
}

func words(f audit.Finding) string {
	text := fmt.Sprintf("%s, at user %d: message %s of user %d", moment(f.At), f.Receiver, count(f.Number), f.Sender)
	if f.Note != "" {
		text += ": " + f.Note
	}
	return text
}

// sayProcesses tells what server and generator took: processor time while messages were sent, memory at its most.
func (r *Run) sayProcesses(p *page) {
	w, _ := r.work()
	var server, generator []string
	if w.server > 0 {
		server = append(server, latency(w.perDelivery*1000)+" of CPU a delivery", processors(w.server))
	}
	if r.Server != nil && r.Server.PeakResident > 0 {
		server = append(server, memory(float64(r.Server.PeakResident))+" at most")
	}
	g := &r.Generator
	if w.generator > 0 {
		generator = append(generator, processors(w.generator), "busiest loop "+percent(g.Busy)+" busy")
	}
	if g.PeakResident > 0 {
		generator = append(generator, memory(float64(g.PeakResident))+" at most")
	}
	for _, of := range []struct {
		label string
		parts []string
	}{{"server", server}, {"generator", generator}} {
		if len(of.parts) > 0 {
			p.say(of.label, plain, strings.Join(of.parts, ", "))
		}
	}
	if g.Lag.Count > 0 {
		p.say("", plain, fmt.Sprintf("sent %s late at p99, %s at most", latency(g.Lag.P99), latency(g.Lag.Max)))
	}
	if g.Bottleneck != "" {
		p.say("", bold, sentence(g.Bottleneck))
	}
}

func (r *Run) sayCeiling(p *page) {
	c := r.Ceiling
	if c == nil {
		return
	}
	p.gap()
	found := fmt.Sprintf("no rate that was tried met %s", c.Objective)
	if c.Knee > 0 {
		found = fmt.Sprintf("%s met up to %s %s", c.Objective, number(c.Knee), c.Unit)
	}
	p.say("ceiling", bold, found)
	t := table{words: 1, spare: []string{"p50", "p99"}}
	t.row("", "asked", "sent", "p50", "p99", "")
	for _, s := range c.Steps {
		met := "met"
		if !s.Met {
			met = "not met"
		}
		if s.Why != "" {
			met += ": " + s.Why
		}
		t.row("", rate(s.Rate), rate(s.Achieved), latency(s.P50), latency(s.P99), met)
	}
	if len(c.Steps) > 0 {
		p.table(t)
	}
}

func (r *Run) sayVerdict(p *page) {
	switch {
	case !r.Verdict.Passed:
		p.line(p.styled(bad, "FAILED"))
	case r.Interrupted:
		p.line(p.styled(good, "PASSED") + ", as far as it went")
	default:
		p.line(p.styled(good, "PASSED"))
	}
	for _, reason := range r.Verdict.Reasons {
		p.hang("  ", plain, reason)
	}
}

// sentence makes sure that a text begins with a capital letter and ends with a stop.
func sentence(text string) string {
	first := []rune(text)
	first[0] = unicode.ToUpper(first[0])
	return strings.TrimRight(string(first), ".") + "."
}
