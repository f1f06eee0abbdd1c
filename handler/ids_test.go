package handler

import (
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/handler/history"
)

// TestIDsStayBelowTheReservation: ids follow the clock as far as they are reserved, then count on for as long as the
// database's queue can grow, and are refused beyond that. What is kept reserves more.
func TestIDsStayBelowTheReservation(t *testing.T) {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	newest := codec.MakeID(codec.TickAt(now), 0)
	c := &Chat{config: Config{Reserved: newest + history.Reserve, Now: func() time.Time { return now }}}
	c.tick.Store(newest.Tick())
	c.Reserved(c.config.Reserved)
	if id := c.nextID(codec.TickAt(now.Add(time.Minute))); id.Time() != now.Add(time.Minute) {
		t.Errorf("an id of %v, want the clock's time", id.Time())
	}
	ceiling := now.Add(110 * time.Second) // of two minutes
	for want := range uint64(3) {
		id := c.nextID(codec.TickAt(now.Add(time.Hour)))
		if id.Tick() != codec.TickAt(ceiling)+want || c.exhausted() {
			t.Errorf("id %d is of %v", want, id.Time())
		}
		if at := id.At(codec.TickAt(now.Add(time.Hour))); !id.TimeOf(at).Equal(now.Add(time.Hour)) {
			t.Errorf("with %d it is of %v, want the clock's time", at, id.TimeOf(at))
		}
	}
	c.tick.Store(c.config.Reserved.Tick() - 1)
	if c.exhausted() {
		t.Error("the last id that is reserved is not given")
	}
	if id := c.nextID(codec.TickAt(now.Add(time.Hour))); id != c.config.Reserved || !c.exhausted() {
		t.Errorf("the last id that is reserved is %d, want %d", id, c.config.Reserved)
	}
	c.keptUpTo(c.lastID())
	if c.exhausted() {
		t.Error("a message was kept, and no other is accepted")
	}
	if id := c.nextID(codec.TickAt(now.Add(time.Minute))); id != c.config.Reserved+codec.ID(1) && id.Tick() != c.config.Reserved.Tick()+1 {
		t.Errorf("after %d comes %d", c.config.Reserved, id)
	}
	if longest := int64(4 << 30); history.ReserveTicks < longest/history.MessageBytes {
		t.Error("the longest --history-queue holds more messages than ids are reserved")
	}
}

// TestReserve: servers that start again and again reserve seconds each time, not minutes.
func TestReserve(t *testing.T) {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	newest := codec.ID(0)
	for range 10 {
		newest = Reserve(now, newest)
	}
	if ahead := newest.Time().Sub(now); ahead > 2*time.Minute+10*30*time.Second {
		t.Errorf("after ten starts ids are %v ahead", ahead)
	}
}
