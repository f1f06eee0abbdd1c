package plot

import (
	"fmt"
	"math"
)

// draw writes the chart from the back to the front and ends the picture.
func (l *layout) draw() string {
	l.bands()
	l.axes()
	for i := range l.chart.Series {
		if l.chart.Series[i].Mark == Stacked {
			l.bars(i)
		} else {
			l.strokes(i)
		}
	}
	l.rules()
	if l.key != nil {
		l.drawKey()
	} else {
		l.names()
	}
	return l.close()
}

// bands shades every other stretch, so that neighbors can be told apart, and names those whose name fits above them.
func (l *layout) bands() {
	for i, b := range l.chart.Bands {
		from, to := l.x.at(max(b.From, l.x.from)), l.x.at(min(b.To, l.x.to))
		if !(from < to) {
			continue
		}
		if i%2 == 0 {
			l.rect("band", from, l.top-bandHeight, to-from, l.bottom-l.top+bandHeight)
		}
		if name := shorten(b.Name, to-from-2); name != "" {
			l.text("phase", "middle", (from+to)/2, l.top-8, name)
		}
	}
}

// shorten cuts a text that is wider than width and marks the cut; it returns nothing when too little would be left.
func shorten(text string, width float64) string {
	if textWidth(text) <= width {
		return text
	}
	runes := []rune(text)
	for n := len(runes) - 1; n >= 3; n-- {
		if cut := string(runes[:n]) + "…"; textWidth(cut) <= width {
			return cut
		}
	}
	return ""
}

// axes draws the grid with the texts beside it. Texts on X that would touch the previous one are left out.
func (l *layout) axes() {
	if l.yTicks == nil {
		l.text("tick", "middle", (l.left+l.right)/2, (l.top+l.bottom)/2, "there are no values")
	}
	for _, t := range l.yTicks {
		y := l.y.at(t.at)
		l.line("grid", l.left, y, l.right, y)
		l.text("tick", "end", l.left-8, y+4, t.text)
	}
	free := math.Inf(-1)
	for _, t := range l.xTicks {
		x, half := l.x.at(t.at), textWidth(t.text)/2
		at := min(x, l.width-half-1)
		if at-half >= free {
			l.line("axis", x, l.bottom, x, l.bottom+5)
			l.text("tick", "middle", at, l.bottom+18, t.text)
			free = at + half + 6
		}
	}
	l.line("axis", l.left, l.bottom, l.right, l.bottom)
	if name := l.chart.X.Name; name != "" {
		l.text("tick", "end", l.right, l.bottom+16+nameHeight, name)
	}
	if name := l.chart.Y.Name; name != "" {
		y := l.top - 11
		if len(l.chart.Bands) > 0 {
			y -= bandHeight
		}
		l.text("tick", "start", l.margin, y, name)
	}
}

// point returns where a value lies, and false when the axes have no place for it.
func (l *layout) point(k int, v float64) (x, y float64, ok bool) {
	if !l.x.has(l.chart.At[k]) || !l.y.has(v) {
		return 0, 0, false
	}
	x, y = l.x.at(l.chart.At[k]), l.y.at(v)
	return x, y, finite(x) && finite(y)
}

// strokes draws series i as a line with gaps. A value between two gaps is a dot, as a round end of a line is.
func (l *layout) strokes(i int) {
	s, class := &l.chart.Series[i], fmt.Sprintf("line c%d", l.chart.color(i))
	if s.Dashed {
		class += " dashed"
	}
	var p pen
	drawing, alone, before := false, false, 0.0
	for k := range l.chart.At {
		x, y, ok := l.point(k, s.value(k))
		switch {
		case ok && !drawing:
			p.move(x, y)
			alone = true
		case ok:
			if s.Mark == Step {
				p.line(x, before)
			}
			p.line(x, y)
			alone = false
		case alone:
			p.line(l.x.at(l.chart.At[k-1]), before)
			alone = false
		}
		drawing, before = ok, y
	}
	if alone {
		p.line(l.x.at(l.chart.At[len(l.chart.At)-1]), before)
	}
	l.path(class, p.String(), "")
	if s.Mark != Dots {
		return
	}
	for k := range l.chart.At {
		if x, y, ok := l.point(k, s.value(k)); ok {
			l.dot(fmt.Sprintf("fill c%d", l.chart.color(i)), x, y, 3.5)
		}
	}
}

// bars draws series i as one path whose stroke is as wide as a bar.
func (l *layout) bars(i int) {
	var p pen
	for k := range l.chart.At {
		v, floor := l.chart.value(i, k)
		x, y, ok := l.point(k, v)
		_, foot, stands := l.point(k, floor)
		if ok && stands && v > floor {
			p.move(x, foot)
			p.line(x, y)
		}
	}
	width := fmt.Sprintf(` stroke-width="%s"`, pixel(max(1.5, l.gap()*.8)))
	l.path(fmt.Sprintf("stack c%d", l.chart.color(i)), p.String(), width)
}

// gap is the least distance between two places in pixels, up to what makes a broad bar.
func (l *layout) gap() float64 {
	gap := min(40, (l.right-l.left)/2)
	for k := 1; k < len(l.chart.At); k++ {
		gap = min(gap, l.x.at(l.chart.At[k])-l.x.at(l.chart.At[k-1]))
	}
	return gap
}

// rules draws the limits of both axes, each with its name where the line is least in the way.
func (l *layout) rules() {
	for _, r := range l.chart.Y.Rules {
		if y := l.y.at(r.At); l.y.has(r.At) {
			l.line("rule", l.left, y, l.right, y)
			l.text("limit halo", "start", l.left+6, y-5, r.Name)
		}
	}
	for _, r := range l.chart.X.Rules {
		x := l.x.at(r.At)
		if !l.x.has(r.At) {
			continue
		}
		l.line("rule", x, l.top, x, l.bottom)
		if anchor := "start"; x+6+textWidth(r.Name) > l.right {
			anchor = "end"
			l.text("limit halo", anchor, x-6, l.top+12, r.Name)
		} else {
			l.text("limit halo", anchor, x+6, l.top+12, r.Name)
		}
	}
}
