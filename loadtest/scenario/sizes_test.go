package scenario

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestPick: each size comes as often as its weight says, give or take five standard deviations.
func TestPick(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const draws = 200_000
	for _, test := range []struct {
		sizes Sizes
		want  map[int]float64
	}{
		{Sizes{{1, 64, 64}}, map[int]float64{64: 1}},
		{Sizes{{7, 1, 4}}, map[int]float64{1: 0.25, 2: 0.25, 3: 0.25, 4: 0.25}},
		{Sizes{{80, 64, 64}, {15, 256, 256}, {5, 1000, 1000}}, map[int]float64{64: 0.80, 256: 0.15, 1000: 0.05}},
		{Sizes{{1, 10, 11}, {3, 11, 12}}, map[int]float64{10: 0.125, 11: 0.5, 12: 0.375}},
		{Sizes{{1e9, 1, 1}, {1e-9, 2, 2}}, map[int]float64{1: 1}},
	} {
		seen := map[int]int{}
		for range draws {
			seen[test.sizes.Pick(r)]++
		}
		for size, share := range test.want {
			mean, deviation := draws*share, math.Sqrt(draws*share*(1-share))
			if math.Abs(float64(seen[size])-mean) > 5*deviation {
				t.Errorf("%s: %d comes %d times, want %.0f ± %.0f", test.sizes, size, seen[size], mean, deviation)
			}
		}
		if len(seen) != len(test.want) {
			t.Errorf("%s: drawn were %v", test.sizes, seen)
		}
	}
}

func TestPickAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	sizes := Sizes{{80, 64, 64}, {15, 256, 256}, {5, 500, 1000}}
	if n := testing.AllocsPerRun(100, func() { sizes.Pick(r) }); n != 0 {
		t.Errorf("a size costs %.0f allocations", n)
	}
}

func BenchmarkPick(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	sizes := Sizes{{80, 64, 64}, {15, 256, 256}, {5, 500, 1000}}
	for b.Loop() {
		sizes.Pick(r)
	}
}
