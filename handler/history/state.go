package history

import (
	"time"

	"hubbub/codec"
)

const (
	// Reserve is how far above the newest message that a Store keeps ids are reserved: two minutes of ids. It is renewed
	// with every Append, and each minute while nobody speaks.
	Reserve codec.ID = 120_000 << 22
	// ReserveTicks are the last of the ids that are reserved. They are given only while the Store keeps nothing, and are
	// 10 seconds' or 41 million: more than messages of MessageBytes go into the longest queue, of 4 GiB.
	ReserveTicks = 10_000 << 12
)

// State is what a server goes on from.
type State struct {
	Newest codec.ID  // ids up to here may have been given
	Noted  time.Time // the time when the server was last sure of it; zero: never
	Last   time.Time // when the newest message was accepted, as it says; zero: there is none
}

// Note is what a server has kept each minute, so that it can go on from it.
type Note struct {
	Reserved codec.ID      // ids up to here may be given
	At       time.Time     // the time; zero: the server is not sure of it
	Every    time.Duration // how often a mark is set: which message was the newest at that time
}
