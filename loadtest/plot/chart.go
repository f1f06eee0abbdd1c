package plot

import "math"

// Chart is lines, steps or stacked bars over a common axis.
type Chart struct {
	Title  string // drawn above a picture of its own; the accessible name everywhere
	About  string // what a reader would see in it, in a sentence, for one who can't
	Width  int    // of the whole picture in pixels; 0: 720
	Height int    // 0: 320
	X, Y   Axis
	At     []float64 // the places along X, growing
	Series []Series
	Bands  []Band
}

// Axis is one of a chart's two.
type Axis struct {
	Name     string // what it counts, where the ticks' unit doesn't say it
	Unit     Unit
	Scale    Scale
	From, To float64 // its ends; both 0: what the values need, from 0 on a linear Y
	Rules    []Rule  // lines across the chart, such as a limit
}

// Series is one line of a chart, or one layer of its bars.
type Series struct {
	Name   string
	Values []float64 // one for each place; those that are missing or not a number are gaps
	Mark   Mark
	Color  int  // 1 to Colors; 0: by the place among the series
	Dashed bool // for what is told beside another series
}

// Mark is how a series is drawn.
type Mark uint8

// The marks.
const (
	Line    Mark = iota
	Step         // a value holds until the next place
	Dots         // a line with a dot at every place
	Stacked      // bars; those of several series stand on each other
)

// Band is a shaded stretch of X with a name.
type Band struct {
	Name     string
	From, To float64
}

// Rule is a line across the chart at a value of its axis.
type Rule struct {
	Name string
	At   float64
}

// color returns the number of the color of series i.
func (c *Chart) color(i int) int {
	if n := c.Series[i].Color; n > 0 {
		return min(n, Colors)
	}
	return i%Colors + 1
}

// value returns the value of series i at place k, and with bars the top of what it stands on.
func (c *Chart) value(i, k int) (v, floor float64) {
	if s := &c.Series[i]; s.Mark != Stacked {
		return s.value(k), 0
	}
	for below := range c.Series[:i] {
		if s := &c.Series[below]; s.Mark == Stacked && s.value(k) > 0 {
			floor += s.value(k)
		}
	}
	return floor + c.Series[i].value(k), floor
}

func (s *Series) value(k int) float64 {
	if k >= len(s.Values) {
		return math.NaN()
	}
	return s.Values[k]
}

// reach returns the least and the greatest value to show on Y, of those that its scale can.
func (c *Chart) reach() (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	include := func(v float64) {
		if c.Y.Scale.shows(v) {
			least, most = min(least, v), max(most, v)
		}
	}
	for i := range c.Series {
		for k := range c.At {
			v, _ := c.value(i, k)
			include(v)
		}
	}
	for _, r := range c.Y.Rules {
		include(r.At)
	}
	return least, most
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
