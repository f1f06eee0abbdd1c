package report

import (
	"fmt"
	"io"
	"math"
	"slices"
)

// Comparison is a newer run beside an older one.
type Comparison struct {
	Warnings []string // why the two may not be comparable, one sentence each
	Ratios   []Ratio
	Seconds  [2]int // of sending, of the older and the newer run, from which the intervals come
}

// Ratio is a figure of two runs.
type Ratio struct {
	Name     string // "broadcast p99"
	Old, New float64
	Ratio    float64 // New/Old
	// Low and High are the 95 % interval of Ratio. Both are 0 for a figure of which a run has one only, like a maximum,
	// and where a run was too short.
	Low, High float64
	Words     string // what to think of it: "slower", noDifference
	write     func(float64) string
}

// Compare tells how a newer run differs from an older one, and how sure that is.
//
// The figures that have an interval are those of the seconds of the phases that send: latency as the geometric mean of
// the percentile of each second, which is that of a typical second; rates as the mean of the seconds; processor time for
// a delivery as all time over all deliveries. The interval is a block bootstrap of the seconds (see interval). A run of
// fewer than 8 such seconds is too short for one.
//
// What the interval can't know is what differs from run to run as a whole: where the processes lie in memory, what the
// machine did besides. Several runs of each tell that. Between runs that do not differ an interval tells a difference in
// 1 to 4 % of the cases where the seconds are independent, in 4 to 7 % where each keeps half of the noise of the one
// before, and in 12 % where it does so and there are 8 only.
//
// Memory, the percentile of the whole run and the maximum are one figure a run, and have no interval.
func Compare(older, newer *Run) Comparison {
	a, b := older.sending(), newer.sending()
	c := Comparison{Warnings: differences(older, newer), Seconds: [2]int{seconds(a), seconds(b)}}
	for _, f := range metrics {
		c.add(f, observe(f, a), observe(f, b))
	}
	for _, s := range singles {
		c.single(s, s.of(older), s.of(newer))
	}
	return c
}

func seconds(strata [][]Second) (n int) {
	for _, stratum := range strata {
		n += len(stratum)
	}
	return n
}

// verdicts are the words for a figure that is higher, and for one that is lower.
type verdicts struct{ higher, lower string }

var (
	timed  = verdicts{"slower", "faster"}
	spent  = verdicts{"more", "less"}
	passed = verdicts{"more", "fewer"}
)

// metric is a figure that every second has.
type metric struct {
	name  string
	words verdicts
	logs  bool // of gives the logarithm of the figure
	of    func(*Second) (observation, bool)
	write func(float64) string
}

var metrics = []metric{
	percentileMetric(Broadcast, "p50", func(l Latency) float64 { return l.P50 }),
	percentileMetric(Broadcast, "p99", func(l Latency) float64 { return l.P99 }),
	percentileMetric(Whisper, "p50", func(l Latency) float64 { return l.P50 }),
	percentileMetric(Whisper, "p99", func(l Latency) float64 { return l.P99 }),
	percentileMetric(Answer, "p50", func(l Latency) float64 { return l.P50 }),
	percentileMetric(Answer, "p99", func(l Latency) float64 { return l.P99 }),
	{"messages sent", passed, false, func(s *Second) (observation, bool) {
		return observation{float64(s.Totals.Sent[Broadcast] + s.Totals.Sent[Whisper]), 1}, true
	}, rate},
	{"deliveries", passed, false, func(s *Second) (observation, bool) {
		return observation{float64(s.Totals.deliveries()), 1}, true
	}, rate},
	{"server CPU/delivery", spent, false, func(s *Second) (observation, bool) {
		if s.Server == nil || s.Totals.deliveries() == 0 {
			return observation{}, false
		}
		return observation{s.Server.CPU * 1000, float64(s.Totals.deliveries())}, true
	}, latency},
}

func percentileMetric(f Flow, name string, of func(Latency) float64) metric {
	return metric{string(f) + " " + name, timed, true, func(s *Second) (observation, bool) {
		l := s.Totals.Latency[f]
		const least = 0.001 // ms: a histogram knows no less, and 0 has no logarithm
		return observation{math.Log(max(of(l), least)), 1}, l.Count > 0
	}, latency}
}

func observe(f metric, strata [][]Second) (out observations) {
	for _, stratum := range strata {
		var of []observation
		for i := range stratum {
			if s, ok := f.of(&stratum[i]); ok {
				of = append(of, s)
			}
		}
		out = append(out, of)
	}
	return out
}

func (c *Comparison) add(f metric, a, b observations) {
	if a.count() == 0 || b.count() == 0 {
		return // one of the runs knows nothing of it
	}
	r := Ratio{Name: f.name, Old: a.mean(), New: b.mean(), write: f.write}
	if f.logs {
		r.Old, r.New = math.Exp(r.Old), math.Exp(r.New)
	}
	if r.Old <= 0 || r.New <= 0 {
		return
	}
	r.Ratio = r.New / r.Old
	low, high, ok := interval(a, b, f.logs)
	if ok {
		r.Low, r.High = low, high
	}
	r.Words = f.words.of(low, high, ok)
	c.Ratios = append(c.Ratios, r)
}

// The words where no difference is told.
const (
	tooShort     = "too short"
	noDifference = "no clear change"
	oneValue     = "one a run"
)

// alike is how far from 1 a ratio may be and still be called the same.
const alike = 0.005

func (v verdicts) of(low, high float64, ok bool) string {
	switch {
	case !ok:
		return tooShort
	case low > 1-alike && high < 1+alike:
		return "the same"
	case low > 1:
		return v.higher
	case high < 1:
		return v.lower
	}
	return noDifference
}

// lone is a figure of which a run has one.
type lone struct {
	name  string
	of    func(*Run) float64 // 0: not known
	write func(float64) string
}

var singles = []lone{
	{"broadcast p99, all", func(r *Run) float64 { return r.Total.Latency[Broadcast].P99 }, latency},
	{"broadcast max", func(r *Run) float64 { return r.Total.Latency[Broadcast].Max }, latency},
	{"whisper p99, all", func(r *Run) float64 { return r.Total.Latency[Whisper].P99 }, latency},
	{"whisper max", func(r *Run) float64 { return r.Total.Latency[Whisper].Max }, latency},
	{"login p99, all", func(r *Run) float64 { return r.Total.Latency[Login].P99 }, latency},
	{"server memory", func(r *Run) float64 {
		if r.Server == nil {
			return 0
		}
		return float64(r.Server.PeakResident)
	}, memory},
	{"generator memory", func(r *Run) float64 { return float64(r.Generator.PeakResident) }, memory},
}

func (c *Comparison) single(s lone, a, b float64) {
	if a > 0 && b > 0 {
		c.Ratios = append(c.Ratios, Ratio{Name: s.name, Old: a, New: b, Ratio: b / a, Words: oneValue, write: s.write})
	}
}

// differences tells what is not the same about two runs, although it should be.
func differences(older, newer *Run) (out []string) {
	a, b := older.Environment, newer.Environment
	for _, d := range []struct {
		what   string
		differ bool
	}{
		{"scenarios", older.Load.Scenario != newer.Load.Scenario},
		{"targets", !slices.Equal(older.Load.Targets, newer.Load.Targets)},
		{"dialects", older.Load.Dialect != newer.Load.Dialect},
		{"numbers of messages in flight", older.Load.Window != newer.Load.Window},
		{"numbers of event loops in the generator", older.Load.Loops != newer.Load.Loops},
		{"systems", a.System != b.System},
		{"processors", a.Processor != b.Processor || a.Processors != b.Processors},
		{"sizes of memory", a.Memory != b.Memory},
		{"versions of the generator", a.Version != b.Version},
	} {
		if d.differ {
			out = append(out, fmt.Sprintf("The runs had different %s.", d.what))
		}
	}
	if older.Load.Answers != newer.Load.Answers {
		out = append(out, "One of the runs asked for answers, the other did not.")
	}
	return append(append(out, doubts("older", older)...), doubts("newer", newer)...)
}

// doubts tells why a run's figures are not to be trusted.
func doubts(which string, r *Run) (out []string) {
	if r.Interrupted {
		out = append(out, fmt.Sprintf("The %s run was ended early, after %s.", which, span(r.Seconds)))
	}
	if !r.Verdict.Passed {
		out = append(out, fmt.Sprintf("The %s run failed.", which))
	}
	if r.Generator.Bottleneck != "" {
		out = append(out, fmt.Sprintf("In the %s run the generator was the limit.", which))
	}
	return out
}

// Text writes the comparison for a terminal of so many columns (0: 80). It fails when w does.
func (c Comparison) Text(w io.Writer, width int, color bool) error {
	p := newPage(width, color)
	for _, warning := range c.Warnings {
		p.say("beware", bold, warning)
	}
	t := table{words: 1, spare: []string{"old", "new"}}
	t.row("compared", "old", "new", "ratio", "95 % between", "")
	for _, r := range c.Ratios {
		between := ""
		if r.High > 0 {
			between = fmt.Sprintf("%.2f to %.2f", r.Low, r.High)
		}
		t.row(r.Name, r.write(r.Old), r.write(r.New), significant(r.Ratio)+" ×", between, r.Words)
	}
	if len(c.Ratios) == 0 {
		p.say("compared", plain, "nothing: the runs have no figure in common")
		return p.writeTo(w)
	}
	p.gap()
	p.table(t)
	p.gap()
	p.hang("", dim, c.footnote())
	return p.writeTo(w)
}

func (c Comparison) footnote() string {
	text := fmt.Sprintf("Percentiles are those of a typical second, but where it says all. Intervals come from %d s of"+
		" sending in the older and %d s in the newer run. They tell how sure the difference between these two is, not what the next run will be.",
		c.Seconds[0], c.Seconds[1])
	if slices.ContainsFunc(c.Ratios, func(r Ratio) bool { return r.Words == tooShort }) {
		text += fmt.Sprintf(" It takes %d s of each.", fewest)
	}
	return text
}
