package handler

import (
	"sync/atomic"
	"time"

	"hubbub/codec"
	"hubbub/handler/history"
)

// lastID returns the id of the newest message. Anyone.
func (c *Chat) lastID() codec.ID { return codec.MakeID(c.tick.Load(), c.config.Node) }

// Reserve returns up to which id ids should be reserved now: those of the next minutes, by the clock and by the newest
// message. Anyone.
func (c *Chat) Reserve() codec.ID { return reserve(c.config.Now(), c.lastID()) }

// Reserve returns up to which id a server should reserve ids that starts after another one, which may have given ids up
// to newest. Servers that start again and again must not run ahead of the clock by minutes each time.
func Reserve(now time.Time, newest codec.ID) codec.ID {
	return max(codec.MakeID(codec.TickAt(now), 0)+history.Reserve, codec.MakeID(newest.Tick()+3*history.ReserveTicks, 0))
}

func reserve(now time.Time, newest codec.ID) codec.ID {
	return max(codec.MakeID(codec.TickAt(now), 0), newest) + history.Reserve
}

// Reserved notes that ids up to one are reserved in the database, so that a server that starts after this one gives none
// of them again, whatever of this one was lost. Anyone.
func (c *Chat) Reserved(upTo codec.ID) {
	raise(&c.reserved, uint64(upTo))
	raise(&c.ceiling, upTo.Tick()-min(upTo.Tick(), history.ReserveTicks))
}

// keptUpTo notes that messages are kept, since with them as many ids are reserved. The journal's goroutine.
func (c *Chat) keptUpTo(id codec.ID) {
	if c.config.Reserved != 0 {
		c.Reserved(id + history.Reserve)
	}
}

// Given returns up to which id ids are reserved, and the newest that was given. Anyone.
func (c *Chat) Given() (reserved, newest codec.ID) { return codec.ID(c.reserved.Load()), c.lastID() }

// raise sets a number that only grows.
func raise(to *atomic.Uint64, n uint64) {
	for old := to.Load(); old < n && !to.CompareAndSwap(old, n); old = to.Load() {
	}
}

// exhausted reports whether no id is left that is reserved: the database keeps nothing, and neither does its queue hold
// more.
func (c *Chat) exhausted() bool {
	return c.config.Reserved != 0 && c.tick.Load() >= c.ceiling.Load()+history.ReserveTicks
}

// nextID returns the id of a message that is accepted at a tick. Ids grow in the order of the calls, and follow the clock
// as far as they are reserved.
func (c *Chat) nextID(floor uint64) codec.ID {
	for {
		last := c.tick.Load()
		next := max(last+1, min(floor, c.ceiling.Load()))
		if c.tick.CompareAndSwap(last, next) {
			return codec.MakeID(next, c.config.Node)
		}
	}
}
