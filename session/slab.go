package session

// blockSize is how many sessions are allocated at a time.
const blockSize = 256

// slab is a lane's pool of sessions: blocks that never move, and a free list. A slot's generation grows with each use,
// so that a Ref to its last owner does not reach the next. Owned by the loop.
type slab struct {
	blocks [][]Session
	free   []uint32 // slots, the last freed on top: its memory is the warmest
}

func (b *slab) grow(l *Lane) {
	first := uint32(len(b.blocks) * blockSize)
	block := make([]Session, blockSize)
	b.blocks = append(b.blocks, block)
	for i := range block {
		s := &block[len(block)-1-i]
		s.lane, s.slot = l, first+uint32(len(block)-1-i)
		s.member, s.opFirst, s.opLast, s.timer, s.held = -1, -1, -1, -1, -1
		b.free = append(b.free, s.slot)
	}
}

func (b *slab) take(l *Lane) *Session {
	if len(b.free) == 0 {
		b.grow(l)
	}
	slot := b.free[len(b.free)-1]
	b.free = b.free[:len(b.free)-1]
	return b.at(slot)
}

func (b *slab) at(slot uint32) *Session { return &b.blocks[slot/blockSize][slot%blockSize] }

// put makes the slot free. The generation grows first: from here on every Ref to its owner is stale.
func (b *slab) put(s *Session) {
	s.lane.hub.census[s.State()][s.counted()].Add(-1)
	s.lane.forgetStrand(s)
	s.generation++
	s.name, s.key, s.look, s.account, s.owner, s.detail = "", "", Look{}, 0, 0, ""
	s.rate, s.flood, s.shared = Rate{}, Rate{}, Shared{}
	s.run, s.left, s.inbox = nil, 0, inbox{}
	s.owed = 0
	s.drained.Store(0)
	s.unread.Store(0)
	s.crowded, s.granted, s.ticket, s.outbox = false, grant{}, 0, 0
	s.listed, s.refusal = false, nil
	s.muted, s.ending, s.known, s.deaf = false, false, false, false
	b.free = append(b.free, s.slot)
}

// slots returns how many slots there are, used or free.
func (b *slab) slots() uint32 { return uint32(len(b.blocks) * blockSize) }
