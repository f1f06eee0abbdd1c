package live

import (
	"fmt"
	"math"
	"time"

	"github.com/dustin/go-humanize"
)

func comma(n uint64) string { return humanize.Comma(int64(min(n, math.MaxInt64))) }

// amount is a figure with as many digits as one cares to read.
func amount(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 10 && v != math.Round(v):
		return fmt.Sprintf("%.1f", v)
	}
	return humanize.Comma(int64(math.Round(v)))
}

// millis is a latency in milliseconds, without the unit.
func millis(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return humanize.Comma(int64(math.Round(v)))
}

// short is a figure for the axis of a chart, in five characters: 0.25, 950, 50k, 1.2M.
func short(v float64) string {
	switch {
	case v >= 1e9:
		return fmt.Sprintf("%.3gG", v/1e9)
	case v >= 1e6:
		return fmt.Sprintf("%.3gM", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.3gk", v/1e3)
	}
	return fmt.Sprintf("%.3g", v)
}

// clock is a time within a run: 0:35, or 1:02:03.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// percent is a share, rounded down: a hundred means all.
func percent(part float64) string { return fmt.Sprintf("%.0f %%", math.Floor(share(part)*100)) }

// share keeps a part of a whole between 0 and 1. A part of nothing is none.
func share(part float64) float64 {
	if !(part > 0) { // a NaN is not greater
		return 0
	}
	return min(part, 1)
}
