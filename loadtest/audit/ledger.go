package audit

import (
	"bytes"
	"maps"
	"time"

	"hubbub/codec"
)

// Rules are what a ledger must know of the run. The functions are called on the ledger's goroutine and, by Merge, on
// its caller's.
type Rules struct {
	Run     uint16
	Dialect codec.Dialect
	Name    func(user uint32) string             // the name that a user is logged in under
	Partner func(sender uint32, slot int) uint32 // whom a sender whispers to; one sender a slot for each receiver
	Slots   int                                  // whisper partners of a user, at most 16
}

// Ledger is the order in which the broadcasts of a run came to the receivers of one event loop. All of its methods, and
// those receivers, belong to one goroutine.
type Ledger struct {
	rules Rules

	base    int64 // the position of entries[0]
	entries []entry
	chunk   []byte // the free rest of where packets are copied to
	held    int    // bytes that entries and their packets take
	seen    set    // every ordinal that ever came
	marks   []mark // where the ledger's end was, and when

	receivers []*Receiver // in no order
	gone      []*Receiver // copies of those that left, while entries that they got are here
	joins     uint32

	disputes  map[pair][]claim
	own       set    // ordinals of this ledger's users
	complete  uint64 // the word of seen, and of outcomes, up to which Complete has found all
	told      set    // ordinals of which a finding says already that they stand in the wrong place
	strangers []stranger
	latest    map[uint32]place // of each sender's entries that have left the ledger, the one with the highest ordinal
	last      place            // the entry that left the ledger last
	history   history
	lost      map[uint64]*loss
	silences  []silence
	tally     Tally
}

// entry is a broadcast. Its position is its index, counted from the ledger's beginning of which the first entries may
// have been forgotten.
type entry struct {
	packet         []byte // as receivers get it; nil: no copy came that is known to be whole
	intended, sent time.Duration
	ordinal, id    uint64
	sender         uint32
}

// entryBytes is counted for each entry beside its packet.
const entryBytes = 64

// NewLedger returns a ledger without entries.
func NewLedger(rules Rules) *Ledger {
	return &Ledger{
		rules: rules, disputes: make(map[pair][]claim), latest: make(map[uint32]place), lost: make(map[uint64]*loss),
	}
}

// Found returns how many findings of each kind there are so far. What is missing may still come: it counts as lost only
// in Merge.
func (l *Ledger) Found() map[Kind]uint64 { return maps.Clone(l.tally.Counts) }

// Note counts what the caller found.
func (l *Ledger) Note(f Finding) { l.tally.note(f) }

func (l *Ledger) end() int64             { return l.base + int64(len(l.entries)) }
func (l *Ledger) entry(pos int64) *entry { return &l.entries[pos-l.base] }

// Broadcast checks what came to a receiver: a whole BROADCAST_NOTIFY, or BroadcastRes in the classic dialect. It returns
// when the plan wanted the message to be sent and when it was, since the run's start. ok is false for what is no
// delivery of this run, or none that should be measured: a stranger's message, an unreadable, an echoed or a second one.
func (l *Ledger) Broadcast(r *Receiver, packet []byte, at time.Duration) (intended, sent time.Duration, ok bool) {
	if e := l.next(r, packet); e != nil {
		return e.intended, e.sent, true
	}
	return l.examine(r, packet, at)
}

// Times are when the plan wanted a message to be sent and when it was, since the run's start.
type Times struct{ Intended, Sent time.Duration }

// Follow takes the broadcasts off the beginning of what was read for a receiver as long as they are what the ledger has
// next for it, and appends their times. It is Broadcast for many at once: the rest begins with something else, or with
// what has to be explained.
func (l *Ledger) Follow(r *Receiver, read []byte, to []Times) (rest []byte, times []Times) {
	for len(read) > 0 {
		e := l.next(r, read)
		if e == nil {
			break
		}
		read = read[len(e.packet):]
		to = append(to, Times{e.intended, e.sent})
	}
	return read, to
}

// next takes the broadcast that a receiver should get next, if that is how data begins. A packet is the beginning of no
// other: its header has its length.
func (l *Ledger) next(r *Receiver, data []byte) *entry {
	if r.state != following {
		return nil
	}
	for i := r.cursor - l.base; i < int64(len(l.entries)); i++ {
		e := &l.entries[i]
		if e.sender == r.user {
			continue
		}
		if e.packet == nil || !bytes.HasPrefix(data, e.packet) {
			return nil
		}
		r.cursor = l.base + i + 1
		l.tally.Checked++
		return e
	}
	return nil
}

// examine explains a packet that is not what the ledger has at the receiver's place: the first of its message, mostly.
func (l *Ledger) examine(r *Receiver, packet []byte, at time.Duration) (intended, sent time.Duration, ok bool) {
	if r.state == away {
		return 0, 0, false
	}
	id, user, text := l.read(packet)
	s, err := ReadStamp(text)
	switch {
	case err == nil && s.Run != l.rules.Run:
		return 0, 0, false
	case err != nil:
		ours := err == ErrAltered && s.Run == l.rules.Run
		return l.unreadable(stranger{r.join, r.user, id, ours, packet, at}, r)
	case r.state == untracked:
		l.tally.Untracked++
		return s.Intended, s.Sent, true
	}
	l.tally.Checked++
	if s.Sender == r.user {
		l.tally.note(Finding{Echoed, r.user, s.Sender, s.Number, id, at, "It came back to its sender."})
		return 0, 0, false
	}
	whole := l.rules.Name(s.Sender) == user
	pos, here := l.find(r.cursor, s.Number)
	switch {
	case here && r.got(pos, s.Number, s.Sender):
		l.tally.note(Finding{Duplicated, r.user, s.Sender, s.Number, id, at, "It came a second time."})
		return 0, 0, false
	case !here && l.seen.has(s.Number):
		return s.Intended, s.Sent, l.belated(r, s, id, at)
	case !here:
		pos = l.learn(r, entry{nil, s.Intended, s.Sent, s.Number, id, s.Sender})
	}
	if whole {
		l.compare(r, pos, packet, id, at)
	} else {
		l.tally.note(Finding{Altered, r.user, s.Sender, s.Number, id, at, "It came under another name than its sender's."})
	}
	if l.entry(pos).ordinal != s.Number { // what came of the comparison has moved it
		pos, _ = l.find(pos, s.Number)
	}
	l.arrive(r, pos, at)
	return s.Intended, s.Sent, true
}

// read takes a packet apart. What can't be read is empty; the id of a damaged packet can be most of the time.
func (l *Ledger) read(packet []byte) (id uint64, user, text string) {
	if len(packet) < codec.HeaderSize {
		return 0, "", ""
	}
	m, _ := l.rules.Dialect.Decode(packet) // up to where the packet breaks off
	switch m := m.(type) {
	case *codec.BroadcastNotify:
		return uint64(m.ID), m.User, m.Message
	case *codec.BroadcastRes:
		return 0, m.User, m.Message
	}
	return 0, "", ""
}

// find looks for an ordinal, from a position on to both sides.
func (l *Ledger) find(near int64, ordinal uint64) (pos int64, here bool) {
	if !l.seen.has(ordinal) {
		return 0, false
	}
	for up, down := near, near-1; up < l.end() || down >= l.base; up, down = up+1, down-1 {
		if up < l.end() && up >= l.base && l.entry(up).ordinal == ordinal {
			return up, true
		}
		if down >= l.base && down < l.end() && l.entry(down).ordinal == ordinal {
			return down, true
		}
	}
	return 0, false
}

// arrive moves a receiver behind an entry that it got, which leaves out those between, or judges one that came late.
func (l *Ledger) arrive(r *Receiver, pos int64, at time.Duration) {
	switch {
	case r.state == joined:
		l.begin(r, pos)
	case pos >= r.cursor:
		for p := r.cursor; p < pos; p++ {
			l.skip(r, p)
		}
		r.cursor = pos + 1
	default:
		l.late(r, pos, at)
	}
}

// belated judges a message that the ledger has forgotten, since all receivers had it behind them. It reports whether
// it counts as delivered.
func (l *Ledger) belated(r *Receiver, s Stamp, id uint64, at time.Duration) bool {
	f := Finding{Disordered, r.user, s.Sender, s.Number, id, at, "It came when all others had long had it."}
	switch {
	case r.found(s.Number):
		if l.latest[s.Sender].ordinal > s.Number {
			f.Kind = Reordered
		}
		l.tally.note(f)
		return true
	case r.state == joined: // it was on its way when the receiver joined, for very long
		return true
	}
	f.Kind, f.Note = Duplicated, "It came a second time, long after the first."
	l.tally.note(f)
	return false
}

// keep copies a packet to where it stays as long as its entry.
func (l *Ledger) keep(packet []byte) []byte {
	if len(l.chunk) < len(packet) {
		l.chunk = make([]byte, max(chunkBytes, len(packet)))
	}
	n := copy(l.chunk, packet)
	kept := l.chunk[:n:n]
	l.chunk = l.chunk[n:]
	return kept
}

// chunkBytes is how much is allocated at a time; it is free again when the last entry in it is forgotten.
const chunkBytes = 64 << 10
