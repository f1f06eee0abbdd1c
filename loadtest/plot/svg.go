package plot

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// svg collects the elements of a picture. Coordinates are pixels, rounded to tenths.
type svg struct{ strings.Builder }

// open begins a picture. A name, a sentence and a size are all that the two kinds of it have in common.
func (s *svg) open(title, about, class, attributes string, width, height float64) {
	fmt.Fprintf(s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%[1]s" height="%[2]s"`,
		pixel(width), pixel(height))
	fmt.Fprintf(s, ` class="%s"%s role="img" aria-label="%s">`+"\n",
		strings.TrimSpace("plot "+escape(class)), attributes, escape(title))
	if about != "" {
		fmt.Fprintf(s, "<desc>%s</desc>\n", escape(about))
	}
}

// alone adds what a picture needs outside of a page: colors, a surface to stand on and its title.
func (s *svg) alone(title string, width, height float64) {
	fmt.Fprintf(s, "<title>%s</title>\n<style>\nsvg{%s}\n@media (prefers-color-scheme:dark){svg{%s}}\n%s\n</style>\n",
		escape(title), Light, Dark, Style)
	fmt.Fprintf(s, `<rect class="surface" width="%s" height="%s" rx="8"/>`+"\n", pixel(width), pixel(height))
	s.text("title", "start", 16, 27, title)
}

func (s *svg) close() string {
	s.WriteString("</svg>\n")
	return s.String()
}

func (s *svg) text(class, anchor string, x, y float64, text string) {
	if anchor != "start" { // which is what SVG assumes
		anchor = ` text-anchor="` + anchor + `"`
	} else {
		anchor = ""
	}
	fmt.Fprintf(s, `<text class="%s" x="%s" y="%s"%s>%s</text>`+"\n", class, pixel(x), pixel(y), anchor, escape(text))
}

func (s *svg) rect(class string, x, y, width, height float64) {
	fmt.Fprintf(s, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>`+"\n",
		class, pixel(x), pixel(y), pixel(width), pixel(height))
}

func (s *svg) line(class string, x1, y1, x2, y2 float64) {
	var p pen
	p.move(x1, y1)
	p.line(x2, y2)
	s.path(class, p.String(), "")
}

func (s *svg) path(class, d, attributes string) {
	if d != "" {
		fmt.Fprintf(s, `<path class="%s" d="%s"%s/>`+"\n", class, d, attributes)
	}
}

func (s *svg) dot(class string, x, y, radius float64) {
	fmt.Fprintf(s, `<circle class="%s" cx="%s" cy="%s" r="%s"/>`+"\n", class, pixel(x), pixel(y), pixel(radius))
}

// pen writes the data of a path: one absolute move for each stroke, then steps from point to point, which are half as
// long to write. It counts in tenths of a pixel, so that the steps add up.
type pen struct {
	strings.Builder
	x, y int
}

func (p *pen) move(x, y float64) {
	p.x, p.y = tenths(x), tenths(y)
	p.WriteString("M" + tenth(p.x))
	p.step(p.y)
	p.WriteByte('l')
}

func (p *pen) line(x, y float64) {
	dx, dy := tenths(x)-p.x, tenths(y)-p.y
	p.x, p.y = p.x+dx, p.y+dy
	if !strings.HasSuffix(p.String(), "l") {
		p.step(dx)
	} else {
		p.WriteString(tenth(dx))
	}
	p.step(dy)
}

// step writes a number behind another one; a minus sign is all the space that it needs.
func (p *pen) step(n int) {
	if n >= 0 {
		p.WriteByte(' ')
	}
	p.WriteString(tenth(n))
}

func tenths(v float64) int { return int(math.Round(v * 10)) }

func tenth(n int) string { return strconv.FormatFloat(float64(n)/10, 'f', -1, 64) }

func pixel(v float64) string { return tenth(tenths(v)) }

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// escape makes a text safe within an element or an attribute. Characters that XML has no way to write are dropped.
func escape(text string) string {
	return escaper.Replace(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD")))
}

// textWidth estimates the pixels that a text of 12 pixels takes; rather too many than too few, as fonts differ.
func textWidth(text string) (width float64) {
	for _, r := range text {
		switch {
		case strings.ContainsRune(" .,:;'|!iljtfrI()/\u00a0", r):
			width += 4.2
		case strings.ContainsRune("mwMW%@", r):
			width += 10.8
		case r >= 'A' && r <= 'Z':
			width += 8.7
		case r > 0x2E80: // East Asian writing
			width += 12
		default:
			width += 7.6
		}
	}
	return width
}
