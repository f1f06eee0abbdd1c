package codec

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestMakeID(t *testing.T) {
	f := func(ms, sequence uint64, node uint16, want ID) {
		t.Helper()
		if got := MakeID(ms<<12+sequence, node); got != want {
			t.Errorf("MakeID(%d ms, %d, node %d) = %#x, want %#x", ms, sequence, node, got, want)
		}
	}
	f(0, 0, 0, 0)
	f(0, 1, 0, 1)
	f(0, 4095, 0, 0xFFF)
	f(0, 4096, 0, 1<<22) // a full millisecond goes on in the next one, not in the node
	f(0, 0, 1, 1<<12)
	f(0, 0, 1023, 0x3FF<<12)
	f(0, 0, 1024, 0) // ten bits of the node are kept
	f(1, 0, 0, 1<<22)
	f(1, 4096, 3, 2<<22|3<<12)
	f(1<<42-1, 4095, 1023, 1<<64-1)
}

func TestIDParts(t *testing.T) {
	at := time.Date(2026, time.January, 1, 0, 0, 0, 123_999_999, time.UTC)
	id := MakeID(TickAt(at)+7, 5)
	if want := at.Truncate(time.Millisecond); !id.Time().Equal(want) || id.Node() != 5 || id&0xFFF != 7 {
		t.Errorf("%#x: %s, node %d, sequence %d", id, id.Time(), id.Node(), id&0xFFF)
	}
	if got := ID(1<<64 - 1).Time(); got.Year() != 2163 {
		t.Errorf("the last millisecond is %s", got)
	}
}

func TestTickAt(t *testing.T) {
	f := func(in time.Time, want uint64) {
		t.Helper()
		if got := TickAt(in); got != want {
			t.Errorf("TickAt(%s) = %d, want %d", in, got, want)
		}
	}
	f(Epoch, 0)
	f(Epoch.Add(time.Millisecond-1), 0)
	f(Epoch.Add(time.Millisecond), 4096)
	f(Epoch.Add(time.Hour).In(time.FixedZone("east", 7200)), 3600*1000*4096)
	// A machine that starts with its clock at 1970 must not count from the far end of time: its ticks would never come
	// down again once the clock is set.
	f(time.Unix(0, 0), 0)
}

func TestIDsGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tick := rapid.Uint64Range(0, 1<<54-2).Draw(t, "tick")
		node := rapid.Uint16Range(0, NodeMax).Draw(t, "node")
		id, next := MakeID(tick, node), MakeID(tick+1, node)
		if next <= id {
			t.Fatalf("%#x follows %#x", next, id)
		}
		ms := uint64(id.Time().Sub(Epoch).Milliseconds())
		if id.Node() != node || ms != tick>>12 || uint64(id)&0xFFF != tick&0xFFF {
			t.Fatalf("%#x: node %d, %d ms", id, id.Node(), ms)
		}
	})
}
