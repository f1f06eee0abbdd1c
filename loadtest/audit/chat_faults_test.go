package audit

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"hubbub/codec"
)

// faults are put between the server and its users, one in so many deliveries. They keep a distance in the server's order,
// so that each can be told from the others.
type faults struct {
	oneIn  int
	begun  int   // the place from which on all who stay are there; 0: they are not yet
	struck []int // places in the server's order
	want   map[string]int
}

const faultDistance = 8

func (f *faults) expect(kind Kind, receiver uint32) {
	f.want[fmt.Sprint(kind, " at ", receiver)]++
}

// strike perhaps does something to what waits for a user, and reports whether it delivered something.
func (f *faults) strike(c *chat, u *chatter) bool {
	if c.random.IntN(f.oneIn) != 0 || len(u.down) < 2 {
		return false
	}
	m, behind := u.down[0], u.down[1]
	if m.kind == whisper {
		return f.strikeWhisper(c, u)
	}
	if m.kind != broadcast || m.place < f.from(c) || behind.kind != broadcast || u.receiver.state != following || m.stamp.Number <= u.receiver.since ||
		behind.stamp.Number <= u.receiver.since || f.near(m.place) || f.near(behind.place) {
		return false
	}
	f.struck = append(f.struck, m.place, behind.place)
	u.down = u.down[2:]
	switch c.random.IntN(4) {
	case 0: // dropped
		f.expect(Lost, u.user)
	case 1: // duplicated
		f.expect(Duplicated, u.user)
		c.deliver(u, m)
		if c.random.IntN(2) == 0 {
			c.deliver(u, behind)
			c.deliver(u, m)
			return true
		}
		c.deliver(u, m)
	case 2: // swapped
		f.expect(map[bool]Kind{true: Reordered, false: Disordered}[m.stamp.Sender == behind.stamp.Sender], u.user)
		c.deliver(u, behind)
		c.deliver(u, m)
		return true
	case 3: // altered
		f.expect(Altered, u.user)
		m.packet = bytes.Clone(m.packet)
		m.packet[codec.HeaderSize+c.random.IntN(len(m.packet)-codec.HeaderSize)] ^= byte(1 + c.random.IntN(255))
		c.deliver(u, m)
	}
	c.deliver(u, behind)
	return true
}

// from returns the place from which on there are faults: before all who stay are there, it may be one's word against
// another's.
func (f *faults) from(c *chat) int {
	absent := func(u *chatter) bool { return u.permanent && !u.welcomed }
	if f.begun == 0 && !slices.ContainsFunc(c.users, absent) {
		f.begun = c.places
	}
	if f.begun == 0 {
		return c.places
	}
	return f.begun
}

// near reports whether a fault is too close in the order.
func (f *faults) near(place int) bool {
	return slices.ContainsFunc(f.struck, func(p int) bool { return max(p-place, place-p) < faultDistance })
}

// strikeWhisper does something to a whisper between users who stay, the sender known: it said something before.
func (f *faults) strikeWhisper(c *chat, u *chatter) bool {
	m := u.down[0]
	slot, _ := m.stamp.Whisper()
	if !u.permanent || !c.users[m.stamp.Sender].permanent || !u.receiver.slots[slot].known {
		return false
	}
	u.down = u.down[1:]
	switch c.random.IntN(3) {
	case 0:
		f.expect(Lost, u.user)
	case 1:
		f.expect(Duplicated, u.user)
		c.deliver(u, m)
		c.deliver(u, m)
	case 2:
		f.expect(Altered, u.user)
		text := []byte(m.text)
		text[c.random.IntN(len(text))] ^= byte(1 + c.random.IntN(255))
		m.text = string(text)
		c.deliver(u, m)
	}
	return true
}

// TestNobodyIsAccused: whatever order things happen in, a server without fault is found without fault.
func TestNobodyIsAccused(t *testing.T) {
	sizes := []struct{ ledgers, users, permanent, steps int }{
		{1, 1, 1, 300}, {1, 2, 1, 2000}, {1, 3, 0, 3000}, {2, 2, 0, 3000}, {3, 1, 1, 3000}, {4, 2, 1, 4000}, {2, 8, 4, 8000}, {3, 4, 0, 8000},
	}
	for _, size := range sizes {
		for dialect := range codec.Dialect(codec.Dialects) {
			t.Run(fmt.Sprintf("%s/%d ledgers of %d", dialect, size.ledgers, size.users), func(t *testing.T) {
				t.Parallel()
				for seed := range uint64(seeds) {
					c := newChat(seed, dialect, size.ledgers, size.users, size.permanent)
					tally, unsettled := c.run(size.steps)
					if !tally.Clean() || len(unsettled) > 0 {
						t.Fatalf("seed %d: accused of %v: %+v; not settled: %v", seed, tally.Counts, tally.Findings, unsettled)
					}
					if tally.Untracked > 0 || len(c.users) > 2 && tally.Checked == 0 {
						t.Fatalf("seed %d: %d deliveries are checked, %d untracked", seed, tally.Checked, tally.Untracked)
					}
				}
			})
		}
	}
}

// seeds is how many runs each test makes of each kind.
const seeds = 10

// TestEveryFaultIsFound: faults are counted exactly, as what they are and at whom they happened, however rare or frequent.
func TestEveryFaultIsFound(t *testing.T) {
	for _, oneIn := range []int{100, 1000, 100_000} {
		for dialect := range codec.Dialect(codec.Dialects) {
			t.Run(fmt.Sprintf("%s/1 in %d", dialect, oneIn), func(t *testing.T) {
				t.Parallel()
				total := 0
				for seed := range uint64(seeds) {
					c := newChat(seed, dialect, 1+int(seed%3), 9, 7)
					c.faults = &faults{oneIn: oneIn, want: make(map[string]int)}
					tally, _ := c.run(10_000)
					compareFindings(t, seed, tally, c.faults.want)
					total += len(c.faults.struck)
				}
				if total == 0 {
					t.Error("no run had a fault in it")
				}
			})
		}
	}
}

func compareFindings(t *testing.T, seed uint64, tally Tally, want map[string]int) {
	t.Helper()
	got := make(map[string]int)
	for _, f := range tally.Findings {
		got[fmt.Sprint(f.Kind, " at ", f.Receiver)]++
	}
	for _, key := range slices.Sorted(mapsKeys(got, want)) {
		if got[key] != want[key] {
			t.Errorf("seed %d: %s: found %d times, not %d", seed, key, got[key], want[key])
		}
	}
	if t.Failed() {
		for _, f := range tally.Findings {
			if keyed := fmt.Sprint(f.Kind, " at ", f.Receiver); got[keyed] != want[keyed] {
				t.Logf("%+v", f)
			}
		}
		t.FailNow()
	}
}

// mapsKeys goes through the keys of both maps, those of both once.
func mapsKeys(a, b map[string]int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for key := range a {
			if !yield(key) {
				return
			}
		}
		for key := range b {
			if _, twice := a[key]; !twice && !yield(key) {
				return
			}
		}
	}
}
