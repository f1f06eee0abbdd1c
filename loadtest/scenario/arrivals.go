package scenario

import (
	"math"
	"math/rand/v2"
	"time"
)

// Never is the moment of an arrival that doesn't come.
const Never = time.Duration(math.MaxInt64)

// Arrivals says when messages are intended to be sent, however late they are: that is what makes a load an open loop.
// It belongs to one goroutine.
type Arrivals struct {
	rate   float64
	phase  float64
	count  uint64     // even arrivals so far
	gaps   float64    // Poisson: the sum of the gaps so far, in mean gaps
	random *rand.Rand // nil: even arrivals
}

// NewArrivals returns the arrivals of a rate a second. Even ones have equal gaps; phase, in gaps from 0 to 1, is when
// the first one comes, so that several senders which share a rate don't send at the same moments. With poisson the gaps
// are exponential, drawn from r, and phase is not used: Poisson's arrivals don't remember when they began.
func NewArrivals(rate float64, poisson bool, phase float64, r *rand.Rand) Arrivals {
	a := Arrivals{rate: rate, phase: phase}
	if poisson {
		a.random = r
	}
	return a
}

// Next returns the next arrival's moment after the start. At a rate of 0, and after 292 years, that is Never.
//
// Each even moment is computed from the arrivals before it and not from the moment before it, whose rounding would add
// up: at 3 a second, after an hour it would be 3.6 µs off.
func (a *Arrivals) Next() time.Duration {
	var gaps float64
	if a.random != nil {
		a.gaps += a.random.ExpFloat64()
		gaps = a.gaps
	} else {
		gaps = float64(a.count) + a.phase
		a.count++
	}
	if moment := math.Round(gaps / a.rate * float64(time.Second)); moment < float64(Never) {
		return time.Duration(moment)
	}
	return Never // 0/0 is not a number and ends here too
}
