package codec

import (
	"math"
	"testing"
	"time"
)

func TestRefusalText(t *testing.T) {
	f := func(wait time.Duration, detail string, want string) {
		t.Helper()
		if got := (Refusal{WaitOf(wait), detail}).Text(RateLimited); got != want {
			t.Errorf("%s, %q: got %q, want %q", wait, detail, got, want)
		}
	}
	f(0, "", "too many requests in too short a time")
	f(1, "", "too many requests in too short a time; again in 1 s")
	f(50*time.Millisecond, "", "too many requests in too short a time; again in 1 s")
	f(time.Second, "", "too many requests in too short a time; again in 1 s")
	f(time.Second+1, "", "too many requests in too short a time; again in 2 s")
	f(8*time.Second, "too many logins", "too many logins; again in 8 s")
	f(119*time.Second, "no", "no; again in 119 s")
	f(2*time.Minute, "no", "no; again in 2 min")
	f(2*time.Minute+time.Millisecond, "no", "no; again in 3 min")
	f(12*time.Minute, "no", "no; again in 12 min")
	f(0, "banned for good", "banned for good")
	f(-time.Second, "", "too many requests in too short a time")
}

func TestWaitOf(t *testing.T) {
	f := func(d time.Duration, want uint32) {
		t.Helper()
		if got := WaitOf(d); got != want {
			t.Errorf("%s: %d ms, want %d", d, got, want)
		}
	}
	f(0, 0)
	f(-1, 0)
	f(1, 1)
	f(time.Millisecond, 1)
	f(time.Millisecond+1, 2)
	f(100*24*time.Hour, math.MaxUint32)
	f(math.MaxInt64, math.MaxUint32)
	if got := (Refusal{Wait: 1500}).After(); got != 1500*time.Millisecond {
		t.Errorf("after %s", got)
	}
}
