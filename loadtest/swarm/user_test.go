package swarm

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestQueue: a queue finds the questions that wait, and only those, in whatever order they are answered.
func TestQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		first := rapid.SampledFrom([]uint32{2, 1000}).Draw(t, "first")
		ref, waiting := first, []uint32(nil)
		t.Repeat(map[string]func(*rapid.T){
			"ask": func(t *rapid.T) {
				q.push(question{ref: ref, number: uint64(ref) * 3})
				waiting = append(waiting, ref)
				ref++
			},
			"answer": func(t *rapid.T) {
				if len(waiting) == 0 {
					return
				}
				i := rapid.IntRange(0, len(waiting)-1).Draw(t, "which")
				q.answered(q.find(waiting[i]))
				waiting = slices.Delete(waiting, i, i+1)
			},
			"": func(t *rapid.T) {
				var all []uint32
				for one := range q.all() {
					all = append(all, one.ref)
				}
				if !slices.Equal(all, waiting) || q.empty() != (len(waiting) == 0) {
					t.Fatalf("the queue holds %v, want %v", all, waiting)
				}
				if front := q.front(); front != nil && front.ref != waiting[0] {
					t.Fatalf("the oldest is %d, want %d", front.ref, waiting[0])
				}
				for look := first - 1; look != ref+1; look++ {
					one := q.find(look)
					if (one != nil) != slices.Contains(waiting, look) || one != nil && one.number != uint64(look)*3 {
						t.Fatalf("for %d the queue finds %v", look, one)
					}
				}
			},
		})
	})
}

// TestQueueAllocatesNothing once it is as long as it gets.
func TestQueueAllocatesNothing(t *testing.T) {
	var q queue
	ref := uint32(2)
	round := func() {
		for range 100 {
			q.push(question{ref: ref})
			ref++
		}
		for refused := ref - 1; refused > ref-50; refused-- {
			q.answered(q.find(refused))
		}
		for one := q.front(); one != nil; one = q.front() {
			q.answered(one)
		}
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations a round", n)
	}
}
