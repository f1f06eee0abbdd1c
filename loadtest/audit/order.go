package audit

import (
	"slices"
	"time"

	"hubbub/codec"
)

// The order of a ledger is a guess wherever no receiver got both of two messages, since nobody gets his own: it begins
// as what the first reader of each message saw, and is mended by what others see. Who is wrong when two receivers
// disagree is told by the sender's numbers if the messages have one sender, else by their ids, else by majority.

// pair is two messages whose order is in dispute, the lower ordinal first, or 0 and one whose bytes are.
type pair struct{ low, high uint64 }

func pairOf(a, b *entry) pair { return pair{min(a.ordinal, b.ordinal), max(a.ordinal, b.ordinal)} }

// claim says that a receiver got something that contradicts the ledger. It is a finding, or none if its Kind is empty,
// unless more receivers bear it out than contradict it.
type claim struct {
	Finding
	join   uint32
	packet []byte // what came, of a pair with 0
}

// claims reports whether a receiver has a claim in a dispute.
func (l *Ledger) claims(p pair, r *Receiver) bool {
	return slices.ContainsFunc(l.disputes[p], func(c claim) bool { return c.join == r.join })
}

func (l *Ledger) claim(p pair, r *Receiver, c claim) {
	c.Receiver, c.join = r.user, r.join
	l.disputes[p] = append(l.disputes[p], c)
	if c.Kind != "" {
		l.told.add(p.high)
		l.told.add(p.low)
	}
}

// everybody calls f with the receivers that are here and the copies of those that left.
func (l *Ledger) everybody(f func(r *Receiver)) {
	for _, r := range l.receivers {
		f(r)
	}
	for _, r := range l.gone {
		f(r)
	}
}

// learn enters a message that no receiver had brought, behind what this one got last, and returns its position. Those
// that have passed that place lack it.
func (l *Ledger) learn(r *Receiver, e entry) int64 {
	pos := l.place(r, &e)
	l.entries = slices.Insert(l.entries, int(pos-l.base), e)
	l.seen.add(e.ordinal)
	l.held += entryBytes
	if pos < l.end()-1 {
		l.everybody(func(s *Receiver) { l.widen(s, pos) })
	}
	return pos
}

// widen makes room in a receiver's count for an entry that was put in at pos, and notes that it lacks it.
func (l *Ledger) widen(s *Receiver, pos int64) {
	began := s.began()
	outside := pos < s.first || began && pos == s.first
	if outside {
		s.first++
	}
	if pos >= s.cursor {
		return
	}
	s.cursor++
	switch {
	case !began:
	case !outside:
		l.skip(s, pos)
	case l.owed(s, pos, l.entry(pos)):
		l.reach(s, pos)
	}
}

// place returns where a new message belongs: behind what its receiver got last. Its own messages and, before the first
// that it gets, all messages may stand on either side; there the ids decide. They also tell when it comes late, behind
// messages of which others know the ids.
func (l *Ledger) place(r *Receiver, e *entry) int64 {
	if l.rules.Dialect == codec.Classic {
		return r.cursor
	}
	pos := r.cursor
	if r.state == joined {
		pos = l.end()
	}
	for pos < l.end() && l.entry(pos).sender == r.user && l.entry(pos).id < e.id {
		pos++
	}
	for p := pos; p > max(r.first, l.base, pos-lookaround); p-- {
		x := l.entry(p - 1)
		if x.id < e.id {
			return p
		}
		if r.got(p-1, x.ordinal, x.sender) && !l.shared(r, p-1) {
			return pos // nobody else has seen that id either: one of the two may be wrong
		}
	}
	if r.state == joined && pos-lookaround <= r.first {
		return r.first
	}
	return pos
}

// shared reports whether anybody but r got an entry.
func (l *Ledger) shared(r *Receiver, pos int64) (found bool) {
	e := l.entry(pos)
	l.everybody(func(s *Receiver) { found = found || s != r && s.got(pos, e.ordinal, e.sender) })
	return found
}

// late judges an entry that came to a receiver which has passed its place: behind others that stand behind it here.
func (l *Ledger) late(r *Receiver, pos int64, at time.Duration) {
	if pos < r.first {
		l.reach(r, pos)
	}
	y := *l.entry(pos)
	r.found(y.ordinal)
	last := l.lastGot(r, pos)
	if last < 0 {
		return // those between were not for it, or are missing: it is in its place
	}
	f := Finding{Disordered, r.user, y.sender, y.ordinal, y.id, at, "It came behind a message that it preceded elsewhere."}
	if x := l.sibling(r, &y, pos, last); x >= 0 {
		f.Kind, f.Note = Reordered, "It came behind a later message of its sender."
		l.deny(r, f, pos, x, last)
		return
	}
	if x := l.higher(r, &y, pos, last); x >= 0 {
		l.deny(r, f, pos, x, last)
		return
	}
	block, contrary := l.followers(r, pos, last)
	var others []accusation
	if len(contrary) > 0 {
		var outvoted bool
		if block, others, outvoted = l.vote(r, block, contrary); outvoted {
			l.deny(r, f, pos, contrary[0], last)
			return
		}
	}
	for _, p := range slices.Backward(block) {
		l.move(p, last)
		last--
	}
	for _, a := range others {
		l.claim(a.dispute, a.receiver, claim{Finding: a.finding})
	}
}

// deny notes that a receiver got the entry at pos behind the others that it got up to last. Behind the one at x, that is
// found to be its fault.
func (l *Ledger) deny(r *Receiver, f Finding, pos, x, last int64) {
	y := l.entry(pos)
	for p := pos + 1; p <= last; p++ {
		e, c := l.entry(p), claim{}
		if !r.got(p, e.ordinal, e.sender) {
			continue
		}
		if p == x {
			c.Finding = f
		}
		l.claim(pairOf(y, e), r, c)
	}
}

// lastGot returns the last entry behind pos that the receiver got, or -1.
func (l *Ledger) lastGot(r *Receiver, pos int64) int64 {
	for p := r.cursor - 1; p > pos; p-- {
		if x := l.entry(p); r.got(p, x.ordinal, x.sender) {
			return p
		}
	}
	return -1
}

// sibling returns the first entry behind pos, up to last, that the receiver got and y's sender sent after y, or -1.
func (l *Ledger) sibling(r *Receiver, y *entry, pos, last int64) int64 {
	for p := pos + 1; p <= last; p++ {
		if x := l.entry(p); x.sender == y.sender && x.ordinal > y.ordinal && r.got(p, x.ordinal, x.sender) {
			return p
		}
	}
	return -1
}

// higher returns the first entry behind pos, up to last, that the receiver got and that must follow y by its id, or -1.
func (l *Ledger) higher(r *Receiver, y *entry, pos, last int64) int64 {
	if l.rules.Dialect == codec.Classic || l.contested(y) {
		return -1
	}
	for p := pos + 1; p <= last; p++ {
		if x := l.entry(p); x.id > y.id && r.got(p, x.ordinal, x.sender) && !l.contested(x) {
			return p
		}
	}
	return -1
}

// contested reports whether receivers disagree about an entry's bytes, and so perhaps about its id.
func (l *Ledger) contested(e *entry) bool { return len(l.disputes[pair{0, e.ordinal}]) > 0 }

// followers returns which entries from pos to last must keep their order: the one at pos, those behind it of the same
// sender, those that somebody got who got it too, and those which must stay behind these. contrary are those of them
// that r has got before the one at pos, which contradicts that; block are the others.
func (l *Ledger) followers(r *Receiver, pos, last int64) (block, contrary []int64) {
	var members []int64
	bound := make(map[*Receiver]bool) // who got any of them
	senders := make(map[uint32]uint64)
	for p := pos; p <= last; p++ {
		e := l.entry(p)
		lowest, known := senders[e.sender]
		follows := known && lowest < e.ordinal
		for s := range bound {
			if follows = follows || s.got(p, e.ordinal, e.sender) && l.agrees(s, members, e); follows {
				break
			}
		}
		if p > pos && !follows {
			continue
		}
		members = append(members, p)
		if !known || e.ordinal < lowest {
			senders[e.sender] = e.ordinal
		}
		l.everybody(func(s *Receiver) {
			if s != r && s.got(p, e.ordinal, e.sender) {
				bound[s] = true
			}
		})
		if p > pos && r.got(p, e.ordinal, e.sender) {
			contrary = append(contrary, p)
		} else {
			block = append(block, p)
		}
	}
	return block, contrary
}

// agrees reports whether a receiver got any of the members before e, as the ledger has it.
func (l *Ledger) agrees(s *Receiver, members []int64, e *entry) bool {
	return len(l.disputes) == 0 || slices.ContainsFunc(members, func(p int64) bool {
		m := l.entry(p)
		return s.got(p, m.ordinal, m.sender) && !l.claims(pairOf(m, e), s)
	})
}

// accusation is a claim that is to be made once an order has changed.
type accusation struct {
	receiver *Receiver
	dispute  pair
	finding  Finding
}

// vote decides whether what r has seen holds: that contrary comes before the first of block. Then a part of block must go
// behind contrary, that part which fewer have seen in another order than in this, and those are to be accused. It does
// not hold when as many have seen it otherwise.
func (l *Ledger) vote(r *Receiver, block, contrary []int64) (part []int64, accused []accusation, outvoted bool) {
	rest := slices.Concat(block[1:], contrary)
	slices.Sort(rest)
	part = block[:1]
	accused, lead := l.count(r, part, rest)
	if all, ahead := l.count(r, block, contrary); ahead >= lead {
		part, accused, lead = block, all, ahead
	}
	y, x := l.entry(block[0]), l.entry(contrary[0])
	if x.sender == y.sender { // then x was sent before y
		return part, accused, false
	}
	if l.rules.Dialect == codec.Native && x.id < y.id && !l.contested(x) && !l.contested(y) {
		return part, accused, false
	}
	return part, accused, lead <= 0
}

// count returns whom to accuse if part is behind rest, and by how many r, and those who say the same, are more.
func (l *Ledger) count(r *Receiver, part, rest []int64) (accused []accusation, lead int) {
	lead = 1
	l.everybody(func(s *Receiver) {
		if s == r {
			return
		}
		if a, ally := l.stance(s, part, rest); a != nil {
			accused = append(accused, *a)
			lead--
		} else if ally {
			lead++
		}
	})
	return accused, lead
}

// stance returns how a receiver is to be accused if part is behind rest, or nil, and whether it has seen that itself.
func (l *Ledger) stance(s *Receiver, part, rest []int64) (a *accusation, ally bool) {
	for _, p := range part {
		for _, q := range rest {
			y, x := l.entry(p), l.entry(q)
			if q < p || !s.got(p, y.ordinal, y.sender) || !s.got(q, x.ordinal, x.sender) {
				continue
			}
			dispute := pairOf(x, y)
			if l.claims(dispute, s) {
				ally = true
				continue
			}
			f := Finding{Disordered, s.user, y.sender, y.ordinal, y.id, y.sent, "It came before a message that it followed elsewhere."}
			if x.sender == y.sender {
				f.Kind, f.Note = Reordered, "It came before an earlier message of its sender."
			}
			return &accusation{s, dispute, f}, false
		}
	}
	return nil, ally
}

// move puts the entry at one position behind the one at a later position. Nobody gains or loses a message by it: who got
// the entry and not yet all that it moves behind is now ahead of those. Who had them in this order before is no more to blame.
func (l *Ledger) move(from, behind int64) {
	e := *l.entry(from)
	for p := from + 1; p <= behind && len(l.disputes) > 0; p++ {
		delete(l.disputes, pairOf(&e, l.entry(p)))
	}
	copy(l.entries[from-l.base:], l.entries[from-l.base+1:behind-l.base+1])
	*l.entry(behind) = e
	l.everybody(func(s *Receiver) {
		outside := from < s.first
		if outside && s.first <= behind {
			s.first--
		}
		switch {
		case s.cursor <= from:
		case s.cursor <= behind:
			s.cursor--
			if !outside {
				l.overtake(s, &e, behind)
			}
		case outside && s.first <= behind && s.began():
			l.skip(s, behind)
		}
	})
}

// overtake corrects the place of a receiver across which an entry was moved to a later position. If it got the entry, it
// is now ahead of what it expects.
func (l *Ledger) overtake(s *Receiver, e *entry, pos int64) {
	if s.found(e.ordinal) || !s.began() || e.sender == s.user {
		return
	}
	for p := s.cursor; p < pos; p++ {
		l.skip(s, p)
	}
	s.cursor = pos + 1
}
