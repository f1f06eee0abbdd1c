package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"hubbub/loadtest/audit"
	"hubbub/loadtest/plot"
)

var flowNames = map[Flow]string{Broadcast: "Broadcast", Whisper: "Whisper", Answer: "Answer", Login: "Login"}

// flowUnits are what a flow's latency is counted of.
var flowUnits = map[Flow]string{Broadcast: "deliveries", Whisper: "deliveries", Answer: "answers", Login: "logins"}

var kindMeanings = map[audit.Kind]string{
	audit.Lost:         "owed to a receiver and never seen there",
	audit.Duplicated:   "seen twice at a receiver",
	audit.Reordered:    "came behind a later message of the same sender",
	audit.Disordered:   "came in another order than at the other receivers",
	audit.Altered:      "not what was sent, or not what the other receivers saw",
	audit.Echoed:       "came back to its sender",
	audit.Misrouted:    "a whisper that reached somebody else",
	audit.Unanswered:   "a request that was never answered",
	audit.Contradicted: "delivered although its sender was told that it was refused",
}

// sample writes a metric with six significant digits.
func sample(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return humanize.Comma(int64(v))
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

func signed(v float64) string {
	if v > 0 {
		return "+" + sample(v)
	}
	return strings.Replace(sample(v), "-", "−", 1)
}

// headline returns the flow that the tiles are about: messages, or logins where there were none.
func (v *view) headline() Flow {
	if f := v.mainFlow(); v.Total.Latency[f].Count > 0 || v.Total.Latency[Login].Count == 0 {
		return f
	}
	return Login
}

// rateTile tells how much a second went through, in the phases that wanted any and in the best second.
func (v *view) rateTile() tile {
	if c := v.Ceiling; c != nil {
		return tile{Name: "ceiling", Value: number(c.Knee), About: c.Unit + " within " + c.Objective}
	}
	name, of := "deliveries a second", (*Totals).deliveries
	p, ok := v.pace(messages...)
	mean := p.delivered
	if !ok {
		name, of = "logins a second", func(t *Totals) uint64 { return t.Logins }
		p, _ = v.pace(Login)
		mean = p.sent
	}
	best := uint64(0)
	for i := range v.Series {
		best = max(best, of(&v.Series[i].Totals))
	}
	return tile{Name: name, Value: number(mean), About: "mean of the phases that wanted any; in the best second " + count(best)}
}

func (v *view) tiles() []tile {
	l := v.Total.Latency[v.main]
	if l.Count == 0 {
		return []tile{v.rateTile(), v.auditTile()}
	}
	what := " of all " + flowUnits[v.main]
	if v.main == Broadcast || v.main == Whisper {
		what = " of all " + string(v.main) + " " + flowUnits[v.main]
	}
	return []tile{
		v.rateTile(),
		{Name: "p50", Value: plot.Milliseconds.Format(l.P50), About: "half" + what + " were as fast or faster"},
		{Name: "p99", Value: plot.Milliseconds.Format(l.P99), About: "99 in 100 were as fast or faster"},
		{Name: "max", Value: plot.Milliseconds.Format(l.Max), About: "the slowest" + v.slowest(l.Max)},
		v.auditTile(),
	}
}

// slowest tells when the slowest message came.
func (v *view) slowest(ms float64) string {
	for i := range v.Series {
		s := &v.Series[i]
		if l := s.Totals.Latency[v.main]; l.Count > 0 && l.Max >= ms*(1-1e-3) {
			where := fmt.Sprintf(" one, after %s", plot.Clock.Format(math.Round(s.At)))
			if s.Phase != "" {
				where += ", in " + s.Phase
			}
			return where
		}
	}
	return " of them"
}

func (v *view) auditTile() tile {
	checked := count(v.Audit.Checked) + " deliveries compared"
	switch {
	case !v.Audit.Clean():
		return tile{Name: "audit", Value: count(sum(v.Audit.Counts)), Tone: "bad", About: "wrong, with " + checked}
	case v.Audit.Checked == 0:
		return tile{Name: "audit", Value: "none", About: "there was nothing to compare"}
	}
	return tile{Name: "audit", Value: "clean", Tone: "good", About: checked}
}

func (v *view) auditWords() string {
	words := "There was nothing to compare."
	switch checked := count(v.Audit.Checked); {
	case !v.Audit.Clean():
		words = fmt.Sprintf("%s deliveries were compared with what was sent and with what the other receivers saw.", checked)
	case v.Audit.Checked > 0:
		words = fmt.Sprintf("Clean: %s deliveries were compared, and each came once, unaltered, in its place and to the "+
			"right user. None was missing.", checked)
	}
	if n := v.Audit.Untracked; n > 0 {
		words += fmt.Sprintf(" %s more went to readers too far behind to be compared.", count(n))
	}
	return words
}

// Lede says in two sentences what was done.
func (v *view) Lede() string {
	who := many(uint64(v.peak()), "user", "users")
	if v.peak() == 0 {
		who = many(v.Total.Logins, "login", "logins")
	}
	took, right := plot.Clock.Format(v.Seconds), ""
	if v.Audit.Checked > 0 && v.Audit.Clean() {
		right = " All that were compared came once, unaltered and in order."
		if v.Audit.Checked == sum(v.Total.Delivered) {
			right = " Each of these was compared with what was sent, and came once, unaltered and in order."
		}
	}
	if sent := sum(v.Total.Sent); sent > 0 {
		return fmt.Sprintf("%s sent %s messages within %s, and %s copies of them were delivered.%s",
			who, count(sent), took, count(sum(v.Total.Delivered)), right)
	}
	return fmt.Sprintf("%s within %s; nobody sent a message.", who, took)
}

// Notes are what one must know to read the figures right.
func (v *view) Notes() (notes []string) {
	if v.Interrupted {
		notes = append(notes, "The run was interrupted. What was measured until then holds.")
	}
	if v.Generator.Bottleneck != "" {
		notes = append(notes, v.Generator.Bottleneck)
	}
	return notes
}

// Made says when and against what the run was made.
func (v *view) Made() string {
	return v.Started.UTC().Format("2 January 2006, 15:04:05") + " UTC, against " + strings.Join(v.Load.Targets, ", ")
}

// line is the command as one would type it.
func (v *view) line() string {
	words := make([]string, len(v.Command))
	for i, w := range v.Command {
		if w == "" || strings.ContainsAny(w, " \t\n'\"\\$`<>|&;()*?[]{}!#~") {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		words[i] = w
	}
	return strings.Join(words, " ")
}

func (v *view) environmentTable() *grid {
	g := &grid{Head: []string{"", ""}, Words: 1}
	e := v.Environment
	row := func(name, value string) {
		if value != "" {
			g.row(name, value)
		}
	}
	loop := "open: every message has its moment, whatever became of those before"
	if v.Load.Window > 0 {
		loop = fmt.Sprintf("closed: %d messages in flight", v.Load.Window)
	}
	row("scenario", v.Load.Name)
	row("dialect", v.Load.Dialect)
	row("loop", loop)
	if v.Load.Answers {
		row("answers", "every message asked for one")
	}
	row("seed", strconv.FormatUint(v.Load.Seed, 10))
	if v.Server != nil {
		row("server", strings.TrimSpace(v.Server.Version+" at "+v.Server.URL))
	}
	row("generator", strings.TrimSpace(fmt.Sprintf("%s with %s", e.Version, many(uint64(v.Load.Loops), "event loop", "event loops"))))
	row("system", e.System)
	row("processor", fmt.Sprintf("%s, %d usable", e.Processor, e.Processors))
	row("memory", plot.Bytes.Format(float64(e.Memory)))
	row("open files", "at most "+count(e.Files))
	return g
}

// latencyLimit reads the milliseconds of an objective on a latency, as p99<50ms is one.
func latencyLimit(objective string) (ms float64, ok bool) {
	ms, err := readDuration(strings.TrimSpace(objective[strings.LastIndexAny(objective, "<>=")+1:]))
	return ms, err == nil && ms > 0
}
