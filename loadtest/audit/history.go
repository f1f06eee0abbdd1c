package audit

import (
	"encoding/binary"
	"iter"
)

// record is what is kept of every broadcast to the end of the run.
type record struct {
	ordinal, id uint64
	sender      uint32
	loose       bool // nobody got both this and the one before it, whose order is a guess
}

// history is all broadcasts that a ledger has had, in their order. One takes some 7 bytes, of which 4 are its id.
type history struct {
	bytes []byte
	n     int
	last  record
}

func (h *history) add(r record) {
	h.bytes = binary.AppendVarint(h.bytes, int64(r.ordinal-h.last.ordinal))
	h.bytes = binary.AppendVarint(h.bytes, int64(r.id-h.last.id))
	sender := uint64(r.sender) << 1
	if r.loose {
		sender |= 1
	}
	h.bytes = binary.AppendUvarint(h.bytes, sender)
	h.last = r
	h.n++
}

// all goes through the records from the first on.
func (h *history) all() iter.Seq[record] {
	return func(yield func(record) bool) {
		var r record
		for rest := h.bytes; len(rest) > 0; {
			ordinal, n := binary.Varint(rest)
			id, m := binary.Varint(rest[n:])
			sender, k := binary.Uvarint(rest[n+m:])
			rest = rest[n+m+k:]
			r = record{r.ordinal + uint64(ordinal), r.id + uint64(id), uint32(sender >> 1), sender&1 != 0}
			if !yield(r) {
				return
			}
		}
	}
}
