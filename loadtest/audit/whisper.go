package audit

import (
	"slices"
	"time"
)

// correspondent is the sender of one slot of a receiver.
type correspondent struct {
	next   uint32 // the sequence that comes next
	first  uint32 // the first that came; what was sent later is owed
	sender uint32
	known  bool // a whisper has come, and sender is known
}

// gap is a range of whispers that did not come.
type gap struct {
	receiver, sender uint32
	slot             int
	from, to         uint32 // to is not part of it
	at               time.Duration
}

// Whisper checks a whisper that came to a receiver: the name that it came under, its text and its id, 0 where there is
// none. What it returns is as in Broadcast.
func (l *Ledger) Whisper(r *Receiver, user, message string, id uint64, at time.Duration) (intended, sent time.Duration, ok bool) {
	s, err := ReadStamp(message)
	slot, sequence := s.Whisper()
	f := Finding{Altered, r.user, s.Sender, s.Number, id, at, "Its text is not the one that was sent."}
	switch {
	case r.state == away, err == nil && s.Run != l.rules.Run:
		return 0, 0, false
	case err != nil:
		l.garbled(r, user, f, err == ErrAltered && s.Run == l.rules.Run)
		return 0, 0, false
	}
	l.tally.Checked++
	if slot >= len(r.slots) || slot >= l.rules.Slots || l.rules.Partner(s.Sender, slot) != r.user {
		f.Kind, f.Note = Misrouted, "It was sent to somebody else."
		l.tally.note(f)
		return 0, 0, false
	}
	if l.rules.Name(s.Sender) != user {
		f.Note = "It came under another name than its sender's."
		l.tally.note(f)
	}
	return s.Intended, s.Sent, l.heard(r, slot, sequence, f)
}

// heard counts a whisper as arrived and judges its place. It reports false for a second one.
func (l *Ledger) heard(r *Receiver, slot int, sequence uint32, f Finding) bool {
	c := &r.slots[slot]
	switch {
	case !c.known:
		c.known, c.sender, c.first = true, f.Sender, min(sequence, c.first)
		if sequence < c.next {
			c.next = sequence // it was on its way at the login, and from it on everything is owed
		}
	case sequence < c.first:
		f.Kind, f.Note = Reordered, "It came behind a later one of its sender."
		l.tally.note(f)
		return true
	}
	if sequence >= c.next {
		if sequence > c.next {
			t := r.trouble()
			t.gaps = append(t.gaps, gap{r.user, f.Sender, slot, c.next, sequence, f.At})
		}
		c.next = sequence + 1
		return true
	}
	if f.Kind, f.Note = Duplicated, "It came a second time."; r.fill(slot, sequence) {
		f.Kind, f.Note = Reordered, "It came behind a later one of its sender."
	}
	l.tally.note(f)
	return f.Kind == Reordered
}

// fill takes a whisper out of the receiver's gaps, and reports whether it was in one.
func (r *Receiver) fill(slot int, sequence uint32) bool {
	if r.troubles == nil {
		return false
	}
	for i, g := range r.troubles.gaps {
		if g.slot != slot || sequence < g.from || sequence >= g.to {
			continue
		}
		before, behind := g, g
		before.to, behind.from = sequence, sequence+1
		r.troubles.gaps = slices.Replace(r.troubles.gaps, i, i+1, before, behind) // either may be empty
		return true
	}
	return false
}

// garbled judges a whisper whose checksum is wrong. Which it was can't be told, so it excuses one that is missing.
func (l *Ledger) garbled(r *Receiver, user string, f Finding, ours bool) {
	known := func(c correspondent) bool { return c.known && l.rules.Name(c.sender) == user }
	if ours || slices.ContainsFunc(r.slots, known) {
		l.tally.Checked++
		l.tally.note(f)
		r.trouble().strays++
	}
}

// settled reports whether all whispers below next have come that must.
func (r *Receiver) settled(next []uint32, o *Outcomes) bool {
	if r.troubles == nil && !slices.ContainsFunc(r.tails(next), func(g gap) bool { return g.from < g.to }) {
		return true
	}
	missing, excused := 0, 0
	if r.troubles != nil {
		excused = r.troubles.strays
	}
	for _, g := range r.missing(next) {
		for sequence := g.from; sequence < g.to; sequence++ {
			if o.sure(g.receiver, g.slot, sequence) {
				missing++
			}
		}
		if missing > excused {
			return false
		}
	}
	return true
}

// missing returns the gaps, those at the end included.
func (r *Receiver) missing(next []uint32) []gap {
	gaps := r.tails(next)
	if r.troubles != nil {
		gaps = append(slices.Clone(r.troubles.gaps), gaps...)
	}
	return gaps
}

// tails returns what did not come of each sender's last whispers.
func (r *Receiver) tails(next []uint32) (gaps []gap) {
	for slot, c := range r.slots {
		if slot < len(next) && c.next < next[slot] {
			gaps = append(gaps, gap{receiver: r.user, sender: c.sender, slot: slot, from: c.next, to: next[slot]})
		}
	}
	return gaps
}

// silence is what whispers did not come in a stay of a receiver, of which so many are excused as altered.
type silence struct {
	gaps    []gap
	excused int
}

// bury keeps what whispers a receiver lacks when its stay ends, those below next included.
func (l *Ledger) bury(r *Receiver, next []uint32) {
	s := silence{gaps: r.missing(next)}
	if len(s.gaps) == 0 {
		return
	}
	if r.troubles != nil {
		s.excused = r.troubles.strays
	}
	l.silences = append(l.silences, s)
}
