package account

import "time"

// table is a map that does not grow without bounds and forgets what nobody asks for. It has two generations: what is
// asked for moves to the young one, and when that is full or has lasted, the old one is dropped and the young one grows
// old. So an entry stays for at least as long as lasts after it was last asked for, unless half of most others are
// asked for meanwhile. It is not safe for use by several goroutines.
type table[K comparable, V any] struct {
	most  int           // entries, of both generations
	lasts time.Duration // the time of a generation

	young, old map[K]V
	turned     time.Duration // when the young generation began
}

// get returns a key's value, or the zero one.
func (t *table[K, V]) get(key K, now time.Duration) V {
	t.turn(now)
	value, ok := t.young[key]
	if ok {
		return value
	}
	if value, ok = t.old[key]; ok {
		t.put(key, value, now)
	}
	return value
}

// put sets a key's value.
func (t *table[K, V]) put(key K, value V, now time.Duration) {
	t.turn(now)
	if _, ok := t.young[key]; !ok && len(t.young) >= t.most/2 {
		t.begin(now)
	}
	if t.young == nil {
		t.young = map[K]V{}
	}
	t.young[key] = value
}

// turn drops what is too old.
func (t *table[K, V]) turn(now time.Duration) {
	switch age := now - t.turned; {
	case age >= 2*t.lasts: // nobody has asked for anything since the young generation grew old
		t.young, t.old, t.turned = nil, nil, now
	case age >= t.lasts:
		t.begin(now)
	}
}

// begin begins a generation.
func (t *table[K, V]) begin(now time.Duration) { t.young, t.old, t.turned = nil, t.young, now }
