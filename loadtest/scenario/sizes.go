package scenario

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Sizes is a distribution of message sizes in bytes.
type Sizes []Size

// Size is one part of the distribution: uniform from Min to Max, both included.
type Size struct {
	Weight   float64
	Min, Max int
}

// Pick draws a size of valid, non-empty Sizes. It allocates nothing and looks at every part at most twice, of which
// Check lets through sizesMax. Any goroutine may call it with a generator of its own.
func (s Sizes) Pick(r *rand.Rand) int {
	size := &s[0]
	if len(s) > 1 {
		size = s.part(r)
	}
	if size.Min == size.Max {
		return size.Min
	}
	return size.Min + r.IntN(size.Max-size.Min+1)
}

// part draws a part by its weight.
func (s Sizes) part(r *rand.Rand) *Size {
	total := 0.0
	for i := range s {
		total += s[i].Weight
	}
	at, last := r.Float64()*total, len(s)-1
	for i := range s[:last] {
		if at < s[i].Weight {
			return &s[i]
		}
		at -= s[i].Weight
	}
	return &s[last]
}

// UnmarshalText reads sizes with blanks between them: 64, 64*80 256*20 with weights, 1..1000 for a range. It implements
// encoding.TextUnmarshaler.
func (s *Sizes) UnmarshalText(text []byte) error {
	var sizes Sizes
	for _, word := range strings.Fields(string(text)) {
		size, ok := parseSize(word)
		if !ok {
			return fmt.Errorf("%q is not a size: write bytes, such as 64, 1KiB or 1..1000, and behind a * how many "+
				"there are of it beside the others, as in 64*80 1KiB*20", word)
		}
		sizes = append(sizes, size)
	}
	*s = sizes
	return nil
}

func parseSize(word string) (Size, bool) {
	extent, weight, weighted := strings.Cut(word, "*")
	low, high, ranged := strings.Cut(extent, "..")
	if !ranged {
		high = low
	}
	size := Size{Weight: 1}
	okWeight := true
	if weighted {
		size.Weight, okWeight = parseNumber(weight, plain)
	}
	var okMin, okMax bool
	size.Min, okMin = parseBytes(low)
	size.Max, okMax = parseBytes(high)
	return size, okWeight && okMin && okMax
}

// String returns the sizes in the form that UnmarshalText reads. A weight of 1 is left out.
func (s Sizes) String() string {
	words := make([]string, len(s))
	for i, size := range s {
		words[i] = formatBytes(size.Min)
		if size.Max != size.Min {
			words[i] += ".." + formatBytes(size.Max)
		}
		if size.Weight != 1 {
			words[i] += "*" + formatNumber(size.Weight, plain)
		}
	}
	return strings.Join(words, " ")
}
