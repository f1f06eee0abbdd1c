package plot

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFormat(t *testing.T) {
	f := func(u Unit, v float64, want string) {
		t.Helper()
		if got := strings.ReplaceAll(u.Format(v), space, " "); got != want {
			t.Errorf("unit %d: %g is written %q, want %q", u, v, got, want)
		}
	}
	f(Count, 0, "0")
	f(Count, 1, "1")
	f(Count, .25, "0.25")
	f(Count, 1234, "1,234")
	f(Count, 9999, "9,999")
	f(Count, 9999.6, "10 k")
	f(Count, 12_345, "12.3 k")
	f(Count, 999_600, "1 M")
	f(Count, 1_234_567, "1.23 M")
	f(Count, -1234, "-1,234")
	f(Count, -123, "-123")
	f(PerSecond, 831_040, "831 k/s")
	f(PerSecond, 99.96, "100/s")
	f(Milliseconds, .0004, "0.4 µs")
	f(Milliseconds, .25, "250 µs")
	f(Milliseconds, .9994, "999 µs")
	f(Milliseconds, .9996, "1 ms")
	f(Milliseconds, 12.34, "12.3 ms")
	f(Milliseconds, 1061, "1.06 s")
	f(Clock, 45.26, "45.3 s")
	f(Clock, 59.96, "1 min")
	f(Clock, 150, "2 min 30 s")
	f(Clock, 3600, "1 h")
	f(Clock, 5400, "1 h 30 min")
	f(Bytes, 512, "512 B")
	f(Bytes, 1<<16, "64 KiB")
	f(Bytes, 1.5*(1<<30), "1.5 GiB")
	f(Percent, 0, "0 %")
	f(Percent, .999, "99.9 %")
	f(Percent, .9999999, "99.99999 %")
	f(Milliseconds, math.NaN(), "–")
	f(Count, math.Inf(1), "–")
}

// The ticks of an axis grow, lie on it, are written differently, and have about the room that was asked for.
func TestTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.SampledFrom([]Unit{Count, PerSecond, Milliseconds, Clock, Bytes}).Draw(t, "unit")
		a := Axis{Unit: u, Scale: rapid.SampledFrom([]Scale{Linear, Log}).Draw(t, "scale")}
		least := rapid.Float64Range(.01, 1e6).Draw(t, "least")
		s := a.stretch(least, least*rapid.Float64Range(1, 1e5).Draw(t, "ratio"), true)
		s.start, s.end = 200, 0
		if s.from > least || s.to < least {
			t.Fatalf("%g is not on the axis from %g to %g", least, s.from, s.to)
		}
		ticks, seen := s.ticks(u, 34), map[string]bool{}
		if len(ticks) == 0 || len(ticks) > 9 {
			t.Fatalf("there are %d ticks from %g to %g: %v", len(ticks), s.from, s.to, ticks)
		}
		for i, k := range ticks {
			if y := s.at(k.at); y < -1e-6 || y > 200+1e-6 {
				t.Fatalf("the tick %s lies at pixel %g of 200", k.text, y)
			}
			if i > 0 && k.at <= ticks[i-1].at || seen[k.text] {
				t.Fatalf("the ticks from %g to %g don't grow: %v", s.from, s.to, ticks)
			}
			seen[k.text] = true
		}
	})
}

func TestTickTexts(t *testing.T) {
	f := func(s scale, u Unit, room float64, want string) {
		t.Helper()
		var got []string
		for _, k := range s.ticks(u, room) {
			got = append(got, strings.ReplaceAll(k.text, space, ""))
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("got %s, want %s", text, want)
		}
	}
	linear := func(to float64) scale { return scale{to: to, start: 0, end: 100} }
	f(linear(1), Count, 30, "0 0.5 1.0")
	f(linear(1), Count, 25, "0 0.5 1.0")
	f(linear(1), Count, 20, "0 0.2 0.4 0.6 0.8 1.0")
	f(linear(4000), PerSecond, 40, "0 2,000/s 4,000/s")
	f(linear(40_000), PerSecond, 40, "0 20k/s 40k/s")
	f(linear(1200), Milliseconds, 40, "0 0.5s 1.0s")
	f(linear(3<<20), Bytes, 30, "0 1MiB 2MiB 3MiB")
	f(linear(90), Clock, 30, "0s 30s 60s 90s")
	f(linear(600), Clock, 30, "0:00 5:00 10:00")
	f(linear(7200), Clock, 45, "0:00 1:00:00 2:00:00")
	f(scale{Scale: Log, from: .1, to: 100, start: 0, end: 300}, Milliseconds, 30,
		"100µs 200µs 500µs 1ms 2ms 5ms 10ms 20ms 50ms 100ms")
	f(scale{Scale: Log, from: .1, to: 100, start: 0, end: 200}, Milliseconds, 30, "100µs 1ms 10ms 100ms")
	f(scale{Scale: Percentile, to: .9995, start: 0, end: 200}, Percent, 30, "0% 50% 90% 99% 99.9%")
}

func TestScales(t *testing.T) {
	f := func(s scale, v, want float64) {
		t.Helper()
		if got := s.at(v); math.Abs(got-want) > 1e-6 {
			t.Errorf("%g lies at %g, want %g", v, got, want)
		}
	}
	f(scale{from: 10, to: 20, start: 100, end: 0}, 12.5, 75)
	f(scale{Scale: Log, from: 1, to: 100, end: 100}, 10, 50)
	f(scale{Scale: Percentile, from: 0, to: .9999, end: 100}, .99, 50)
	f(scale{Scale: Percentile, from: 0, to: .9999, end: 100}, 0, 0)
}
