package session

import (
	"sync"
	"sync/atomic"
	"testing"
)

// TestSharedRate: however many take at once, there are no more tokens than one of them would get.
func TestSharedRate(t *testing.T) {
	const burst, interval, takers = 100, 1000, 8
	var shared SharedRate
	var own Rate
	for now := int64(0); now < 10*interval*burst; now += 30 * interval {
		var got atomic.Int64
		var all sync.WaitGroup
		for range takers {
			all.Go(func() {
				for range burst {
					if shared.Take(now, interval, burst) {
						got.Add(1)
					}
				}
			})
		}
		all.Wait()
		want := int64(0)
		for range takers * burst {
			if own.Take(now, interval, burst) {
				want++
			}
		}
		if got.Load() != want {
			t.Errorf("at %d there were %d tokens, want %d", now, got.Load(), want)
		}
	}
}

// TestSharedRates: a bucket is remembered while somebody uses it and until it is full again, and no longer.
func TestSharedRates(t *testing.T) {
	const interval, burst = 10, 3
	var rates SharedRates[string]
	drain := func(now int64) (n int) {
		r := rates.Acquire("a", now)
		for r.Take(now, interval, burst) {
			n++
		}
		rates.Release("a", now)
		return n
	}
	if n := drain(0) + drain(0) + drain(5); n != burst {
		t.Errorf("coming again gave %d tokens, want %d", n, burst)
	}
	if n := drain(10); n != 1 {
		t.Errorf("after the time of one token there were %d", n)
	}
	first, second := rates.Acquire("a", 1000), rates.Acquire("a", 1000)
	if first != second {
		t.Error("two users have two buckets")
	}
	rates.Release("a", 1000)
	if rates.Acquire("a", 1000) != first {
		t.Error("the bucket was forgotten though somebody uses it")
	}
	rates.Release("a", 1000)
	rates.Release("a", 1000)
	if n := rates.Len(); n != 0 {
		t.Errorf("%d buckets are left though all are full", n)
	}
}

// TestSharedRatesAreBounded: buckets that nobody uses don't pile up, also while none of them is full, and those in use
// stay.
func TestSharedRatesAreBounded(t *testing.T) {
	const interval = 10
	var rates SharedRates[int]
	used := rates.Acquire(-1, 0)
	come := func(first, n int, now int64) {
		for i := range n {
			rates.Acquire(first+i, now).Take(now, interval, 1000)
			rates.Release(first+i, now)
		}
	}
	come(0, 3*unusedMax, 0)
	if n := rates.Len(); n > 2*unusedMax+sweepMin {
		t.Errorf("%d buckets are remembered", n)
	}
	most := rates.Len()
	for i := range 50 { // those of before are full again each time
		come(i*unusedMax/10, unusedMax/10, int64(1+i)*interval)
		most = max(most, rates.Len())
	}
	if most > 2*unusedMax+sweepMin {
		t.Errorf("%d buckets were remembered though most are full", most)
	}
	if rates.Acquire(-1, 0) != used {
		t.Error("a bucket in use was forgotten")
	}
}
