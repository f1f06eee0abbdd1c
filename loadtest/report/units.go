package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// significant writes v with three significant digits, and all of them from a thousand on.
func significant(v float64) string {
	switch a := math.Abs(v); {
	case a >= 999.5:
		return humanize.Comma(int64(math.Round(v)))
	case a >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case a >= 9.995:
		return fmt.Sprintf("%.1f", v)
	case a >= 0.9995 || a == 0:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// number writes whole numbers as such and others with three significant digits.
func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return humanize.Comma(int64(v))
	}
	return significant(v)
}

func count(n uint64) string { return humanize.Comma(int64(min(n, math.MaxInt64))) }

// many writes a count and what it counts.
func many(n uint64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + more
}

// latency writes milliseconds in the unit that suits them.
func latency(ms float64) string {
	switch {
	case ms < 0.9995:
		return number(math.Round(ms*1e6)/1e3) + " µs"
	case ms < 999.5:
		return significant(ms) + " ms"
	}
	return significant(ms/1000) + " s"
}

func rate(perSecond float64) string {
	if perSecond > 0 && perSecond < 999.5 {
		return number(math.Round(perSecond*10)/10) + "/s"
	}
	return humanize.Comma(int64(math.Round(perSecond))) + "/s"
}

func memory(bytes float64) string { return significant(bytes/(1<<20)) + " MiB" }

func percent(share float64) string { return number(math.Round(share*1000)/10) + " %" }

func processors(n float64) string { return fmt.Sprintf("%.2f processors", n) }

// span writes seconds as Go does: 5s, 1m35.2s.
func span(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(100 * time.Millisecond).String()
}

// moment writes a time of the run to the millisecond.
func moment(at time.Duration) string { return fmt.Sprintf("%.3f s", at.Seconds()) }

// list writes counts by name, the largest first: "9 RATE_LIMITED, 3 SERVER_BUSY".
func list[K ~string](counts map[K]uint64) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = count(counts[name]) + " " + string(name)
	}
	return strings.Join(parts, ", ")
}
