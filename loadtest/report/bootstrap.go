package report

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	resamples    = 2000
	fewest       = 8  // seconds on a side that an interval takes
	blocksWanted = 10 // stretches that a side's seconds are cut into
	blockLeast   = 4  // seconds of a stretch, but where a phase has fewer than 16
)

// observation is what one second adds to a figure of its run: the figure is the sum of num over the sum of den.
type observation struct{ num, den float64 }

// observations are those of one run, phase by phase: what differs between phases differs by plan and is no uncertainty.
type observations [][]observation

func (s observations) count() (n int) {
	for _, stratum := range s {
		n += len(stratum)
	}
	return n
}

func (s observations) mean() float64 {
	var num, den float64
	for _, stratum := range s {
		for _, of := range stratum {
			num += of.num
			den += of.den
		}
	}
	return num / den
}

// interval returns where the ratio of the means, newer to older, lies with a confidence of 95 %; or, where logs says that
// the observations are logarithms, the ratio of what they are logarithms of. ok is false when a side is too short for it.
//
// It is the circular block bootstrap (Politis and Romano, "A Circular Block-Resampling Procedure for Stationary Data",
// 1992), within phases: as what happens in a second has to do with the second before, it is not seconds that are drawn
// again and again but stretches of them, a tenth of a run long. Percentiles of the draws are too narrow for so few
// independent pieces; they are taken further out, by as much as Student's t is wider than the normal distribution (the
// expanded percentile interval of Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician
// 69, 2015). The draws are the same each time. TestCompareFalseAlarms holds how often the interval is wrong.
func interval(older, newer observations, logs bool) (low, high float64, ok bool) {
	if min(older.count(), newer.count()) < fewest {
		return 0, 0, false
	}
	random := rand.New(rand.NewPCG(0x6c6f6164, 0x74657374))
	a, b := newResampler(older), newResampler(newer)
	ratios := make([]float64, resamples)
	for i := range ratios {
		x, y := a.draw(random), b.draw(random)
		if logs {
			ratios[i] = math.Exp(y - x)
		} else {
			ratios[i] = y / x
		}
	}
	slices.Sort(ratios)
	tail := int(expanded(min(a.blocks, b.blocks)) * resamples)
	return ratios[tail], ratios[resamples-1-tail], true
}

// expanded returns the share of draws to leave out at each end, for a mean of so many independent pieces. The shorter run
// decides as if the other one were no help, which is cautious: seconds that hang together are fewer than they look.
func expanded(pieces float64) float64 {
	z := studentT(pieces-1) * math.Sqrt(pieces/(pieces-1))
	return math.Erfc(z/math.Sqrt2) / 2
}

// studentT returns the 97.5 % point of Student's distribution, by the expansion of Cornish and Fisher; from 3 degrees of
// freedom on it is right to 1 %.
func studentT(freedom float64) float64 {
	const z = 1.959964
	z3, z5, z7 := z*z*z, z*z*z*z*z, z*z*z*z*z*z*z
	return z + (z3+z)/(4*freedom) +
		(5*z5+16*z3+3*z)/(96*freedom*freedom) +
		(3*z7+19*z5+17*z3-15*z)/(384*freedom*freedom*freedom)
}

// resampler draws a run's mean as it might have been.
type resampler struct {
	strata []stratum
	blocks float64 // independent pieces that a draw consists of
}

// stratum is a phase: sums[i] is the sum of its first i observations, going through it twice so that a block may go
// around its end.
type stratum struct {
	sums   []observation
	length int
	block  int
}

func newResampler(s observations) *resampler {
	block := max(blockLeast, (s.count()+blocksWanted-1)/blocksWanted)
	r := new(resampler)
	for _, of := range s {
		if len(of) == 0 {
			continue
		}
		st := stratum{length: len(of), block: max(1, min(block, len(of)/4)), sums: make([]observation, 1, 2*len(of)+1)}
		for range 2 {
			for _, x := range of {
				last := st.sums[len(st.sums)-1]
				st.sums = append(st.sums, observation{last.num + x.num, last.den + x.den})
			}
		}
		r.strata = append(r.strata, st)
		r.blocks += float64(st.length) / float64(st.block)
	}
	r.blocks -= float64(len(r.strata) - 1) // each phase has a mean of its own
	r.blocks = max(r.blocks, 4)
	return r
}

func (r *resampler) draw(random *rand.Rand) float64 {
	var num, den float64
	for i := range r.strata {
		s := &r.strata[i]
		for left := s.length; left > 0; left -= s.block {
			from := random.IntN(s.length)
			to := from + min(s.block, left)
			num += s.sums[to].num - s.sums[from].num
			den += s.sums[to].den - s.sums[from].den
		}
	}
	return num / den
}
