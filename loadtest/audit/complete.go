package audit

import (
	"math"
	"math/bits"
)

// Spoke notes that a user of this ledger sends the broadcast with this ordinal.
func (l *Ledger) Spoke(ordinal uint64) { l.own.add(ordinal) }

// Complete reports whether every broadcast up to sent has come that one of the receivers must get, apart from those of
// which o says that they need not come. It is cheap when it is asked often, with the same sent or a higher one.
func (l *Ledger) Complete(sent uint64, o *Outcomes) bool {
	lowest, second := l.since()
	for ; ; l.complete++ {
		there := l.seen.word(l.complete) | o.word(l.complete)
		for missing := ^there; missing != 0; missing &= missing - 1 {
			ordinal := l.complete*64 + uint64(bits.TrailingZeros64(missing))
			if ordinal > sent {
				return true
			}
			// Where only one receiver is there to get it, it may be its sender.
			if ordinal > second || ordinal > lowest && !l.own.has(ordinal) {
				return false
			}
		}
		if l.complete == sent/64 {
			return true
		}
	}
}

// since returns after which ordinals there was one receiver to whom broadcasts are owed, and two.
func (l *Ledger) since() (lowest, second uint64) {
	lowest, second = math.MaxUint64, math.MaxUint64
	for _, r := range l.receivers {
		if r.state != joined && r.state != following {
			continue
		}
		second = min(second, max(lowest, r.since))
		lowest = min(lowest, r.since)
	}
	return lowest, second
}
