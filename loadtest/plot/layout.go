package plot

import (
	"fmt"
	"math"
)

const (
	nameHeight = 20.0 // of an axis's name, with the space around it
	bandHeight = 20.0 // of the bands' names
	keyHeight  = 20.0 // of a row of a key
	keySwatch  = 18.0 // the length of a color sample in a key
	beside     = 480  // pixels of width from which on the names stand at the ends of their lines
)

// layout is a chart that has found its scales, and its margins by the texts that stand in them.
type layout struct {
	svg
	chart                    *Chart
	width, height, margin    float64
	left, top, right, bottom float64 // the area of the lines
	x, y                     scale
	xTicks, yTicks           []tick
	key                      [][]int // rows of series' numbers above the area; nil: the names stand beside the lines
}

// SVG returns the chart as a picture of its own, for a file or an <img>: with its title, its colors and a surface.
func (c *Chart) SVG() string {
	l := c.layout(16, 40)
	l.open(c.Title, c.About, "", "", l.width, l.height)
	l.alone(c.Title, l.width, l.height)
	return l.draw()
}

// Inline returns the chart as an element for a page that has Style, and Light or Dark, and tells the title itself. The
// element gets the class besides its own, "plot". Its attribute data-area holds the left, top, right and bottom edge of
// the lines' area and data-x the scale of X with its ends, all for a script that points into it.
func (c *Chart) Inline(class string) string {
	l := c.layout(0, 2)
	attributes := fmt.Sprintf(` data-area="%s %s %s %s" data-x="%d %g %g"`,
		pixel(l.left), pixel(l.top), pixel(l.right), pixel(l.bottom), l.x.Scale, l.x.from, l.x.to)
	l.open(c.Title, c.About, class, attributes, l.width, l.height)
	return l.draw()
}

// layout finds a chart's places. What is above top belongs to somebody else, as do margin pixels on the other sides.
func (c *Chart) layout(margin, top float64) *layout {
	l := &layout{chart: c, width: float64(c.Width), height: float64(c.Height), margin: margin}
	if c.Width == 0 {
		l.width = 720
	}
	if c.Height == 0 {
		l.height = 320
	}
	l.right = l.width - max(margin, 10)
	if l.width < beside || c.stacks() {
		l.key = c.keyRows(l.right - margin)
	} else if len(c.Series) > 1 {
		for i := range c.Series {
			l.right = min(l.right, l.width-margin-nameWidth(c.Series[i].Name)-16)
		}
	}
	l.top = top + 8 + keyHeight*float64(len(l.key))
	l.bottom = l.height - margin/2 - 24
	if c.Y.Name != "" {
		l.top += nameHeight
	}
	if len(c.Bands) > 0 {
		l.top += bandHeight
	}
	if c.X.Name != "" {
		l.bottom -= nameHeight
	}
	l.scaleY()
	l.scaleX()
	return l
}

func (l *layout) scaleY() {
	least, most := l.chart.reach()
	l.y = l.chart.Y.stretch(least, most, true)
	l.y.start, l.y.end = l.bottom, l.top
	l.left = l.margin
	if least > most {
		return // nothing to measure against
	}
	const room = 34
	if unit := l.chart.Y.Unit; l.y.Scale == Linear && l.chart.Y.From == l.chart.Y.To {
		step := l.y.step(unit, room)
		l.y.to = step * math.Ceil(l.y.to/step-slack) // the highest tick is the end
		l.yTicks = l.y.evenTicks(unit, step)
	} else {
		l.yTicks = l.y.ticks(unit, room)
	}
	for _, t := range l.yTicks {
		l.left = max(l.left, l.margin+textWidth(t.text)+8)
	}
}

func (l *layout) scaleX() {
	least, most := math.Inf(1), math.Inf(-1)
	for _, v := range l.chart.At {
		if l.chart.X.Scale.shows(v) {
			least, most = min(least, v), max(most, v)
		}
	}
	l.x = l.chart.X.stretch(least, most, false)
	l.x.start, l.x.end = l.left, l.right
	if l.chart.stacks() && len(l.chart.At) > 0 { // the outer bars stand within the area
		half := l.gap() * .4
		l.x.start, l.x.end = l.left+half, l.right-half
	}
	if least <= most {
		l.xTicks = l.x.ticks(l.chart.X.Unit, 72)
	}
}

// stacks reports whether the chart has bars, which have no end for a name to stand at.
func (c *Chart) stacks() bool {
	for i := range c.Series {
		if c.Series[i].Mark == Stacked {
			return true
		}
	}
	return false
}

// keyRows breaks the names of the series into rows that are not wider than width.
func (c *Chart) keyRows(width float64) (rows [][]int) {
	if len(c.Series) < 2 {
		return nil
	}
	used := math.Inf(1)
	for i := range c.Series {
		w := keyWidth(c.Series[i].Name)
		if used+w > width {
			rows, used = append(rows, nil), 0
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], i)
		used += w
	}
	return rows
}

// keyWidth is the width of a name in a key, with its sample of color and the space behind it.
func keyWidth(name string) float64 { return keySwatch + 6 + textWidth(name) + 14 }
