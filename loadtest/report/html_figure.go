package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"

	"hubbub/loadtest/plot"
)

// curvePoints is how many points a curve over time has at most.
const curvePoints = 400

// figure is a picture with its words, drawn for several widths of which the page shows the one that fits.
type figure struct {
	Title, About string
	Wide         bool // across the page, rather than beside another one
	chart        plot.Chart
}

// Pictures returns the drawings, the narrowest first. That one has its key above the lines, which takes some room.
func (f *figure) Pictures() []template.HTML {
	pictures := []template.HTML{f.draw("narrow", 330, 240+6*len(f.chart.Series)), f.draw("middle", 540, 270)}
	if f.Wide {
		pictures = append(pictures, f.draw("wide", 1090, 300))
	}
	return pictures
}

// draw relies on package plot to escape every text of a chart.
func (f *figure) draw(class string, width, height int) template.HTML {
	c := f.chart
	c.Title, c.About, c.Width, c.Height = f.Title, f.About, width, height
	return template.HTML(c.Inline(class))
}

// arrange drops the figures that have nothing to show. An odd one out takes the whole width.
func arrange(figures []*figure) []*figure {
	figures = slices.DeleteFunc(figures, func(f *figure) bool { return f == nil })
	first, narrow := 0, 0
	for i, f := range slices.Backward(figures) {
		if !f.Wide {
			first, narrow = i, narrow+1
		}
	}
	if narrow%2 == 1 {
		figures[first].Wide = true
	}
	return figures
}

// Data is the values of a picture, for the script that points into it.
func (f *figure) Data() any {
	type line struct {
		Name   string    `json:"name"`
		Color  int       `json:"color"`
		Values []reading `json:"values"`
	}
	data := struct {
		X    plot.Unit `json:"x"`
		Y    plot.Unit `json:"y"`
		At   []reading `json:"at"`
		Line []line    `json:"lines"`
	}{X: f.chart.X.Unit, Y: f.chart.Y.Unit, At: readings(f.chart.At)}
	for _, s := range f.chart.Series {
		data.Line = append(data.Line, line{s.Name, s.Color, readings(s.Values)})
	}
	return data
}

// reading is a value as the script gets it, with as many digits as one can read off a picture.
type reading float64

// MarshalJSON writes null for what is not known.
func (v reading) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
		return []byte("null"), nil
	}
	digits := 4
	if v > .99 && v < 1 { // a percentile, whose nines are what counts
		digits = 9
	}
	return []byte(strconv.FormatFloat(float64(v), 'g', digits, 64)), nil
}

func readings(values []float64) []reading {
	of := make([]reading, len(values))
	for i, v := range values {
		of[i] = reading(v)
	}
	return of
}

// stretch is neighboring seconds that are drawn as one point.
type stretch []Second

// thin divides seconds into stretches of the same length, so that there are not more than can be drawn.
func thin(seconds []Second) (moves []stretch, each int) {
	each = max(1, (len(seconds)+curvePoints-1)/curvePoints)
	for of := range slices.Chunk(seconds, each) {
		moves = append(moves, of)
	}
	return moves, each
}

// fold makes one value of those that the seconds of a stretch have.
type fold struct {
	of   func(a, b float64) float64
	mean bool
	name string
}

func plus(a, b float64) float64 { return a + b }

var (
	byWorst = fold{of: math.Max, name: "the worst"}
	byMean  = fold{of: plus, mean: true, name: "the mean"}
	bySum   = fold{of: plus, name: "the sum"}
)

// over folds one figure of a stretch; what no second knows is not a number.
func (by fold) over(s stretch, value func(*Second) float64) float64 {
	sum, n := math.NaN(), 0
	for i := range s {
		v := value(&s[i])
		switch {
		case math.IsNaN(v):
			continue
		case n == 0:
			sum = v
		default:
			sum = by.of(sum, v)
		}
		n++
	}
	if by.mean {
		return sum / float64(max(1, n))
	}
	return sum
}

// track is a figure of the seconds that is drawn as a line, or as a layer of bars.
type track struct {
	name   string
	color  int
	dashed bool
	value  func(*Second) float64 // not a number when not known
}

// overTime draws tracks against the time. Tracks without a value are left out, and a figure without a track is none.
func (v *view) overTime(title, about string, y plot.Axis, by fold, mark plot.Mark, tracks ...track) *figure {
	f := &figure{Title: title, About: about, chart: plot.Chart{X: plot.Axis{Unit: plot.Clock, To: v.Seconds}, Y: y}}
	if v.each > 1 {
		f.About += fmt.Sprintf(" Each point is %s of %d seconds.", by.name, v.each)
	}
	for _, s := range v.moves {
		f.chart.At = append(f.chart.At, s[len(s)-1].At)
		f.chart.X.To = max(f.chart.X.To, s[len(s)-1].At)
	}
	for _, t := range tracks {
		values, known := make([]float64, len(v.moves)), false
		for i, s := range v.moves {
			values[i] = by.over(s, t.value)
			known = known || !math.IsNaN(values[i])
		}
		if known {
			f.chart.Series = append(f.chart.Series,
				plot.Series{Name: t.name, Values: values, Color: t.color, Dashed: t.dashed, Mark: mark})
		}
	}
	if len(f.chart.Series) == 0 {
		return nil
	}
	if len(v.Phases) > 1 {
		for _, p := range v.Phases {
			f.chart.Bands = append(f.chart.Bands, plot.Band{Name: p.Name, From: p.From, To: p.To})
		}
	}
	return f
}
