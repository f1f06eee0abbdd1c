package live

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestColumns(t *testing.T) {
	f := func(values []float64, top float64, width, height int, want ...string) {
		t.Helper()
		if got := columns(values, top, width, height); !slices.Equal(got, want) {
			t.Errorf("columns(%v, %v): got\n%s\nwant\n%s", values, top, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	nothing := math.NaN()
	f([]float64{0, 1, 2, 3, 4, 5, 6, 7, 8}, 8, 9, 1, " ▁▂▃▄▅▆▇█")
	f([]float64{nothing, 0.001, 8}, 8, 5, 1, "   ▁█")
	f([]float64{1, 8, 9, 16}, 16, 4, 2, "  ▁█", "▁███")
	f([]float64{20, math.Inf(1)}, 10, 2, 1, "██")
	f(nil, 1, 3, 2, "   ", "   ")
}

func TestScale(t *testing.T) {
	f := func(want float64, values ...float64) {
		t.Helper()
		if got := scale(values); math.Abs(got-want) > want*1e-9 {
			t.Errorf("scale(%v) = %v, want %v", values, got, want)
		}
	}
	f(1)
	f(1, 0, math.NaN())
	f(50000, 49950, 12)
	f(100, 99.9)
	f(0.12, 0.11)
	f(1.2, 1.1, math.NaN(), 0.3)
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64Range(1e-6, 1e12).Draw(t, "value")
		if top := scale([]float64{v}); top < v || top > 1.51*v {
			t.Errorf("scale of %v is %v", v, top)
		}
	})
}

func TestBar(t *testing.T) {
	f := func(reached, underway float64, want string) {
		t.Helper()
		if got := plain(newTheme(unknown).bar(10, reached, underway)); got != want {
			t.Errorf("bar(%v, %v) is %s, want %s", reached, underway, got, want)
		}
	}
	f(0, 0, "──────────")
	f(0.3, 0.5, "━━━╍╍─────")
	f(0.5, 0.3, "━━━━━─────")
	f(7, 7, "━━━━━━━━━━")
	f(math.NaN(), -1, "──────────")
}

func TestFigures(t *testing.T) {
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(amount(0), "0")
	f(amount(2.5), "2.5")
	f(amount(3), "3")
	f(amount(49949.6), "49,950")
	f(millis(0.305), "0.30")
	f(millis(12.34), "12.3")
	f(millis(1234.5), "1,235")
	f(short(950), "950")
	f(short(1.25e6), "1.25M")
	f(short(5e4), "50k")
	f(short(3e9), "3G")
	f(clock(35e9), "0:35")
	f(clock(3723e9), "1:02:03")
	f(percent(0.9999), "99 %")
}
