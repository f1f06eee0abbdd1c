package scenario

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAt(t *testing.T) {
	p := &Plan{Connections: 100, Phases: []Phase{
		{Duration: 10 * time.Second, Ramp: 10 * time.Second, Connections: 100},
		{Duration: 5 * time.Second, Connections: 100},
		{Duration: 20 * time.Second, Ramp: 10 * time.Second, Connections: 50},
		{Duration: 5 * time.Second, Connections: 80},
	}}
	for _, test := range []struct {
		at                 time.Duration
		phase, connections int
	}{
		{-time.Second, 0, 0},
		{0, 0, 0},
		{99 * time.Millisecond, 0, 0},
		{100 * time.Millisecond, 0, 1},
		{5 * time.Second, 0, 50},
		{10*time.Second - 1, 0, 99},
		{10 * time.Second, 1, 100},
		{15 * time.Second, 2, 100},
		{20 * time.Second, 2, 75},
		{25*time.Second - 1, 2, 51},
		{25 * time.Second, 2, 50},
		{35*time.Second - 1, 2, 50},
		{35 * time.Second, 3, 80},
		{40*time.Second - 1, 3, 80},
		{40 * time.Second, 4, 80},
		{time.Hour, 4, 80},
	} {
		if phase, connections := p.At(test.at); phase != test.phase || connections != test.connections {
			t.Errorf("at %s: phase %d with %d connections, want %d with %d",
				test.at, phase, connections, test.phase, test.connections)
		}
	}
	if p.Duration() != 40*time.Second {
		t.Errorf("takes %s", p.Duration())
	}
}

// TestAtGoesOneWay: within a phase users only come or only go, never beyond what the phase wants, and no user comes
// before an even ramp has a place for it.
func TestAtGoesOneWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ph := Phase{
			Duration:    time.Duration(rapid.Int64Range(1, int64(durationMax)).Draw(t, "duration")),
			Connections: rapid.IntRange(0, connectionsMax).Draw(t, "to"),
		}
		ph.Ramp = time.Duration(rapid.Int64Range(0, int64(ph.Duration)).Draw(t, "ramp"))
		before := rapid.IntRange(0, connectionsMax).Draw(t, "from")
		first := time.Duration(rapid.Int64Range(0, int64(ph.Duration)-1).Draw(t, "first"))
		second := time.Duration(rapid.Int64Range(int64(first), int64(ph.Duration)-1).Draw(t, "second"))
		a, b := ph.at(first, before)-before, ph.at(second, before)-before
		change := ph.Connections - before
		if change < 0 {
			a, b, change = -a, -b, -change
		}
		if a < 0 || b < a || change < b {
			t.Fatalf("%d changed at %s, %d at %s, of %d", a, first, b, second, change)
		}
		if even := float64(change) * float64(first) / float64(max(ph.Ramp, 1)); first < ph.Ramp && float64(a) > even*(1+1e-12) {
			t.Fatalf("%d of %d changed at %s, earlier than an even ramp of %s has it", a, change, first, ph.Ramp)
		}
	})
}
