package plot

import (
	"fmt"
	"math"
)

// Bars is a chart of groups of bars that stand on zero, each with the range that its value was seen in.
type Bars struct {
	Title  string // as in Chart
	About  string
	Width  int // pixels; 0: 720
	Height int // 0: 320
	Y      Axis
	Series []string // the name of the first bar of each group, of the second, and so on
	Groups []Group
}

// Group is bars side by side over a name.
type Group struct {
	Name string
	Bars []Bar
}

// Bar is one value. Low and High are the least and the greatest that it was made of; equal when there was only one.
type Bar struct{ Value, Low, High float64 }

// SVG returns the chart as a picture of its own, for a file or an <img>.
func (b *Bars) SVG() string {
	l := b.layout(16, 40)
	l.open(b.Title, b.About, "", "", l.width, l.height)
	l.alone(b.Title, l.width, l.height)
	return b.draw(l)
}

// Inline returns the chart as an element for a page, as Chart's Inline does, without the attributes for a script.
func (b *Bars) Inline(class string) string {
	l := b.layout(0, 2)
	l.open(b.Title, b.About, class, "", l.width, l.height)
	return b.draw(l)
}

// layout lays out a chart of the same names and the same height: its first series holds the greatest value.
func (b *Bars) layout(margin, top float64) *layout {
	most := 0.0
	for _, g := range b.Groups {
		for _, bar := range g.Bars {
			most = max(most, known(bar.Value), known(bar.High))
		}
	}
	c := &Chart{Width: b.Width, Height: b.Height, Y: b.Y, At: []float64{0}, Series: make([]Series, max(1, len(b.Series)))}
	for i, name := range b.Series {
		c.Series[i] = Series{Name: name, Mark: Stacked}
	}
	const figure = 1.04 // what the figure above the highest bar adds to its height
	if len(b.Groups) > 0 {
		c.Series[0].Values = []float64{most * figure}
	}
	c.Y.Scale = Linear // a bar's length is its value
	l := c.layout(margin, top)
	l.xTicks = nil
	return l
}

func known(v float64) float64 {
	if finite(v) {
		return v
	}
	return 0
}

func (b *Bars) draw(l *layout) string {
	l.axes()
	slot := (l.right - l.left) / float64(max(1, len(b.Groups)))
	figure := b.figure(l, slot)
	for i, g := range b.Groups {
		left := l.left + slot*float64(i)
		l.group(g, left, slot, figure)
		for row, text := range wrap(g.Name, slot-8) {
			l.text("value", "middle", left+slot/2, l.bottom+18+14*float64(row), text)
		}
	}
	l.rules()
	if l.key != nil {
		l.drawKey()
	}
	return l.close()
}

// group draws the bars of a group in a slot of the chart.
func (l *layout) group(g Group, left, slot float64, figure func(float64) string) {
	step := stepWidth(slot, len(g.Bars))
	x := left + (slot-step*float64(len(g.Bars)))/2
	for i, bar := range g.Bars {
		if !finite(bar.Value) || bar.Value < 0 {
			x += step
			continue
		}
		middle, top, foot := x+step/2, l.y.at(bar.Value), l.y.at(0)
		l.rect(fmt.Sprintf("fill c%d", i%Colors+1), x+step*.06, top, step*.88, foot-top)
		if bar.Low < bar.High {
			low, high := l.y.at(bar.Low), l.y.at(bar.High)
			cap := min(6, step/4)
			var p pen
			for _, y := range []float64{low, high} {
				p.move(middle-cap, y)
				p.line(middle+cap, y)
			}
			p.move(middle, low)
			p.line(middle, high)
			l.path("whisker", p.String(), "")
			top = min(top, high)
		}
		l.text("value halo", "middle", middle, top-5, figure(bar.Value))
		x += step
	}
}

// stepWidth is what one of n bars gets of a slot.
func stepWidth(slot float64, n int) float64 { return min(slot*.8/float64(max(1, n)), 72) }

// figure returns what writes the figures above the bars: with their unit, or in that of the axis and without its name
// when one of them would touch the next, or nothing when even that is too long.
func (b *Bars) figure(l *layout, slot float64) func(float64) string {
	axis := b.Y.Unit.magnitude(l.y.to)
	for _, write := range []func(float64) string{
		b.Y.Unit.Format,
		func(v float64) string { return significant(v / axis.size) },
	} {
		if b.fit(write, slot) {
			return write
		}
	}
	return func(float64) string { return "" }
}

func (b *Bars) fit(write func(float64) string, slot float64) bool {
	for _, g := range b.Groups {
		for _, bar := range g.Bars {
			if textWidth(write(bar.Value))+4 > stepWidth(slot, len(g.Bars)) {
				return false
			}
		}
	}
	return true
}

// wrap breaks a text into at most two rows of the given width.
func wrap(text string, width float64) []string {
	if textWidth(text) <= width {
		return []string{text}
	}
	best, cut := math.Inf(1), -1
	for i, r := range text {
		if r == ' ' {
			if w := max(textWidth(text[:i]), textWidth(text[i+1:])); w < best {
				best, cut = w, i
			}
		}
	}
	if cut < 0 {
		return []string{text}
	}
	return []string{text[:cut], text[cut+1:]}
}
