package server

import (
	"testing"
	"time"
)

// TestClock: what can't be undone follows the system's clock as far as other evidence supports it, and goes on by the
// time that passes where it does not.
func TestClock(t *testing.T) {
	const day, tolerance = 24 * time.Hour, 24 * time.Hour
	start := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	// f begins with evidence that is some time before the clock, lets the machine run for a time, in which the clock goes
	// another way, and wants to hear how far the believed time has come since the start of the clock.
	f := func(name string, before time.Duration, accept bool, up, wall time.Duration, want time.Duration, wantSure bool, wantJump time.Duration) {
		t.Helper()
		evidence := start.Add(-before)
		if before == 1 {
			evidence = time.Time{}
		}
		c := newClock(evidence, start, time.Hour, tolerance, accept)
		believed, sure := c.read(start.Add(wall), time.Hour+up, tolerance, accept)
		if got := believed.Sub(start); got != want || sure != wantSure || time.Duration(c.jump.Load()) != wantJump {
			t.Errorf("%s: the time is %v after the start, sure: %t, jump %v; want %v, %t, %v",
				name, got, sure, time.Duration(c.jump.Load()), want, wantSure, wantJump)
		}
	}
	f("a new database", 1, false, time.Hour, time.Hour, time.Hour, true, 0)
	f("a night off", 14*time.Hour, false, time.Hour, time.Hour, time.Hour, true, 0)
	f("a jump while it runs", time.Minute, false, time.Hour, 120*day+time.Hour, time.Hour, true, 120*day)
	f("a small step while it runs", time.Minute, false, time.Hour, 3*time.Hour, 3*time.Hour, true, 0)
	f("months off, or a wrong clock", 120*day, false, time.Hour, time.Hour, time.Hour-120*day, true, 120*day)
	f("that is accepted", 120*day, true, time.Hour, time.Hour, time.Hour, true, 0)
	f("that was put right", 120*day, false, time.Hour, time.Hour-120*day, time.Hour-120*day, true, 0)
	f("a clock that fell back", time.Minute, false, time.Hour, -400*day, -400*day, false, -400*day-time.Hour)
	f("a database from the future", -400*day, false, time.Hour, time.Hour, time.Hour, false, -400*day)

	c := newClock(time.Time{}, start, 0, tolerance, false)
	c.read(start.Add(120*day), 0, tolerance, true) // accepted, and then not asked for any more
	if believed, sure := c.read(start.Add(120*day+time.Hour), time.Hour, tolerance, false); !sure || believed.Sub(start) != 120*day+time.Hour {
		t.Errorf("after a jump was accepted the time is %v, sure: %t", believed, sure)
	}
}

// TestTolerance: a short history is pruned by a clock that may be off by less.
func TestTolerance(t *testing.T) {
	for age, want := range map[time.Duration]time.Duration{
		0: 24 * time.Hour, time.Minute: time.Hour, 12 * time.Hour: 3 * time.Hour, 90 * 24 * time.Hour: 24 * time.Hour,
	} {
		if got := (&Config{HistoryAge: age}).tolerance(); got != want {
			t.Errorf("--history-age %v: %v, want %v", age, got, want)
		}
	}
}
