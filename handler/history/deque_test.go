package history

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A deque holds what a slice would, wherever its blocks end, and no more memory than that needs.
func TestDeque(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d deque[int]
		var want []int
		next := 1
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(0, 3*blockLen).Draw(t, "n") {
					d.push(next)
					want = append(want, next)
					next++
				}
			},
			"drop": func(t *rapid.T) {
				n := rapid.IntRange(0, len(want)).Draw(t, "n")
				d.drop(n)
				want = want[n:]
			},
			"": func(t *rapid.T) {
				if d.length != len(want) {
					t.Fatalf("there are %d elements, want %d", d.length, len(want))
				}
				var got []int
				for run := d.run(0); len(run) > 0; run = d.run(len(got)) {
					got = append(got, run...)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("the runs have %d elements, want %d, or others", len(got), len(want))
				}
				for i := range want {
					if *d.at(i) != want[i] {
						t.Fatalf("element %d is %d, want %d", i, *d.at(i), want[i])
					}
				}
				if most := len(want)/blockLen + 2; len(d.blocks) > most {
					t.Fatalf("%d elements take %d blocks", len(want), len(d.blocks))
				}
				if d.spare != nil && *d.spare != [blockLen]int{} {
					t.Fatal("the spare block is not empty")
				}
			},
		})
	})
}

// A run stays as it is while others are pushed, and nothing can be appended to it by mistake.
func TestDequeRunStays(t *testing.T) {
	var d deque[int]
	for i := range 10 {
		d.push(i)
	}
	run := d.run(4)
	for i := range 5 * blockLen {
		d.push(-i)
	}
	_ = append(run, 99)
	if !slices.Equal(run, []int{4, 5, 6, 7, 8, 9}) || *d.at(10) != 0 {
		t.Errorf("the run is %v, and behind it lies %d", run, *d.at(10))
	}
}
