package audit

import (
	"reflect"
	"slices"
	"testing"

	"hubbub/codec"
)

// TestFollow: what is read at once comes to the same as packet by packet, and Follow stops at whatever is not what the
// ledger has next.
func TestFollow(t *testing.T) {
	f := func(name string, change func(packets [][]byte) [][]byte, followed int) {
		t.Helper()
		one, many := newCrowd(2, 20, codec.Native), newCrowd(2, 20, codec.Native)
		for i, packet := range one.packets {
			one.ledger.Broadcast(&one.receivers[0], packet, 0)
			many.ledger.Broadcast(&many.receivers[0], many.packets[i], 0)
		}
		for _, c := range []*crowd{one, many} { // the first of all is never followed: it says where a receiver begins
			c.ledger.Broadcast(&c.receivers[1], c.packets[0], 0)
		}
		packets := change(slices.Clone(one.packets[1:]))
		for _, packet := range packets {
			one.ledger.Broadcast(&one.receivers[1], packet, 1)
		}
		read := slices.Concat(packets...)
		rest, times := many.ledger.Follow(&many.receivers[1], read, nil)
		if len(times) != followed {
			t.Errorf("%s: %d were followed, want %d", name, len(times), followed)
		}
		for _, packet := range packets[len(times):] {
			if string(rest[:len(packet)]) != string(packet) {
				t.Fatalf("%s: the rest is not what was not followed", name)
			}
			rest = rest[len(packet):]
			many.ledger.Broadcast(&many.receivers[1], packet, 1)
		}
		if got, want := many.ledger.tally, one.ledger.tally; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the tally is %+v, want %+v", name, got, want)
		}
		if got, want := many.receivers[1].cursor, one.receivers[1].cursor; got != want {
			t.Errorf("%s: the receiver is at %d, want %d", name, got, want)
		}
	}
	f("all", func(p [][]byte) [][]byte { return p }, 19)
	f("one is missing", func(p [][]byte) [][]byte { return slices.Delete(p, 7, 8) }, 7)
	f("one comes twice", func(p [][]byte) [][]byte { return slices.Insert(p, 7, p[6]) }, 7)
	f("one is altered", func(p [][]byte) [][]byte {
		p[7] = slices.Clone(p[7])
		p[7][len(p[7])-1] ^= 1
		return p
	}, 7)
	f("two are swapped", func(p [][]byte) [][]byte { p[7], p[8] = p[8], p[7]; return p }, 7)
	f("nothing", func([][]byte) [][]byte { return nil }, 0)
}

func BenchmarkFollow(b *testing.B) {
	const receivers, packets = 1000, 1024
	for b.Loop() {
		b.StopTimer()
		c := newCrowd(receivers, packets, codec.Native)
		for _, packet := range c.packets {
			c.ledger.Broadcast(&c.receivers[0], packet, 0)
		}
		read := slices.Concat(c.packets...)
		var times []Times
		for i := range c.receivers {
			c.ledger.Broadcast(&c.receivers[i], c.packets[0], 0)
		}
		read = read[len(c.packets[0]):]
		b.StartTimer()
		for i := 1; i < receivers; i++ {
			_, times = c.ledger.Follow(&c.receivers[i], read, times[:0])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(receivers-1)/packets, "ns/delivery")
}
