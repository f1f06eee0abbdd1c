package audit

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"sort"
)

// Merge ends the audit and returns what it came to. sent is the highest ordinal that was used, o may be nil. It must be
// called once, when the goroutines of the ledgers are done with them: after every Finish and Leave.
//
// Beside what the ledgers have found by themselves it finds what one lacks as a whole, and where they contradict each
// other. For that it takes some 20 bytes for each message of the run, as long as it runs.
func Merge(sent uint64, o *Outcomes, ledgers ...*Ledger) Tally {
	if o == nil {
		o = new(Outcomes)
	}
	var t Tally
	ends := make([][]ending, len(ledgers))
	for i, l := range ledgers {
		ends[i] = l.close()
		t.add(&l.tally)
	}
	m := &merger{ledgers: ledgers, outcomes: o, tally: &t}
	m.read(sent)
	for i, l := range ledgers {
		m.broadcasts(l)
		m.whispers(l)
		m.unseen(l, ends[i], sent)
	}
	m.nowhere(slices.Concat(ends...), sent)
	m.contradicted(sent)
	m.order()
	return t
}

// ending is a receiver that was there to the end.
type ending struct {
	since uint64
	user  uint32
}

// close ends a ledger's book-keeping and returns who was there to the end, by since.
func (l *Ledger) close() (ends []ending) {
	for len(l.receivers) > 0 {
		l.Leave(l.receivers[0])
	}
	for _, s := range l.strangers {
		l.dismiss(s)
	}
	l.strangers = nil
	for _, r := range l.gone {
		if r.state != finished {
			continue
		}
		ends = append(ends, ending{r.since, r.user})
		for pos := r.rest(); pos < l.end(); pos++ {
			if e := l.entry(pos); l.owed(r, pos, e) {
				l.miss(r, e.absence(true))
			}
		}
	}
	l.forget(l.end())
	for _, r := range l.gone {
		l.lose(r)
	}
	l.gone = nil
	sort.Slice(ends, func(i, j int) bool { return ends[i].since < ends[j].since })
	return ends
}

// merger holds ledgers against each other.
type merger struct {
	ledgers  []*Ledger
	outcomes *Outcomes
	tally    *Tally
	sender   []uint32 // by ordinal, where some ledger saw it
	id       []uint64 // likewise
}

// read collects what is known of each ordinal. A ledger that has another id for one than those before it has it altered.
func (m *merger) read(sent uint64) {
	m.sender, m.id = make([]uint32, sent+1), make([]uint64, sent+1)
	for _, l := range m.ledgers {
		for r := range l.history.all() {
			if r.ordinal > sent {
				continue
			}
			if known := m.id[r.ordinal]; known != 0 && known != r.id && !m.told(r.ordinal) {
				m.tally.note(Finding{Kind: Altered, Sender: r.sender, Number: r.ordinal, ID: r.id,
					Note: fmt.Sprintf("Its id is %d on one event loop and %d on another.", r.id, known)})
			}
			m.sender[r.ordinal], m.id[r.ordinal] = r.sender, r.id
		}
	}
}

// told reports whether a ledger has a finding already that explains a wrong id or place.
func (m *merger) told(ordinal uint64) bool {
	return slices.ContainsFunc(m.ledgers, func(l *Ledger) bool { return l.told.has(ordinal) })
}

// broadcasts counts what others of the same ledger got. It was accepted, whatever its sender could learn of it; one that
// the server says it refused is a finding of another kind.
func (m *merger) broadcasts(l *Ledger) {
	for _, ordinal := range slices.Sorted(maps.Keys(l.lost)) {
		if m.outcomes.broadcasts[Refused].has(ordinal) {
			continue
		}
		miss := l.lost[ordinal]
		for _, receiver := range miss.receivers {
			m.tally.note(Finding{Lost, receiver, miss.sender, ordinal, miss.id, miss.sent, "Others got it."})
		}
	}
}

// whispers counts those that did not come.
func (m *merger) whispers(l *Ledger) {
	for _, s := range l.silences {
		for _, g := range s.gaps {
			for sequence := g.from; sequence < g.to; sequence++ {
				switch {
				case !m.outcomes.sure(g.receiver, g.slot, sequence):
				case s.excused > 0:
					s.excused--
				default:
					m.tally.note(Finding{Kind: Lost, Receiver: g.receiver, Sender: g.sender, At: g.at,
						Number: WhisperNumber(g.slot, sequence), Note: "A whisper that did not come."})
				}
			}
		}
	}
}

// missing calls f with the ordinals up to sent that none of the sets has, given that the server must have taken them.
func (m *merger) missing(sent uint64, f func(ordinal uint64), ledgers ...*Ledger) {
	for i := range sent/64 + 1 {
		there := m.outcomes.broadcasts[Refused].word(i) | m.outcomes.broadcasts[Uncertain].word(i)
		for _, l := range ledgers {
			there |= l.seen.word(i)
		}
		for missing := ^there; missing != 0; missing &= missing - 1 {
			if ordinal := i*64 + uint64(bits.TrailingZeros64(missing)); ordinal > 0 && ordinal <= sent {
				f(ordinal)
			}
		}
	}
}

// unseen counts what came to other ledgers and to no receiver of this one.
func (m *merger) unseen(l *Ledger, ends []ending, sent uint64) {
	m.missing(sent, func(ordinal uint64) {
		if !m.seen(ordinal) {
			return
		}
		f := Finding{Kind: Lost, Sender: m.sender[ordinal], Number: ordinal, ID: m.id[ordinal],
			Note: "No receiver on its event loop got it, and others did."}
		for _, end := range owed(ends, ordinal) {
			if end.user != f.Sender {
				f.Receiver = end.user
				m.tally.note(f)
			}
		}
	}, l)
}

// nowhere counts what came to nobody. Its sender is not known, so it is counted for all but one of those who should have
// got it.
func (m *merger) nowhere(ends []ending, sent uint64) {
	sort.Slice(ends, func(i, j int) bool { return ends[i].since < ends[j].since })
	m.missing(sent, func(ordinal uint64) {
		if receivers := owed(ends, ordinal); len(receivers) > 1 {
			m.tally.noteMany(Finding{Kind: Lost, Receiver: receivers[0].user, Number: ordinal,
				Note: "Nobody got it. Who sent it is not known, and may be who is named as the receiver."}, uint64(len(receivers)-1))
		}
	}, m.ledgers...)
}

// owed returns those of ends, which are sorted, whose logins were answered before the ordinal was sent.
func owed(ends []ending, ordinal uint64) []ending {
	return ends[:sort.Search(len(ends), func(i int) bool { return ends[i].since >= ordinal })]
}

func (m *merger) seen(ordinal uint64) bool {
	return slices.ContainsFunc(m.ledgers, func(l *Ledger) bool { return l.seen.has(ordinal) })
}

// contradicted counts what came although the server said that it refused it.
func (m *merger) contradicted(sent uint64) {
	for i := range sent/64 + 1 {
		for refused := m.outcomes.broadcasts[Refused].word(i); refused != 0; refused &= refused - 1 {
			if ordinal := i*64 + uint64(bits.TrailingZeros64(refused)); ordinal <= sent && m.seen(ordinal) {
				m.tally.note(Finding{Kind: Contradicted, Sender: m.sender[ordinal], Number: ordinal, ID: m.id[ordinal],
					Note: "It was delivered although the server refused it."})
			}
		}
	}
}

// order holds the order of every ledger against that of the one with the most messages.
func (m *merger) order() {
	if len(m.ledgers) < 2 {
		return
	}
	widest := slices.MaxFunc(m.ledgers, func(a, b *Ledger) int { return a.history.n - b.history.n })
	right := make([]standing, len(m.id))
	now := standing{}
	for r := range widest.history.all() {
		if r.ordinal < uint64(len(right)) {
			now.next(r)
			right[r.ordinal] = now
		}
	}
	for _, l := range m.ledgers {
		if l != widest {
			m.compare(l, right)
		}
	}
}

// standing is where a message stands in a ledger.
type standing struct {
	rank  uint32 // from 1; 0: the ledger has no such message
	guess uint32 // two messages with the same guess are in an order that is known
}

func (s *standing) next(r record) {
	s.rank++
	if r.loose {
		s.guess++
	}
}

// compare finds the fewest messages that must be moved to bring those of l into the right order, by the length of the
// longest rising subsequence: tails[i] is the lowest message that one of length i+1 ends with. What can't be appended
// is out of order, unless one of the two orders is a guess.
func (m *merger) compare(l *Ledger, right []standing) {
	type tail struct {
		ordinal uint64
		rank    uint32 // in the right order
		guess   uint32 // in this one
	}
	var tails []tail
	now := standing{}
	for r := range l.history.all() {
		now.next(r)
		if r.ordinal >= uint64(len(right)) || right[r.ordinal].rank == 0 {
			continue
		}
		this := tail{r.ordinal, right[r.ordinal].rank, now.guess}
		n := len(tails)
		if n == 0 || tails[n-1].rank < this.rank {
			if n == 2*displacement {
				tails = tails[:copy(tails, tails[displacement:])]
			}
			tails = append(tails, this)
			continue
		}
		i, before := sort.Search(n, func(i int) bool { return tails[i].rank >= this.rank }), tails[n-1]
		known := before.guess == this.guess && right[before.ordinal].guess == right[this.ordinal].guess
		if known && !m.told(this.ordinal) && !m.told(before.ordinal) && !m.told(tails[i].ordinal) {
			m.tally.note(Finding{Kind: Disordered, Sender: r.sender, Number: r.ordinal, ID: r.id,
				Note: fmt.Sprintf("On one event loop it came behind number %d, on another before it.", before.ordinal)})
		}
		tails[i] = this
	}
}

// displacement is how many messages back a displaced one is searched for its place; beyond, one may count for several.
const displacement = 1 << 16
