package plot

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

type rgb [3]float64 // linear, 0 to 1

// palette reads the colors of Light or Dark.
func palette(t *testing.T, css string) map[string]rgb {
	t.Helper()
	colors := map[string]rgb{}
	for _, m := range regexp.MustCompile(`--(\w+):#([0-9a-f]+);`).FindAllStringSubmatch(css, -1) {
		digits := m[2]
		if len(digits) == 3 {
			digits = strings.Repeat(digits[:1], 2) + strings.Repeat(digits[1:2], 2) + strings.Repeat(digits[2:], 2)
		}
		n, err := strconv.ParseUint(digits, 16, 32)
		if err != nil || len(digits) != 6 {
			t.Fatalf("%s is no color", m[0])
		}
		var c rgb
		for i := range c {
			c[i] = linear(float64(n>>(16-8*i)&255) / 255)
		}
		colors[m[1]] = c
	}
	if want := Colors + 7; len(colors) != want {
		t.Fatalf("there are %d colors, want %d", len(colors), want)
	}
	return colors
}

func linear(c float64) float64 {
	if c <= .04045 {
		return c / 12.92
	}
	return math.Pow((c+.055)/1.055, 2.4)
}

func (c rgb) luminance() float64 { return .2126*c[0] + .7152*c[1] + .0722*c[2] }

// contrast is that of the Web Content Accessibility Guidelines.
func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + .05) / (min(x, y) + .05)
}

func series() (names []string) {
	for i := range Colors {
		names = append(names, "c"+strconv.Itoa(i+1))
	}
	return names
}

func TestContrast(t *testing.T) {
	for _, css := range []string{Light, Dark} {
		colors := palette(t, css)
		for _, name := range append(series(), "ink", "muted", "limit") {
			if got := contrast(colors[name], colors["surface"]); got < 4.5 {
				t.Errorf("--%s has a contrast of %.2f to the surface, less than 4.5: %s", name, got, css)
			}
		}
	}
}

// sights are how colors are seen: by most, and without the cones for red or for green (Machado, Oliveira and Fernandes,
// A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009).
var sights = map[string][3]rgb{
	"full":         {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protanopia":   {{.152286, 1.052583, -.204868}, {.114503, .786281, .099216}, {-.003882, -.048116, 1.051998}},
	"deuteranopia": {{.367322, .860646, -.227968}, {.280085, .672501, .047413}, {-.011820, .042940, .968881}},
}

// lab is a color in CIELAB, where distances are about those that one sees; 2 is just seen.
func (c rgb) lab(sight [3]rgb) [3]float64 {
	var seen rgb
	for i, row := range sight {
		seen[i] = min(1, max(0, row[0]*c[0]+row[1]*c[1]+row[2]*c[2]))
	}
	f := func(v float64) float64 {
		if v > .008856 {
			return math.Cbrt(v)
		}
		return 7.787*v + 16./116
	}
	x := f((.4124*seen[0] + .3576*seen[1] + .1805*seen[2]) / .95047)
	y := f(seen.luminance())
	z := f((.0193*seen[0] + .1192*seen[1] + .9505*seen[2]) / 1.08883)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

func TestColorsStayApart(t *testing.T) {
	for _, css := range []string{Light, Dark} {
		colors := palette(t, css)
		for name, sight := range sights {
			for i, a := range series() {
				for _, b := range series()[:i] {
					x, y := colors[a].lab(sight), colors[b].lab(sight)
					if d := math.Hypot(math.Hypot(x[0]-y[0], x[1]-y[1]), x[2]-y[2]); d < 15 {
						t.Errorf("with %s sight, --%s and --%s are only %.1f apart: %s", name, a, b, d, css)
					}
				}
			}
		}
	}
}
