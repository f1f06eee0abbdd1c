package session

import (
	"sync"
	"sync/atomic"
	"time"
)

// Rate is a token bucket in the form of the generic cell rate algorithm (ITU-T I.371): it keeps only the time at which
// the bucket will be full again. The zero value is a full bucket. It belongs to its session's strand.
type Rate struct{ full int64 }

// Take takes a token at the time now (nanoseconds) from a bucket of burst tokens that refills one token every interval
// nanoseconds, and reports whether there was one. An interval of 0 is no limit.
func (r *Rate) Take(now, interval int64, burst int) (ok bool) {
	r.full, ok = take(r.full, now, interval, burst)
	return ok
}

// Wait returns how long it takes until there is a token, 0 when there is one now, and takes none.
func (r *Rate) Wait(now, interval int64, burst int) time.Duration {
	return wait(r.full, now, interval, burst)
}

func wait(full, now, interval int64, burst int) time.Duration {
	if interval == 0 {
		return 0
	}
	return time.Duration(max(0, full-now-interval*int64(burst-1)))
}

// take returns when the bucket will be full without one more token, if there was one.
func take(full, now, interval int64, burst int) (int64, bool) {
	if interval == 0 {
		return full, true
	}
	next := max(full, now) + interval
	if next-now > interval*int64(burst) {
		return full, false
	}
	return next, true
}

// Rate returns the session's bucket for requests. Strand.
func (s *Session) Rate() *Rate { return &s.rate }

// Flood returns the session's bucket for requests that were refused: when it is empty too, the client is flooding.
// Strand.
func (s *Session) Flood() *Rate { return &s.flood }

// SharedRate is a Rate of several sessions. It is for any goroutine.
type SharedRate struct {
	full  atomic.Int64
	users int // guarded by the lock of its SharedRates
}

// Take is Rate.Take.
func (r *SharedRate) Take(now, interval int64, burst int) bool {
	for {
		full := r.full.Load()
		next, ok := take(full, now, interval, burst)
		if !ok || r.full.CompareAndSwap(full, next) {
			return ok
		}
	}
}

// Wait is Rate.Wait. Another session may be faster to take the token.
func (r *SharedRate) Wait(now, interval int64, burst int) time.Duration {
	return wait(r.full.Load(), now, interval, burst)
}

// Shared are the buckets that a session shares with others, nil until it has some.
type Shared struct {
	Address *SharedRate // with those from its address
	Account *SharedRate // with those of its owner
	Owner   int64       // whose Account is
}

// Shared returns the session's shared buckets. Strand.
func (s *Session) Shared() *Shared { return &s.shared }

// unusedMax is how many buckets that no session uses are remembered until they are full again, when there are more: those
// of so many addresses in the seconds that takes. Twice as many, which there may be between two sweeps, take 20 MB.
const unusedMax = 100_000

// sweepMin is for how many buckets it is not worth while to look for those that are of no more use.
const sweepMin = 1024

// SharedRates has the buckets that are in use, by what their sessions have in common, and those that are not full again. Its
// methods may be called from any goroutine. The zero value has none.
type SharedRates[K comparable] struct {
	mu    sync.Mutex
	rates map[K]*SharedRate
	sweep int // at how many buckets those that are of no more use are looked for
}

// Acquire returns a key's bucket, which is the same until everybody has released it and it is full.
func (r *SharedRates[K]) Acquire(key K, now int64) *SharedRate {
	r.mu.Lock()
	defer r.mu.Unlock()
	rate, ok := r.rates[key]
	if !ok {
		if len(r.rates) >= max(r.sweep, sweepMin) {
			r.forget(now)
			r.sweep = 2 * len(r.rates)
		}
		if r.rates == nil {
			r.rates = make(map[K]*SharedRate)
		}
		rate = new(SharedRate)
		r.rates[key] = rate
	}
	rate.users++
	return rate
}

// Release gives a bucket back, once for each Acquire.
func (r *SharedRates[K]) Release(key K, now int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rate := r.rates[key]
	if rate.users--; rate.users == 0 && rate.full.Load() <= now {
		delete(r.rates, key)
	}
}

// forget drops the buckets that nobody uses and that are full again, and any that nobody uses when those are too many.
func (r *SharedRates[K]) forget(now int64) {
	unused := 0
	for key, rate := range r.rates {
		if rate.users > 0 {
			continue
		}
		if unused++; rate.full.Load() <= now || unused > unusedMax {
			delete(r.rates, key)
		}
	}
}

// Len returns how many buckets there are.
func (r *SharedRates[K]) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.rates)
}
