package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"hubbub/loadtest/audit"
)

// unit is how the figures of a measure are written and read.
type unit struct {
	example string
	read    func(text string) (float64, error)
	write   func(v float64) string
}

var (
	milliseconds = unit{"a duration as 50ms, 1.5s or 200us", readDuration, latency}
	whole        = unit{"a whole number", readCount, func(v float64) string { return count(uint64(v)) }}
	perSecond    = unit{"a rate as 900/s", readRate, rate}
	sizes        = unit{"a size as 64MiB", readBytes, memory}
	cores        = unit{"a number of processors as 0.5", readNumber, processors}
	share        = unit{"a share as 80% or 0.8", readShare, percent}
)

// measure is a figure of a run that an objective may ask for.
type measure struct {
	unit
	flows bool // it is a flow's figure
	of    func(r *Run, f Flow) (float64, error)
}

// measures are the figures by name, but for the percentiles: those are any pNN.NN.
var measures = map[string]measure{
	"max":  {milliseconds, true, func(r *Run, f Flow) (float64, error) { return r.latency(f, func(l Latency) float64 { return l.Max }) }},
	"mean": {milliseconds, true, func(r *Run, f Flow) (float64, error) { return r.latency(f, func(l Latency) float64 { return l.Mean }) }},

	"rate": {perSecond, true, func(r *Run, f Flow) (float64, error) {
		p, ok := r.pace(f)
		return known(p.sent, ok, "no phase wanted any %s", f)
	}},
	"deliveries": {perSecond, true, func(r *Run, f Flow) (float64, error) {
		p, ok := r.pace(f)
		return known(p.delivered, ok && (f == Broadcast || f == Whisper), "nothing of %s is delivered in this run", f)
	}},

	"errors": {whole, false, func(r *Run, _ Flow) (float64, error) {
		n := r.faults()
		return known(float64(n), n > 0 || r.audited() || !r.Total.has(messages...), nothingCompared)
	}},
	"disconnects":   {whole, false, func(r *Run, _ Flow) (float64, error) { return float64(sum(r.Total.Disconnects)), nil }},
	"refused":       {whole, false, func(r *Run, _ Flow) (float64, error) { return float64(sum(r.Total.Refused)), nil }},
	"login-refused": {whole, false, func(r *Run, _ Flow) (float64, error) { return float64(sum(r.Total.LoginRefused)), nil }},

	"server-cpu": {cores, false, func(r *Run, _ Flow) (float64, error) {
		w, _ := r.work()
		return known(w.server, w.server > 0, noServer)
	}},
	"server-cpu-per-delivery": {milliseconds, false, func(r *Run, _ Flow) (float64, error) {
		w, _ := r.work()
		return known(w.perDelivery*1000, w.perDelivery > 0, noServer)
	}},
	"server-memory": {sizes, false, func(r *Run, _ Flow) (float64, error) {
		if r.Server == nil {
			return known(0, false, noServer)
		}
		return float64(r.Server.PeakResident), nil
	}},
	"generator-cpu": {cores, false, func(r *Run, _ Flow) (float64, error) {
		w, ok := r.work()
		return known(w.generator, ok, "no messages were sent for a whole second")
	}},
	"generator-busy":   {share, false, func(r *Run, _ Flow) (float64, error) { return r.Generator.Busy, nil }},
	"generator-memory": {sizes, false, func(r *Run, _ Flow) (float64, error) { return float64(r.Generator.PeakResident), nil }},
	"generator-lag": {milliseconds, false, func(r *Run, _ Flow) (float64, error) {
		return known(r.Generator.Lag.P99, r.Generator.Lag.Count > 0, "no message was sent")
	}},
}

// noServer is why the server has no figures.
const noServer = "the server's figures are not known: give --admin, and let messages arrive"

// nothingCompared is why a count of 0 is none: there was nothing that could have been counted.
const nothingCompared = "the audit had nothing to compare"

const measureNames = "p50, p90, p99, p99.9 (or any other percentile), max, mean, rate or deliveries of a flow; " +
	"lost, duplicated, reordered, disordered, altered, echoed, misrouted, unanswered, contradicted, disconnects, refused, login-refused, " +
	"or errors for all of those; server-cpu, server-cpu-per-delivery, server-memory; " +
	"generator-cpu, generator-busy, generator-lag, generator-memory"

// measureOf finds a measure by its name.
func measureOf(name string) (measure, error) {
	if m, ok := measures[name]; ok {
		return m, nil
	}
	if kind := audit.Kind(name); slices.Contains(audit.Kinds, kind) {
		return measure{whole, false, func(r *Run, _ Flow) (float64, error) {
			n := r.Audit.Counts[kind]
			return known(float64(n), n > 0 || r.audited(), nothingCompared)
		}}, nil
	}
	if digits, ok := strings.CutPrefix(name, "p"); ok {
		p, err := strconv.ParseFloat(digits, 64)
		if err == nil && p > 0 && p < 100 {
			return measure{milliseconds, true, func(r *Run, f Flow) (float64, error) { return r.percentile(f, p) }}, nil
		}
	}
	return measure{}, fmt.Errorf("there is no measure %q; write one of %s", name, measureNames)
}

func known(v float64, ok bool, format string, args ...any) (float64, error) {
	if !ok {
		return 0, fmt.Errorf(format, args...)
	}
	return v, nil
}

func (r *Run) latency(f Flow, of func(Latency) float64) (float64, error) {
	l := r.Total.Latency[f]
	return known(of(l), l.Count > 0, "no latency of %s was measured", f)
}

// percentile returns a percentile in milliseconds. Where there are too few values for it, it is the largest.
func (r *Run) percentile(f Flow, p float64) (float64, error) {
	l := r.Total.Latency[f]
	if l.Count == 0 {
		return r.latency(f, func(Latency) float64 { return 0 })
	}
	for at, v := range map[float64]float64{50: l.P50, 90: l.P90, 99: l.P99, 99.9: l.P999, 99.99: l.P9999} {
		if at == p {
			return v, nil
		}
	}
	h, err := l.Histogram()
	if err != nil {
		return 0, fmt.Errorf("p%v of %s is not known: %w", p, f, err)
	}
	return millis(h.ValueAtPercentile(p)), nil
}

func readDuration(text string) (float64, error) {
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		err = strconv.ErrRange
	}
	return float64(d) / float64(time.Millisecond), err
}

func readCount(text string) (float64, error) {
	n, err := strconv.ParseUint(text, 10, 53) // what a float64 holds exactly
	return float64(n), err
}

func readRate(text string) (float64, error) {
	digits, ok := strings.CutSuffix(text, "/s")
	if !ok {
		return 0, strconv.ErrSyntax
	}
	return readNumber(digits)
}

func readBytes(text string) (float64, error) {
	n, err := humanize.ParseBytes(text)
	return float64(n), err
}

func readShare(text string) (float64, error) {
	if digits, ok := strings.CutSuffix(text, "%"); ok {
		v, err := readNumber(digits)
		return v / 100, err
	}
	return readNumber(text)
}

func readNumber(text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err == nil && (v < 0 || math.IsInf(v, 0) || math.IsNaN(v)) {
		err = strconv.ErrRange
	}
	return v, err
}
