package plot

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// name is the name of a series at the end of its line.
type name struct {
	text  string
	color int
	x, y  float64 // the end of the line
	at    float64 // the y that it gets
}

// drawKey writes the names in rows above the chart, each behind a sample of its line.
func (l *layout) drawKey() {
	y := l.top - keyHeight*float64(len(l.key))
	if l.chart.Y.Name != "" {
		y -= nameHeight
	}
	if len(l.chart.Bands) > 0 {
		y -= bandHeight
	}
	for _, row := range l.key {
		x := l.margin
		for _, i := range row {
			s := &l.chart.Series[i]
			l.sample(s, l.chart.color(i), x, y)
			l.text("value", "start", x+keySwatch+6, y+4, s.Name)
			x += keyWidth(s.Name)
		}
		y += keyHeight
	}
}

func (l *layout) sample(s *Series, color int, x, y float64) {
	switch {
	case s.Mark == Stacked:
		l.rect(fmt.Sprintf("fill c%d", color), x+4, y-5, 10, 10)
	case s.Dashed:
		l.line(fmt.Sprintf("line c%d dashed", color), x, y, x+keySwatch, y)
	default:
		l.line(fmt.Sprintf("line c%d", color), x, y, x+keySwatch, y)
	}
}

// names writes the names at the ends of the lines. One that had to give way to another is led back to its line.
func (l *layout) names() {
	names := l.ends()
	spread(names, l.top, l.bottom)
	for _, n := range names {
		if class := fmt.Sprintf("lead c%d", n.color); math.Abs(n.at-n.y) > 4 {
			l.line(class, n.x+3, n.y, n.x+9, n.at)
		}
		l.text(fmt.Sprintf("name halo c%d", n.color), "start", n.x+11, n.at+4, n.text)
	}
}

// nameWidth estimates the pixels that a name beside a line takes, which is bold.
func nameWidth(text string) float64 { return textWidth(text) * 1.08 }

// ends finds where the lines end; a single one needs no name.
func (l *layout) ends() (names []name) {
	if len(l.chart.Series) < 2 {
		return nil
	}
	for i := range l.chart.Series {
		s := &l.chart.Series[i]
		for k := len(l.chart.At) - 1; k >= 0; k-- {
			if x, y, ok := l.point(k, s.value(k)); ok {
				names = append(names, name{text: s.Name, color: l.chart.color(i), x: x, y: y, at: y})
				break
			}
		}
	}
	return names
}

// spread moves names that would overlap apart, downwards as far as there is room and then upwards.
func spread(names []name, top, bottom float64) {
	slices.SortStableFunc(names, func(a, b name) int { return cmp.Compare(a.y, b.y) })
	touch := func(a, b name) bool {
		return a.x < b.x+nameWidth(b.text)+6 && b.x < a.x+nameWidth(a.text)+6
	}
	const gap = 14
	for i := range names {
		names[i].at = max(names[i].y, top+4)
		for j := range i {
			if touch(names[i], names[j]) {
				names[i].at = max(names[i].at, names[j].at+gap)
			}
		}
	}
	for i := len(names) - 1; i >= 0; i-- {
		names[i].at = min(names[i].at, bottom-4)
		for j := i + 1; j < len(names); j++ {
			if touch(names[i], names[j]) {
				names[i].at = min(names[i].at, names[j].at-gap)
			}
		}
	}
}
