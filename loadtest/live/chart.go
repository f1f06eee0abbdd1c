package live

import (
	"math"
	"strings"
)

// eighths are the columns of a chart's cell, by how full it is.
var eighths = []rune(" ▁▂▃▄▅▆▇█")

// columns draws values as columns on a scale from 0 to top, the latest at the right. There are height lines,
// the top one first, each of width cells; values must be no more than that. A value that is NaN or 0 leaves its column empty, any other shows at least a
// trace.
func columns(values []float64, top float64, width, height int) []string {
	lines := make([]string, height)
	for i := range lines {
		floor := (height - 1 - i) * 8 // eighths below this line
		var b strings.Builder
		b.WriteString(strings.Repeat(" ", width-len(values)))
		for _, v := range values {
			b.WriteRune(eighths[min(max(0, filled(v, top, height)-floor), 8)])
		}
		lines[i] = b.String()
	}
	return lines
}

// filled is how many eighths of a cell a value fills in a column of so many cells.
func filled(v, top float64, height int) int {
	if !(v > 0) || top <= 0 { // a NaN is not greater
		return 0
	}
	return max(1, int(math.Round(share(v/top)*float64(height*8))))
}

// scale is the round number at the top of a chart of these values: the lowest of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8
// times a power of ten that is not below them, so that it rests while they jitter. It is 1 where there are none.
func scale(values []float64) float64 {
	highest := 0.0
	for _, v := range values {
		if v > highest {
			highest = v
		}
	}
	if highest == 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(highest)))
	for _, step := range []float64{1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8} {
		if step*power >= highest {
			return step * power
		}
	}
	return 10 * power
}

// bar draws shares of width cells: all that is reached is heavy, what is on its way broken, the rest light.
func (t *theme) bar(width int, reached, underway float64) string {
	cells := func(part float64) int { return int(math.Round(share(part) * float64(width))) }
	heavy := cells(reached)
	broken := max(heavy, cells(underway)) - heavy
	return t.accent.Render(strings.Repeat("━", heavy)+strings.Repeat("╍", broken)) +
		t.quiet.Render(strings.Repeat("─", width-heavy-broken))
}
