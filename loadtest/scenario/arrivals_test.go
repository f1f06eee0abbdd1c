package scenario

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestArrivalsDoNotDrift: whatever the rate, after a day its arrivals are where the first ones said that they would be.
func TestArrivalsDoNotDrift(t *testing.T) {
	const rate = 3 // a third of a second is no whole number of nanoseconds
	a := NewArrivals(rate, false, 0, nil)
	for second := range 24 * 60 * 60 {
		at := time.Duration(second) * time.Second
		for _, want := range []time.Duration{at, at + 333_333_333, at + 666_666_667} {
			if got := a.Next(); got != want {
				t.Fatalf("an arrival at %d ns, want %d", got, want)
			}
		}
	}
}

// TestArrivalsShareARate: senders that share a rate send, together, as one with the whole rate.
func TestArrivalsShareARate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0.01, 1e6).Draw(t, "rate")
		senders := make([]Arrivals, rapid.IntRange(1, 8).Draw(t, "senders"))
		for i := range senders {
			n := float64(len(senders))
			senders[i] = NewArrivals(rate/n, false, float64(i)/n, nil)
		}
		whole := NewArrivals(rate, false, 0, nil)
		for k := range 1000 {
			got, want := senders[k%len(senders)].Next(), whole.Next()
			if d := got - want; d < -1 || d > 1 {
				t.Fatalf("arrival %d at %d ns, of one sender at %d ns", k, got, want)
			}
		}
	})
}

// TestPoissonArrivals: exponential gaps have a mean of 1/rate and a standard deviation just as large, and about e⁻² of
// them are twice as long or longer.
func TestPoissonArrivals(t *testing.T) {
	const rate, draws = 1000, 200_000
	a := NewArrivals(rate, true, 0.5, rand.New(rand.NewPCG(3, 4)))
	var last time.Duration
	var sum, squares, long float64
	for range draws {
		at := a.Next()
		if at < last {
			t.Fatalf("%s comes after %s", at, last)
		}
		gap := (at - last).Seconds() * rate
		sum, squares, last = sum+gap, squares+gap*gap, at
		if gap >= 2 {
			long++
		}
	}
	mean := sum / draws
	deviation := math.Sqrt(squares/draws - mean*mean)
	for _, figure := range []struct {
		name            string
		got, want, give float64
	}{
		{"mean", mean, 1, 5 / math.Sqrt(draws)},
		{"standard deviation", deviation, 1, 0.02},
		{"long gaps", long / draws, math.Exp(-2), 0.005},
	} {
		if math.Abs(figure.got-figure.want) > figure.give {
			t.Errorf("%s is %.4f mean gaps, want %.4f ± %.4f", figure.name, figure.got, figure.want, figure.give)
		}
	}
}

func TestArrivalsThatNeverCome(t *testing.T) {
	for _, phase := range []float64{0, 0.5} {
		for _, poisson := range []bool{false, true} {
			none := NewArrivals(0, poisson, phase, rand.New(rand.NewPCG(1, 2)))
			late := NewArrivals(1e-12, poisson, phase, rand.New(rand.NewPCG(1, 2)))
			late.Next()
			if a, b := none.Next(), none.Next(); a != Never || b != Never {
				t.Errorf("at rate 0 arrivals come at %s and %s", a, b)
			}
			if at := late.Next(); at != Never {
				t.Errorf("after %s an arrival has a moment", at)
			}
		}
	}
}

func BenchmarkArrivals(b *testing.B) {
	a := NewArrivals(50, false, 0, nil)
	for b.Loop() {
		a.Next()
	}
}
