package report

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// WriteHDR writes the corrected latencies as an HdrHistogram log, for the tools that read one (HistogramLogAnalyzer,
// HistogramLogProcessor with -outputValueUnitRatio 1000 for milliseconds). An interval is a flow in a phase, with the
// flow as its tag; a flow whose phases don't add up to the whole run, because their histograms were not kept, is one
// interval. Values are microseconds. It fails when a flow's histogram was not kept, or when the file can't be written.
func (r *Run) WriteHDR(path string) error {
	spans, err := r.spans()
	if err != nil {
		return fmt.Errorf("can't write %s: %w", path, err)
	}
	return place(path, func(w io.Writer) error {
		out := bufio.NewWriter(w)
		if err := r.writeLog(hdrhistogram.NewHistogramLogWriter(out), spans); err != nil {
			return err
		}
		return out.Flush()
	})
}

// spans returns the intervals of the log, flow by flow; each knows its flow as its tag, and its time.
func (r *Run) spans() (spans []*hdrhistogram.Histogram, err error) {
	for _, flow := range Flows {
		total := r.Total.Latency[flow]
		if total.Count == 0 {
			continue
		}
		if of := r.phaseSpans(flow, total.Count); of != nil {
			spans = append(spans, of...)
			continue
		}
		h, err := r.span(flow, total, 0, r.Seconds)
		if err != nil {
			return nil, fmt.Errorf("the latency of %s: %w", flow, err)
		}
		spans = append(spans, h)
	}
	return spans, nil
}

// phaseSpans returns a flow's intervals by phase; nil when they are not all there.
func (r *Run) phaseSpans(flow Flow, count uint64) (spans []*hdrhistogram.Histogram) {
	for i := range r.Phases {
		p := &r.Phases[i]
		l := p.Totals.Latency[flow]
		if l.Count == 0 {
			continue
		}
		h, err := r.span(flow, l, p.From, p.To)
		if err != nil {
			return nil
		}
		count -= l.Count // what wraps around is not 0 either
		spans = append(spans, h)
	}
	if count != 0 {
		return nil
	}
	return spans
}

func (r *Run) span(flow Flow, l Latency, from, to float64) (*hdrhistogram.Histogram, error) {
	h, err := l.Histogram()
	if err != nil {
		return nil, err
	}
	h.SetTag(string(flow))
	h.SetStartTimeMs(r.at(from))
	h.SetEndTimeMs(r.at(to))
	return h, nil
}

// at turns a time of the run into milliseconds since 1970.
func (r *Run) at(seconds float64) int64 {
	return r.Started.Add(time.Duration(seconds * float64(time.Second))).UnixMilli()
}

func (r *Run) writeLog(log *hdrhistogram.HistogramLogWriter, spans []*hdrhistogram.Histogram) error {
	base := r.Started.Unix() * 1000 // the writer knows whole seconds only; the intervals carry the rest
	log.SetBaseTime(base)
	for _, write := range []func() error{
		log.OutputLogFormatVersion,
		func() error { return log.OutputComment("[Values are microseconds, Interval_Max is in seconds]") },
		func() error { return log.OutputBaseTime(base) },
		func() error { return log.OutputStartTime(base) },
		log.OutputLegend,
	} {
		if err := write(); err != nil {
			return err
		}
	}
	for _, h := range spans {
		if err := log.OutputIntervalHistogram(h); err != nil {
			return err
		}
	}
	return nil
}
