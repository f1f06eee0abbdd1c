package plot

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// points reads a path back: absolute places, stroke by stroke.
func points(t *testing.T, d string) (strokes [][][2]float64) {
	t.Helper()
	for _, stroke := range strings.Split(d, "M")[1:] {
		start, steps, _ := strings.Cut(stroke, "l")
		var at [2]float64
		var places [][2]float64
		for _, part := range []string{start, steps} {
			numbers := regexp.MustCompile(`-?[\d.]+`).FindAllString(part, -1)
			for i := 0; i+1 < len(numbers); i += 2 {
				for k := range at {
					v, err := strconv.ParseFloat(numbers[i+k], 64)
					if err != nil {
						t.Fatal(err)
					}
					at[k] += v
				}
				places = append(places, at)
			}
		}
		strokes = append(strokes, places)
	}
	return strokes
}

// paths returns the data of the paths of a class.
func paths(picture, class string) (all []string) {
	for _, m := range regexp.MustCompile(`<path class="([^"]*)" d="([^"]*)"`).FindAllStringSubmatch(picture, -1) {
		if m[1] == class {
			all = append(all, m[2])
		}
	}
	return all
}

// Steps between rounded places don't drift.
func TestPen(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		want := rapid.SliceOfN(rapid.Float64Range(-900, 900), 4, 400).Draw(r, "places")
		var p pen
		for i := 0; i+1 < len(want); i += 2 {
			if i == 0 {
				p.move(want[0], want[1])
			} else {
				p.line(want[i], want[i+1])
			}
		}
		for i, at := range points(t, p.String())[0] {
			if math.Abs(at[0]-want[2*i]) > .0501 || math.Abs(at[1]-want[2*i+1]) > .0501 {
				r.Fatalf("place %d is %v, want %v", i, at, want[2*i:2*i+2])
			}
		}
	})
}

func TestGaps(t *testing.T) {
	c := &Chart{At: []float64{0, 1, 2, 3, 4, 5, 6}, Series: []Series{{Values: []float64{1, 2, gap, 3, gap, 5}}}}
	strokes := points(t, paths(c.Inline(""), "line c1")[0])
	var lengths []int
	for _, s := range strokes {
		lengths = append(lengths, len(s))
	}
	// Two places and a line; one place and the same again, which is a dot; the last value, before one that is missing.
	if fmt.Sprint(lengths) != "[2 2 2]" || strokes[1][0] != strokes[1][1] || strokes[2][0] != strokes[2][1] {
		t.Errorf("the strokes are %v", strokes)
	}
	c.Y.Scale = Log
	c.Series[0].Values = []float64{0, 10, 100, -5}
	if strokes = points(t, paths(c.Inline(""), "line c1")[0]); len(strokes) != 1 || len(strokes[0]) != 2 {
		t.Errorf("zero and less have a place on a logarithmic axis: %v", strokes)
	}
}

// Bars stand on each other, and the axis reaches to the top of the highest pile.
func TestStackedBars(t *testing.T) {
	picture := stacked().SVG()
	below, above := points(t, paths(picture, "stack c1")[0]), points(t, paths(picture, "stack c2")[0])
	if len(below) != 2 || len(above) != 2 {
		t.Fatalf("there are %d and %d bars, want 2 and 2: %s", len(below), len(above), picture)
	}
	if pixel(below[1][1][1]) != pixel(above[1][0][1]) {
		t.Errorf("the upper bar begins at %g, the lower one ends at %g", above[1][0][1], below[1][1][1])
	}
	if height := (below[1][0][1] - below[1][1][1]) / (above[1][0][1] - above[1][1][1]); math.Abs(height-40./900) > .005 {
		t.Errorf("bars of 40 and 900 are %.3f of each other", height)
	}
	if top := points(t, paths(picture, "stack c3")[0]); pixel(top[0][0][1]) != pixel(above[1][1][1]) {
		t.Errorf("the third bar begins at %g, the second one ends at %g", top[0][0][1], above[1][1][1])
	}
	if !strings.Contains(picture, ">1,000/s<") {
		t.Error("the axis does not reach to 970")
	}
}

func TestWhiskers(t *testing.T) {
	b := &Bars{Groups: []Group{{"a", []Bar{{Value: 50, Low: 40, High: 100}, {Value: 100}}}}}
	picture := b.SVG()
	if all := paths(picture, "whisker"); len(all) != 1 || len(points(t, all[0])) != 3 {
		t.Errorf("want one whisker of three strokes, got %q", all)
	}
	bar := regexp.MustCompile(`class="fill c\d" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"`)
	tops := bar.FindAllStringSubmatch(picture, -1)
	if len(tops) != 2 {
		t.Fatalf("there are %d bars in %s", len(tops), picture)
	}
	half, _ := strconv.ParseFloat(tops[0][2], 64)
	full, _ := strconv.ParseFloat(tops[1][2], 64)
	high := points(t, paths(picture, "whisker")[0])[1][0][1]
	if math.Abs(full-2*half) > .2 || pixel(high) != tops[1][1] {
		t.Errorf("50 is %g high and 100 is %g; the whisker of 100 ends at %g, its bar at %s", half, full, high, tops[1][1])
	}
}

// Names beside lines never touch and never leave the chart, as long as there is room for them.
func TestSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var names []name
		for i := range rapid.IntRange(1, 12).Draw(t, "names") {
			names = append(names, name{
				text: fmt.Sprint("series ", i),
				x:    rapid.SampledFrom([]float64{100, 130, 400}).Draw(t, "x"),
				y:    rapid.Float64Range(0, 200).Draw(t, "y"),
			})
		}
		spread(names, 0, 200)
		for i, a := range names {
			if a.at < 0 || a.at > 200 {
				t.Fatalf("a name is at %g of 200", a.at)
			}
			for _, b := range names[:i] {
				if a.x == b.x && math.Abs(a.at-b.at) < 14-1e-9 {
					t.Fatalf("two names are at %g and %g", a.at, b.at)
				}
			}
		}
	})
}

// Whatever a text is, the picture is XML and shows it as text.
func TestHostileTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		evil := rapid.SampledFrom([]string{`</svg><script>alert("&amp;")</script>`, "\x00\xff\ufffe"})
		text := rapid.OneOf(rapid.String(), evil).Draw(t, "text")
		c := overTime(600)
		c.Title, c.About, c.X.Name, c.Y.Name = text, text, text, text
		c.Bands[1].Name, c.Series[0].Name, c.Y.Rules[0].Name = text, text, text
		b := bars()
		b.Title, b.About, b.Groups[0].Name, b.Series[1] = text, text, text, text
		for _, picture := range []string{c.SVG(), c.Inline(text), b.SVG(), b.Inline(text)} {
			if err := wellFormed(picture); err != nil {
				t.Fatalf("%v in %s", err, picture)
			}
			if strings.Contains(picture, "<script") {
				t.Fatal("a text became an element")
			}
		}
	})
}

// Whatever the values are, every coordinate is a number within the picture.
func TestHostileValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		odd := rapid.SampledFrom([]float64{0, gap, math.Inf(1), math.Inf(-1), 1e-300, 1, 7, 1e12})
		value := rapid.OneOf(rapid.Float64(), odd)
		c := &Chart{At: []float64{0, .5, .9, .99, .999}}
		c.X.Scale = rapid.SampledFrom([]Scale{Linear, Log, Percentile}).Draw(t, "x")
		c.Y.Scale = rapid.SampledFrom([]Scale{Linear, Log}).Draw(t, "y")
		c.Y.Unit = rapid.SampledFrom([]Unit{Count, Milliseconds, Bytes, Clock}).Draw(t, "unit")
		mark := rapid.SampledFrom([]Mark{Line, Step, Dots, Stacked}).Draw(t, "mark")
		for range 2 {
			c.Series = append(c.Series, Series{Mark: mark, Values: rapid.SliceOfN(value, 0, 6).Draw(t, "values")})
		}
		if picture := c.SVG(); strings.Contains(picture, "NaN") || strings.Contains(picture, "Inf") {
			t.Fatalf("a coordinate is no number: %s", picture)
		}
	})
}

// The area that a script points into is the one of the lines.
func TestInlineArea(t *testing.T) {
	c := &Chart{Width: 500, Height: 200, At: []float64{0, 10}, Series: []Series{{Values: []float64{0, 10}}}}
	picture := c.Inline("wide")
	m := regexp.MustCompile(`class="plot wide" data-area="(\S+) (\S+) (\S+) (\S+)" data-x="0 0 10"`).FindStringSubmatch(picture)
	if m == nil {
		t.Fatalf("there is no area in %s", picture)
	}
	line := points(t, paths(picture, "line c1")[0])[0]
	got := []string{pixel(line[0][0]), pixel(line[1][1]), pixel(line[1][0]), pixel(line[0][1])}
	if fmt.Sprint(got) != fmt.Sprint(m[1:]) {
		t.Errorf("the line is in %v, the area is %v", got, m[1:])
	}
}
