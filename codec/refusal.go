package codec

import (
	"math"
	"strconv"
	"time"
)

// Refusal is what the answer to a request that failed may tell beside its code. Both fields are optional on the wire.
type Refusal struct {
	Wait   uint32 // milliseconds until the request may be tried again; 0: not told
	Detail string // why, for the person who reads it; empty: no more than the code says
}

// Explainer is a Response that has room for a Refusal.
type Explainer interface {
	Response
	Explain(why Refusal)
	Explained() Refusal
}

// Explain implements Explainer.
func (r *Refusal) Explain(why Refusal) { *r = why }

// Explained implements Explainer.
func (r *Refusal) Explained() Refusal { return *r }

func (r *Refusal) told() bool { return r.Wait != 0 || r.Detail != "" }

func (r *Refusal) layout(f *fields) {
	if f.optional(r.told()) {
		f.u32("wait", &r.Wait)
		f.str("detail", &r.Detail)
	}
}

// WaitOf returns a time to wait as a Refusal has it, rounded up to the millisecond.
func WaitOf(d time.Duration) uint32 {
	if d > math.MaxUint32*time.Millisecond {
		return math.MaxUint32
	}
	return uint32(max(0, (d+time.Millisecond-1)/time.Millisecond))
}

// After returns how long to wait before the request may be tried again; 0: not told.
func (r Refusal) After() time.Duration { return time.Duration(r.Wait) * time.Millisecond }

// minutesFrom is from how many seconds on a time to wait is told in minutes.
const minutesFrom = 120

// Text returns a sentence for the person whose request failed with code: the detail, or else the code's own text, and how
// long to wait, rounded up.
func (r Refusal) Text(code Code) string {
	text := r.Detail
	if text == "" {
		text = code.Text()
	}
	switch s := (int(r.Wait) + 999) / 1000; {
	case s == 0:
		return text
	case s < minutesFrom:
		return text + "; again in " + strconv.Itoa(s) + " s"
	default:
		return text + "; again in " + strconv.Itoa((s+59)/60) + " min"
	}
}
