package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"

	"hubbub/loadtest/plot"
)

// curve is a distribution that is drawn: up to the share that its slowest value is of all.
type curve struct {
	*hdrhistogram.Histogram
	last float64
}

// newCurve unpacks a distribution; nil when nothing was counted or only a summary was kept.
func newCurve(l Latency) *curve {
	h, err := l.Histogram()
	if err != nil || h.TotalCount() == 0 {
		return nil
	}
	return &curve{h, 1 - 1/float64(h.TotalCount())}
}

// at returns the milliseconds that a share of all values stayed within, and not a number beyond the slowest one.
func (c *curve) at(share float64) float64 {
	if share > c.last {
		return math.NaN()
	}
	if share == c.last {
		return millis(c.Max())
	}
	return millis(c.ValueAtPercentile(share * 100))
}

// percentiles draws all flows, each corrected and, where that makes a difference, raw.
func (v *view) percentiles() *figure {
	f := &figure{Title: "Latency by percentile", chart: plot.Chart{
		X: plot.Axis{Scale: plot.Percentile, Unit: plot.Percent, Name: "of all messages were at least as fast"},
		Y: plot.Axis{Scale: plot.Log, Unit: plot.Milliseconds},
	}}
	var curves []*curve
	hidden := false
	for i, flow := range Flows {
		c, raw := newCurve(v.Total.Latency[flow]), newCurve(v.Total.Raw[flow])
		if c == nil {
			continue
		}
		curves = append(curves, c)
		f.chart.Series = append(f.chart.Series, plot.Series{Name: string(flow), Color: i + 1})
		if raw != nil && differ(c, raw) {
			hidden = true
			curves = append(curves, raw)
			f.chart.Series = append(f.chart.Series, plot.Series{Name: string(flow) + ", raw", Color: i + 1, Dashed: true})
		}
	}
	if curves == nil {
		return nil
	}
	f.About = "How slow the slowest were: each step to the right is ten times rarer. " +
		"Counted from the sending instead, the curves would be the same within 10 %: no message waited long for its turn."
	if hidden {
		f.About = "How slow the slowest were: each step to the right is ten times rarer. " +
			"Dashed: raw, counted from the sending, which leaves out how long a message had waited by then."
	}
	f.chart.At = shares(curves)
	for i, c := range curves {
		for _, share := range f.chart.At {
			f.chart.Series[i].Values = append(f.chart.Series[i].Values, c.at(share))
		}
	}
	return f
}

// shares returns where the curves are looked at: 25 times in each decade, and where one of them ends.
func shares(curves []*curve) (at []float64) {
	last := slices.MaxFunc(curves, func(a, b *curve) int { return cmp.Compare(a.last, b.last) }).last
	for i := 1.0; ; i++ { // the very fastest says nothing, and would stretch the scale
		share := 1 - math.Pow(10, -i/25)
		if share >= last {
			break
		}
		at = append(at, share)
	}
	for _, c := range curves {
		at = append(at, c.last)
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// differ reports whether one would read two distributions as two.
func differ(a, b *curve) bool {
	for _, share := range shares([]*curve{a, b}) {
		if x, y := a.at(share), b.at(share); math.Abs(x-y) > misleading*max(x, y) {
			return true
		}
	}
	return false
}
