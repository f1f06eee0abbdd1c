package plot

import (
	"math"
	"slices"
)

// Scale is how an axis spreads its values.
type Scale uint8

// The scales.
const (
	Linear     Scale = iota
	Log              // each decade is as long as the next
	Percentile       // of shares from 0 to 1: from 90 % to 99 % it is as far as from 99 % to 99.9 %
)

// flat returns where v would lie on an even axis; not finite where it has no place.
func (k Scale) flat(v float64) float64 {
	switch k {
	case Log:
		return math.Log10(v)
	case Percentile:
		return -math.Log10(1 - v)
	}
	return v
}

// What a chart shows: beyond that, ticks would need more digits than a number has.
const (
	largest  = 1e12
	smallest = 1e-12
)

// shows reports whether v has a place on such an axis.
func (k Scale) shows(v float64) bool {
	return finite(k.flat(v)) && math.Abs(v) <= largest && (k != Log || v >= smallest)
}

// scale is an axis that has found its ends and its pixels.
type scale struct {
	Scale
	from, to   float64 // values
	start, end float64 // pixels
}

// at returns the pixel of a value.
func (s scale) at(v float64) float64 {
	from := s.flat(s.from)
	return s.start + (s.end-s.start)*(s.flat(v)-from)/(s.flat(s.to)-from)
}

// has reports whether a value lies on the axis.
func (s scale) has(v float64) bool { return v >= s.from && v <= s.to }

// stretch lays the axis over values from least to most. An outer axis ends on round values.
func (a *Axis) stretch(least, most float64, outer bool) scale {
	s := scale{Scale: a.Scale, from: a.From, to: a.To}
	switch {
	case a.From != a.To:
		return s
	case least > most: // there are no values
		least, most = 0, 0
	}
	s.from, s.to = least, most
	switch {
	case a.Scale == Percentile:
		s.from = 0
	case a.Scale == Log && outer:
		s.from, s.to = roundDown(least), roundUp(most)
	case outer:
		s.from = min(0, least)
	}
	if s.to-s.from <= smallest*max(1, math.Abs(s.to)) { // one value, and an axis has two ends
		s.to = [...]float64{Linear: s.from + 1, Log: s.from * 10, Percentile: .9}[a.Scale]
	}
	return s
}

// round numbers of the decade that v is in, and the first one of the next.
func round(v float64) []float64 {
	decade := math.Pow10(int(math.Floor(math.Log10(v) + slack)))
	return []float64{decade, 2 * decade, 5 * decade, 10 * decade}
}

// slack is how far two numbers that should be the same may be apart after some arithmetic, as a share.
const slack = 1e-9

// roundDown returns the greatest 1, 2 or 5 times a power of ten that is not above v.
func roundDown(v float64) float64 {
	numbers := round(v)
	for _, n := range slices.Backward(numbers) {
		if n <= v*(1+slack) {
			return n
		}
	}
	return numbers[0]
}

// roundUp returns the least one that is not below v.
func roundUp(v float64) float64 {
	numbers := round(v)
	for _, n := range numbers {
		if n >= v*(1-slack) {
			return n
		}
	}
	return numbers[len(numbers)-1]
}

// tick is a mark on an axis with its text.
type tick struct {
	at   float64
	text string
}

// ticks chooses the marks of an axis so that there is room pixels for each.
func (s scale) ticks(u Unit, room float64) []tick {
	switch s.Scale {
	case Log:
		return s.logTicks(u, room)
	case Percentile:
		return s.percentileTicks()
	}
	return s.evenTicks(u, s.step(u, room))
}

// step returns the distance between the ticks of an even axis.
func (s scale) step(u Unit, room float64) float64 {
	return u.step((s.to - s.from) * room / math.Abs(s.end-s.start))
}

func (s scale) evenTicks(u Unit, step float64) []tick {
	var values []float64
	for i := math.Ceil(s.from/step - slack); i <= s.to/step+slack; i++ {
		values = append(values, i*step+0) // no negative zero
	}
	if len(values) == 0 {
		values = []float64{s.from}
	}
	ticks := make([]tick, len(values))
	for i, text := range u.ticks(values, step) {
		ticks[i] = tick{values[i], text}
	}
	return ticks
}

// logTicks takes every power of ten, with its double and its fivefold where there is room, or only some of the powers
// where there is none.
func (s scale) logTicks(u Unit, room float64) (ticks []tick) {
	decade := math.Abs(s.end-s.start) / (s.flat(s.to) - s.flat(s.from)) // pixels
	factors, stride := []float64{1, 2, 5}, 1
	if decade < room*7/3 { // 2 and 5 are three tenths of a decade from the next power, which need not be all of room
		factors, stride = factors[:1], int(math.Ceil(room/decade))
	}
	first, last := int(math.Floor(s.flat(s.from)+slack)), int(math.Ceil(s.flat(s.to)))
	for power := first; power <= last; power++ {
		for _, f := range factors {
			if v := f * math.Pow10(power); power%stride == 0 && v >= s.from*(1-slack) && v <= s.to*(1+slack) {
				ticks = append(ticks, tick{v, u.Format(v)})
			}
		}
	}
	return ticks
}

func (s scale) percentileTicks() []tick {
	ticks := []tick{{0, Percent.Format(0)}, {.5, Percent.Format(.5)}}
	for nines := 1; nines <= 9; nines++ {
		if p := 1 - math.Pow10(-nines); p <= s.to {
			ticks = append(ticks, tick{p, Percent.Format(p)})
		}
	}
	return ticks
}

// clockSteps are the distances between times that people count in, in seconds.
var clockSteps = []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 4 * 3600, 6 * 3600, 12 * 3600}

// step returns a distance between ticks that is easy to count in and not below least.
func (u Unit) step(least float64) float64 {
	if u == Clock && least > 1 {
		if i, _ := slices.BinarySearch(clockSteps, least); i < len(clockSteps) {
			return clockSteps[i]
		}
		return math.Ceil(least/86400) * 86400
	}
	if u == Bytes && least > 1 {
		return math.Exp2(math.Ceil(math.Log2(least)))
	}
	return roundUp(least)
}
