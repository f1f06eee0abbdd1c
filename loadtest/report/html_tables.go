package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"hubbub/loadtest/audit"
	"hubbub/loadtest/plot"
)

// grid is a table. Its first column names the rows; columns from Words on hold words, the ones between figures.
type grid struct {
	Title string
	Head  []string
	Words int
	Rows  []gridRow
}

type gridRow struct {
	Cells []string
	Faint bool // told beside the row above
}

func (g *grid) row(cells ...string) { g.Rows = append(g.Rows, gridRow{Cells: cells}) }

// orNone returns the table, or nil when it has no rows.
func (g *grid) orNone() *grid {
	if len(g.Rows) == 0 {
		return nil
	}
	return g
}

// Named reports whether the columns have names.
func (g *grid) Named() bool { return g.Head[len(g.Head)-1] != "" }

// IsWords reports whether a column holds words.
func (g *grid) IsWords(column int) bool { return column == 0 || column >= g.Words }

func (v *view) percentileTable() *grid {
	g := &grid{Words: 10, Head: []string{"", "count", "least", "mean", "p50", "p90", "p99", "p99.9", "p99.99", "max"}}
	for _, f := range Flows {
		l := v.Total.Latency[f]
		if l.Count == 0 {
			continue
		}
		g.row(latencyCells(string(f), l)...)
		if c, raw := newCurve(l), newCurve(v.Total.Raw[f]); c != nil && raw != nil && differ(c, raw) {
			g.row(latencyCells("raw", v.Total.Raw[f])...)
			g.Rows[len(g.Rows)-1].Faint = true
		}
	}
	return g.orNone()
}

func latencyCells(name string, l Latency) []string {
	cells := []string{name, count(l.Count)}
	for _, ms := range []float64{l.Min, l.Mean, l.P50, l.P90, l.P99, l.P999, l.P9999, l.Max} {
		cells = append(cells, plot.Milliseconds.Format(ms))
	}
	return cells
}

func (v *view) phaseTable() *grid {
	g := &grid{Title: "Phase by phase", Words: 11,
		Head: []string{"phase", "from", "to", "asked", "sent", "delivered", "p50", "p99", "max", "logins", "went wrong"}}
	for _, p := range v.Phases {
		rate := func(in map[Flow]uint64) string {
			n := in[Broadcast] + in[Whisper]
			if n == 0 || p.To <= p.From {
				return "–"
			}
			return plot.PerSecond.Format(float64(n) / (p.To - p.From))
		}
		cells := []string{p.Name, plot.Clock.Format(p.From), plot.Clock.Format(p.To),
			rate(p.Totals.Intended), rate(p.Totals.Sent), rate(p.Totals.Delivered), "–", "–", "–"}
		if l := p.Totals.Latency[v.main]; l.Count > 0 {
			for i, ms := range []float64{l.P50, l.P99, l.Max} {
				cells[6+i] = plot.Milliseconds.Format(ms)
			}
		}
		var wrong uint64
		for _, k := range troubles {
			wrong += sum(k.in(&p.Totals))
		}
		g.row(append(cells, count(p.Totals.Logins), count(wrong))...)
	}
	return g.orNone()
}

// troubles are what a server or a network can do to a user, beside what the audit finds.
var troubles = []struct {
	name, short string
	in          func(*Totals) map[string]uint64
}{
	{"request refused", "refused: ", func(t *Totals) map[string]uint64 { return t.Refused }},
	{"login refused", "login: ", func(t *Totals) map[string]uint64 { return t.LoginRefused }},
	{"disconnected", "cut: ", func(t *Totals) map[string]uint64 { return t.Disconnects }},
}

func (v *view) troubleTable() *grid {
	g := &grid{Head: []string{"what", "times", "reason"}, Words: 2}
	for _, k := range troubles {
		all := k.in(&v.Total)
		for _, name := range slices.SortedFunc(maps.Keys(all), byCount(all)) {
			if all[name] > 0 {
				g.row(k.name, count(all[name]), name)
			}
		}
	}
	return g.orNone()
}

// byCount orders names by their counts, the largest first.
func byCount(of map[string]uint64) func(a, b string) int {
	return func(a, b string) int { return cmp.Or(cmp.Compare(of[b], of[a]), strings.Compare(a, b)) }
}

func (v *view) auditTable() *grid {
	g := &grid{Head: []string{"finding", "deliveries", "meaning"}, Words: 2}
	for _, kind := range audit.Kinds {
		if n := v.Audit.Counts[kind]; n > 0 {
			g.row(string(kind), count(n), kindMeanings[kind])
		}
	}
	return g.orNone()
}

func (v *view) findingsTable() *grid {
	g := &grid{Title: "Where", Words: 6,
		Head: []string{"finding", "at", "receiver", "sender", "message", "server's id", "what was seen"}}
	for _, f := range v.Audit.Findings {
		id := "–"
		if f.ID != 0 {
			id = strconv.FormatUint(f.ID, 10)
		}
		g.row(string(f.Kind), fmt.Sprintf("%.3f\u00a0s", f.At.Seconds()), fmt.Sprint(f.Receiver), fmt.Sprint(f.Sender),
			fmt.Sprint(f.Number), id, f.Note)
	}
	return g.orNone()
}

// processTable tells what server and generator took: processor time while messages were sent, memory at its most.
func (v *view) processTable() *grid {
	g := &grid{Head: []string{"", "server", "generator"}, Words: 3}
	told := func(v float64, write func(float64) string) string {
		if v == 0 {
			return "not known"
		}
		return write(v)
	}
	seconds := func(v float64) string { return number(math.Round(v*10)/10) + "\u00a0s" }
	var server Server
	if v.Server != nil {
		server = *v.Server
	}
	own := &v.Generator
	if w, ok := v.work(); ok {
		g.row("processors busy while messages were sent", told(w.server, number), number(w.generator))
		g.row("processor time for a delivery then", told(w.perDelivery*1000, plot.Milliseconds.Format), "–")
	}
	g.row("processor time, all of it", told(server.CPUSeconds, seconds), seconds(own.CPUSeconds))
	g.row("resident memory at the most", told(float64(server.PeakResident), plot.Bytes.Format),
		plot.Bytes.Format(float64(own.PeakResident)))
	g.row("busiest loop was not waiting", "–", percent(own.Busy))
	if l := own.Lag; l.Count > 0 {
		g.row("lateness of half of the messages", "–", "≤\u00a0"+plot.Milliseconds.Format(l.P50))
		g.row("lateness of 99 in 100", "–", "≤\u00a0"+plot.Milliseconds.Format(l.P99))
		g.row("lateness of the latest", "–", plot.Milliseconds.Format(l.Max))
	}
	return g
}

func (v *view) stepTable() *grid {
	g := &grid{Head: []string{"asked", "sent", "p50", "p99", "objective", "why"}, Words: 4}
	for _, s := range v.Ceiling.Steps {
		met := "broken"
		if s.Met {
			met = "met"
		}
		g.row(number(s.Rate), number(s.Achieved), plot.Milliseconds.Format(s.P50), plot.Milliseconds.Format(s.P99), met, s.Why)
	}
	return g.orNone()
}

// metricTables returns the server's samples before and after, those that changed and those that did not.
func (v *view) metricTables() (changed, same *grid) {
	if v.Server == nil {
		return nil, nil
	}
	changed = &grid{Head: []string{"metric", "before", "after", "change"}, Words: 4}
	same = &grid{Head: []string{"metric", "value"}, Words: 2}
	names := maps.Clone(v.Server.After)
	if names == nil {
		names = map[string]float64{}
	}
	maps.Copy(names, v.Server.Before)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		before, was := v.Server.Before[name]
		after, is := v.Server.After[name]
		switch {
		case was && is && before == after:
			same.row(name, sample(before))
		case was && is:
			changed.row(name, sample(before), sample(after), signed(after-before))
		case was:
			changed.row(name, sample(before), "–", "gone")
		default:
			changed.row(name, "–", sample(after), "new")
		}
	}
	return changed.orNone(), same.orNone()
}
