package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"hubbub/loadtest/plot"
)

// The colors of what several charts show; a flow has that of its place in Flows.
const (
	serverColor    = 1
	generatorColor = 2
	backColor      = plot.Colors // of what is told for the sake of something else
)

func (v *view) latencyOverTime(f Flow) *figure {
	of := func(pick func(*Latency) float64) func(*Second) float64 {
		return func(s *Second) float64 {
			l := s.Totals.Latency[f]
			if l.Count == 0 {
				return math.NaN()
			}
			return pick(&l)
		}
	}
	return v.overTime(flowNames[f]+" latency over time", "What half of a second's "+flowUnits[f]+
		" stayed below, what 99 in 100 did, and the slowest of all. The scale is logarithmic.",
		plot.Axis{Unit: plot.Milliseconds, Scale: plot.Log}, byWorst, plot.Line,
		track{name: "max", color: backColor, value: of(func(l *Latency) float64 { return l.Max })},
		track{name: "p99", color: 2, value: of(func(l *Latency) float64 { return l.P99 })},
		track{name: "p50", color: 1, value: of(func(l *Latency) float64 { return l.P50 })})
}

// counted reads a count of messages, of the flows that the run has.
func (v *view) counted(f Flow, in func(*Totals) map[Flow]uint64) func(*Second) float64 {
	if in(&v.Total)[f] == 0 {
		return func(*Second) float64 { return math.NaN() }
	}
	return func(s *Second) float64 { return float64(in(&s.Totals)[f]) }
}

func intended(t *Totals) map[Flow]uint64  { return t.Intended }
func sent(t *Totals) map[Flow]uint64      { return t.Sent }
func delivered(t *Totals) map[Flow]uint64 { return t.Delivered }

func (v *view) sentOverTime() *figure {
	about := "What the plan asked for, dashed, and what was sent."
	if v.Load.Window > 0 {
		about = "What was sent, as fast as the closed loop let it."
	}
	var tracks []track
	for i, f := range []Flow{Broadcast, Whisper} {
		tracks = append(tracks, track{name: string(f), color: i + 1, value: v.counted(f, sent)})
		if v.Load.Window == 0 {
			tracks = append(tracks, track{name: string(f) + ", asked", color: i + 1, dashed: true, value: v.counted(f, intended)})
		}
	}
	return v.overTime("Messages sent", about, plot.Axis{Unit: plot.PerSecond}, byMean, plot.Line, tracks...)
}

func (v *view) deliveriesOverTime() *figure {
	return v.overTime("Messages delivered", "The copies that arrived: a broadcast counts once for each of its receivers.",
		plot.Axis{Unit: plot.PerSecond}, byMean, plot.Line,
		track{name: "broadcast", color: 1, value: v.counted(Broadcast, delivered)},
		track{name: "whisper", color: 2, value: v.counted(Whisper, delivered)})
}

func (v *view) connectionsOverTime() *figure {
	return v.overTime("Connections", "How many were open, and how many users were logged in.",
		plot.Axis{Unit: plot.Count}, byMean, plot.Line,
		track{name: "open", color: backColor, value: func(s *Second) float64 { return float64(s.Connections) }},
		track{name: "logged in", color: 1, value: func(s *Second) float64 { return float64(s.LoggedIn) }})
}

func (v *view) loginsOverTime() *figure {
	left := func(s *Second) float64 { return float64(s.Totals.Left) }
	if v.Total.Left == 0 {
		left = func(*Second) float64 { return math.NaN() }
	}
	return v.overTime("Logins", "Users that logged in, and users that left because the plan wanted it.",
		plot.Axis{Unit: plot.PerSecond}, byMean, plot.Line,
		track{name: "logged in", color: 1, value: func(s *Second) float64 { return float64(s.Totals.Logins) }},
		track{name: "left", color: 2, value: left})
}

// troubleOverTime stacks what went wrong. The rarest of more reasons than there are colors are one layer.
func (v *view) troubleOverTime() *figure {
	var tracks []track
	total := map[string]uint64{}
	for _, k := range troubles {
		for name, n := range k.in(&v.Total) {
			count := func(s *Second) float64 { return float64(k.in(&s.Totals)[name]) }
			if total[k.short+name] = n; n > 0 {
				tracks = append(tracks, track{name: k.short + name, value: count})
			}
		}
	}
	slices.SortFunc(tracks, func(a, b track) int { return byCount(total)(a.name, b.name) })
	if rest := tracks[min(len(tracks), plot.Colors-1):]; len(rest) > 1 {
		tracks = append(tracks[:plot.Colors-1:plot.Colors-1], track{name: "others", value: func(s *Second) (n float64) {
			for _, t := range rest {
				n += t.value(s)
			}
			return n
		}})
	}
	for i := range tracks {
		tracks[i].color = i + 1
	}
	return v.overTime("What went wrong, and when", "Each bar counts what happened in a second, by reason.",
		plot.Axis{Unit: plot.Count}, bySum, plot.Stacked, tracks...)
}

// used reads a figure of the server's, where it is known.
func used(pick func(*Usage) float64) func(*Second) float64 {
	return func(s *Second) float64 {
		if s.Server == nil {
			return math.NaN()
		}
		return pick(s.Server)
	}
}

func (v *view) cpuOverTime() *figure {
	cpu := func(u *Usage) float64 { return u.CPU }
	return v.overTime("Processor time", "How many processors each of the two kept busy; 1 is all of one.",
		plot.Axis{Unit: plot.Count}, byMean, plot.Line,
		track{name: "server", color: serverColor, value: used(cpu)},
		track{name: "generator", color: generatorColor, value: func(s *Second) float64 { return cpu(&s.Generator) }})
}

func (v *view) memoryOverTime() *figure {
	resident := func(u *Usage) float64 {
		if u.Resident == 0 {
			return math.NaN()
		}
		return float64(u.Resident)
	}
	return v.overTime("Memory", "What was resident.", plot.Axis{Unit: plot.Bytes}, byWorst, plot.Line,
		track{name: "server", color: serverColor, value: used(resident)},
		track{name: "generator", color: generatorColor, value: func(s *Second) float64 { return resident(&s.Generator) }})
}

func (v *view) lagOverTime() *figure {
	if v.Generator.Lag.Count == 0 {
		return nil
	}
	return v.overTime("Lateness of the generator",
		"How long after its moment the latest message of a second was sent. It is part of every latency above.",
		plot.Axis{Unit: plot.Milliseconds}, byWorst, plot.Line,
		track{name: "lag", color: generatorColor, value: func(s *Second) float64 { return s.Generator.Lag }})
}

func (v *view) bytesOverTime() *figure {
	if v.Total.BytesIn+v.Total.BytesOut == 0 {
		return nil
	}
	return v.overTime("Bytes each second", "What the generator received from the server and what it sent.",
		plot.Axis{Unit: plot.Bytes}, byMean, plot.Line,
		track{name: "received", color: 1, value: func(s *Second) float64 { return float64(s.Totals.BytesIn) }},
		track{name: "sent", color: 2, value: func(s *Second) float64 { return float64(s.Totals.BytesOut) }})
}

// ceiling shows the rates that were tried, by rate, and what was found.
func (v *view) ceiling() section {
	c := v.Ceiling
	if c == nil {
		return section{}
	}
	s := section{Title: "Ceiling", About: "No rate that was tried met " + c.Objective + ".", Grids: []*grid{v.stepTable()}}
	if c.Knee > 0 {
		s.About = fmt.Sprintf("%s was met up to %s %s.", c.Objective, number(c.Knee), c.Unit)
	}
	steps := slices.SortedStableFunc(slices.Values(c.Steps), func(a, b Step) int { return cmp.Compare(a.Rate, b.Rate) })
	f := &figure{Title: "Latency by rate", About: "Where a curve turns upwards, no more can be had. The scale is logarithmic."}
	f.chart = plot.Chart{
		X: plot.Axis{Name: c.Unit}, Y: plot.Axis{Unit: plot.Milliseconds, Scale: plot.Log},
		Series: []plot.Series{{Name: "p50", Color: 1, Mark: plot.Dots}, {Name: "p99", Color: 2, Mark: plot.Dots}},
	}
	for _, step := range steps {
		f.chart.At = append(f.chart.At, step.Rate)
		f.chart.Series[0].Values = append(f.chart.Series[0].Values, step.P50)
		f.chart.Series[1].Values = append(f.chart.Series[1].Values, step.P99)
	}
	if n := len(steps); n > 0 && steps[n-1].Rate > 20*steps[0].Rate {
		f.chart.X.Scale = plot.Log
	}
	if c.Knee > 0 {
		f.chart.X.Rules = []plot.Rule{{Name: "ceiling", At: c.Knee}}
	}
	if limit, ok := latencyLimit(c.Objective); ok {
		f.chart.Y.Rules = []plot.Rule{{Name: c.Objective, At: limit}}
	}
	s.Figures = []*figure{f}
	return s
}
