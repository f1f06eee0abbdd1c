package report

import (
	"errors"
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The range of the histograms: what is slower than ten minutes is a fault and no latency.
const (
	shortest = 1           // µs
	longest  = 600_000_000 // µs
	digits   = 3           // significant ones: a value is known to 0.1 %
)

// NewHistogram returns an empty histogram for latencies in microseconds, from 1 µs to 10 minutes with 3 significant
// digits; it takes 168 KiB. RecordValue refuses what is longer. It belongs to one goroutine.
func NewHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(shortest, longest, digits) }

// Summarize tells a histogram of microseconds in milliseconds. With full the whole histogram goes with it, which takes
// some KiB; without, only the percentiles of Latency's fields can be told afterwards. A histogram without values gives
// the zero Latency.
func Summarize(h *hdrhistogram.Histogram, full bool) Latency {
	if h.TotalCount() == 0 {
		return Latency{}
	}
	at := h.ValueAtPercentiles([]float64{50, 90, 99, 99.9, 99.99})
	l := Latency{
		Count: uint64(h.TotalCount()),
		Min:   millis(h.Min()),
		Mean:  h.Mean() / 1000,
		P50:   millis(at[50]), P90: millis(at[90]), P99: millis(at[99]), P999: millis(at[99.9]), P9999: millis(at[99.99]),
		Max: millis(h.Max()),
	}
	if full {
		encoded, err := h.EncodeV2()
		if err == nil { // it writes to memory only, so nothing can fail; Histogram would say what is missing
			l.HDR = string(encoded)
		}
	}
	return l
}

func millis(us int64) float64 { return float64(us) / 1000 }

var errNoHistogram = errors.New("only its summary was kept, without the histogram")

// Histogram returns the histogram of microseconds that l was summarized from. It fails when only a summary was kept, or
// when HDR is not what Summarize wrote.
func (l Latency) Histogram() (*hdrhistogram.Histogram, error) {
	switch {
	case l.HDR != "":
		h, err := hdrhistogram.Decode([]byte(l.HDR))
		if err != nil {
			return nil, fmt.Errorf("its histogram is damaged: %w", err)
		}
		return h, nil
	case l.Count == 0:
		return NewHistogram(), nil
	}
	return nil, errNoHistogram
}
