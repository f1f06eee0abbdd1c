package account

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A table is a map, but for what was not asked for lately.
func TestTableIsAMap(t *testing.T) {
	const lasts = 100
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]int{1000, 20}).Draw(t, "most")
		table := table[int, int]{most: most, lasts: lasts}
		model, asked := map[int]int{}, map[int]time.Duration{}
		now, value := time.Duration(0), 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now += rapid.Map(rapid.IntRange(0, 60), func(i int) time.Duration { return time.Duration(max(i-40, 0) * 5) }).Draw(t, "pause")
			key := rapid.IntRange(0, 30).Draw(t, "key")
			if rapid.Bool().Draw(t, "put") {
				value++
				table.put(key, value, now)
				model[key], asked[key] = value, now
			} else if got := table.get(key, now); got != 0 && got != model[key] {
				t.Fatalf("%d is %d, was %d", key, got, model[key])
			} else if got == 0 && model[key] != 0 && most == 1000 && now-asked[key] < lasts {
				t.Fatalf("%d is forgotten after %d", key, now-asked[key])
			} else if got != 0 && now-asked[key] >= 3*lasts {
				t.Fatalf("%d is not forgotten after %d", key, now-asked[key])
			} else if got == 0 {
				delete(model, key)
			} else {
				asked[key] = now
			}
			if n := len(table.young) + len(table.old); n > most {
				t.Fatalf("there are %d entries", n)
			}
		}
	})
}

// What nobody asked for is gone with the first question after a long time, whatever that is for.
func TestTableForgetsWhenItIsLeftAlone(t *testing.T) {
	table := table[int, int]{most: 10, lasts: time.Minute}
	table.put(1, 1, 0)
	if table.get(2, 2*time.Minute); len(table.young)+len(table.old) != 0 {
		t.Error("it keeps", table.young, table.old)
	}
}
