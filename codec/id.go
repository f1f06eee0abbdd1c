package codec

import (
	"math"
	"time"
)

// Epoch is where the time in a message id starts to count: 2024-01-01T00:00:00Z.
var Epoch = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

const (
	idNodeBits     = 10
	idSequenceBits = 12
	sequenceMask   = 1<<idSequenceBits - 1

	// NodeMax is the highest node number that a message id can carry.
	NodeMax = 1<<idNodeBits - 1
)

// ID is a message id: milliseconds since Epoch << 22 | node << 12 | sequence. Ids are unique, and those of one node grow in
// the order in which each of its sessions gets the messages.
type ID uint64

// MakeID puts an id together. tick counts (milliseconds since Epoch) << 12 | sequence, so that consecutive ticks give
// consecutive ids and a full millisecond overflows into the next one instead of into the node's bits.
func MakeID(tick uint64, node uint16) ID {
	return ID(tick>>idSequenceBits<<(idNodeBits+idSequenceBits) |
		uint64(node&NodeMax)<<idSequenceBits | tick&sequenceMask)
}

// TickAt returns the first tick of t's millisecond, and 0 for a time before Epoch: a clock that is not set yet must not
// count from the far end of the ticks.
func TickAt(t time.Time) uint64 { return uint64(max(0, t.Sub(Epoch).Milliseconds())) << idSequenceBits }

// Tick returns the tick that MakeID made the id of.
func (id ID) Tick() uint64 {
	return uint64(id)>>(idNodeBits+idSequenceBits)<<idSequenceBits | uint64(id)&sequenceMask
}

// Time returns when the message was accepted, to the millisecond.
func (id ID) Time() time.Time {
	return Epoch.Add(time.Duration(id>>(idNodeBits+idSequenceBits)) * time.Millisecond)
}

// TimeOf returns when the message was accepted: at, in milliseconds since 1970, or what the id says when that is 0.
func (id ID) TimeOf(at uint64) time.Time {
	if at == 0 {
		return id.Time()
	}
	return time.UnixMilli(int64(min(at, math.MaxInt64))).UTC()
}

// At returns what a message with this id that was accepted at a tick carries as its time: milliseconds since 1970, or 0
// when the id's time is within a second of it. Ids are ahead of the clock while a clock that was too far ahead is put
// right, and for minutes after a crash.
func (id ID) At(tick uint64) uint64 {
	const second = 1000 << idSequenceBits
	if d := int64(id.Tick() - tick); -second <= d && d <= second {
		return 0
	}
	return uint64(Epoch.UnixMilli()) + tick>>idSequenceBits
}

// Node returns the number of the node that accepted the message.
func (id ID) Node() uint16 { return uint16(id>>idSequenceBits) & NodeMax }
