package audit

import (
	"slices"
	"time"

	"hubbub/codec"
)

const (
	// retention is how long at least a ledger remembers what all of its receivers have behind them: a login that was
	// answered some seconds late may still bring it.
	retention = 5 * time.Second

	// heldMax bounds the bytes that a ledger holds for receivers that lag behind.
	heldMax = 64 << 20
)

// mark is where the ledger ended at a moment.
type mark struct {
	at  time.Duration
	end int64
}

// place is where an entry was that has left the ledger. The positions of such entries do not change any more.
type place struct {
	ordinal, id uint64
	pos         int64
	sender      uint32
}

// loss is a broadcast that did not come to some of its receivers.
type loss struct {
	absence
	receivers []uint32
}

// Trim forgets what all receivers have behind them and is older than some seconds. When receivers that lag behind keep
// it from forgetting more than 64 MiB, they are owed no broadcasts any more until they Join again, and what comes to
// them counts as untracked. Call it about once a second; at is the time since the run's start.
func (l *Ledger) Trim(at time.Duration) {
	l.marks = append(l.marks, mark{at, l.end()})
	until := l.base
	for len(l.marks) > 0 && l.marks[0].at <= at-retention {
		until = min(l.marks[0].end, l.end())
		l.marks = l.marks[1:]
	}
	l.oblige(until)
	cut := l.cut()
	for _, r := range l.receivers {
		if (r.state == joined || r.state == following) && r.rest() < cut {
			l.abandon(r)
		}
	}
	until = max(until, cut)
	l.forget(min(until, l.behind()))
	kept := l.strangers[:0]
	for _, s := range l.strangers {
		if s.at > at-retention {
			kept = append(kept, s)
		} else {
			l.dismiss(s)
		}
	}
	l.strangers = kept
}

// oblige takes receivers past old entries that nobody can expect to reach them: their own, and what was on its way when
// they joined.
func (l *Ledger) oblige(until int64) {
	for _, r := range l.receivers {
		switch r.state {
		case joined:
			for r.first < until && (l.entry(r.first).sender == r.user || l.entry(r.first).ordinal <= r.since) {
				r.first++
			}
			r.cursor = max(r.cursor, r.first)
		case following:
			for r.cursor < until && l.entry(r.cursor).sender == r.user {
				r.cursor++
			}
		}
	}
}

// cut returns the position from which on the entries fit into heldMax.
func (l *Ledger) cut() int64 {
	pos := l.base
	for held := l.held; held > heldMax; pos++ {
		held -= entryBytes + len(l.entry(pos).packet)
	}
	return pos
}

// behind returns the position that all receivers have behind them.
func (l *Ledger) behind() int64 {
	pos := l.end()
	for _, r := range l.receivers {
		if r.state == joined || r.state == following {
			pos = min(pos, r.rest())
		}
	}
	for _, r := range l.gone {
		if r.state == finished {
			pos = min(pos, r.rest())
		}
	}
	return pos
}

// abandon gives up on a receiver that lags too far behind.
func (l *Ledger) abandon(r *Receiver) {
	l.acquit(r, l.end())
	l.lose(r)
	if r.troubles != nil {
		r.troubles.absent = nil
	}
	r.state = untracked
}

// prove makes certain that what receivers lack of the entries before a position did not come to them in its place: that
// they got something which must stand behind it. Until that is certain for one who is still here, the entry must stay,
// and prove returns its position; one who has left may have left before it came.
func (l *Ledger) prove(until int64) int64 {
	for _, r := range l.receivers {
		until = min(until, l.doubtful(r, until))
	}
	for _, r := range l.gone {
		l.acquit(r, until)
	}
	return until
}

// doubtful returns the first position before until of an entry that a receiver was owed and perhaps did not miss,
// or until.
func (l *Ledger) doubtful(r *Receiver, until int64) int64 {
	first := until
	if r.troubles == nil {
		return first
	}
	for i := range r.troubles.absent {
		a := &r.troubles.absent[i]
		if !a.owed || a.certain {
			continue
		}
		pos, here := l.find(until, a.ordinal)
		switch {
		case !here:
			a.certain = true
		case pos >= until:
		case !l.owed(r, pos, l.entry(pos)): // its id was not what it seemed
			a.owed = false
		case r.state == finished:
			a.certain = true
		default:
			if a.certain = l.passed(r, pos); !a.certain {
				first = min(first, pos)
			}
		}
	}
	return first
}

// passed reports whether a receiver got something that must stand behind the entry at a position. The next entries tell,
// mostly.
func (l *Ledger) passed(r *Receiver, pos int64) bool {
	for width := int64(8); ; width *= 4 {
		last := min(pos+width, r.cursor-1)
		if _, contrary := l.followers(r, pos, last); len(contrary) > 0 || last == r.cursor-1 {
			return len(contrary) > 0
		}
	}
}

// acquit forgives a receiver what it perhaps did not miss of the entries before a position.
func (l *Ledger) acquit(r *Receiver, until int64) {
	if l.doubtful(r, until) == until {
		return
	}
	for i := range r.troubles.absent {
		if a := &r.troubles.absent[i]; a.owed && !a.certain {
			if pos, here := l.find(until, a.ordinal); here && pos < until {
				a.owed = false
			}
		}
	}
}

// lose counts what a receiver did not get of what it was owed.
func (l *Ledger) lose(r *Receiver) {
	if r.troubles == nil {
		return
	}
	for _, a := range r.troubles.absent {
		if a.owed {
			l.miss(r, a)
		}
	}
}

func (l *Ledger) miss(r *Receiver, a absence) {
	if l.lost[a.ordinal] == nil {
		l.lost[a.ordinal] = &loss{absence: a}
	}
	l.lost[a.ordinal].receivers = append(l.lost[a.ordinal].receivers, r.user)
}

// forget lets the entries before a position go, and with them what can't change any more.
func (l *Ledger) forget(until int64) {
	if until = l.prove(until); until <= l.base {
		return
	}
	forgotten := make(map[uint64]bool)
	for pos := l.base; pos < until; pos++ {
		l.retire(pos)
		if len(l.disputes) > 0 {
			forgotten[l.entry(pos).ordinal] = true
		}
	}
	for p, claims := range l.disputes {
		if !forgotten[p.low] && !forgotten[p.high] {
			continue
		}
		for _, c := range claims {
			if c.Kind != "" {
				l.tally.note(c.Finding)
			}
		}
		delete(l.disputes, p)
	}
	n := copy(l.entries, l.entries[until-l.base:])
	clear(l.entries[n:])
	l.entries, l.base = l.entries[:n], until
	kept := l.gone[:0]
	for _, r := range l.gone {
		if r.cursor > until || r.state == finished {
			kept = append(kept, r)
		} else {
			l.lose(r)
		}
	}
	clear(l.gone[len(kept):])
	l.gone = kept
}

// retire writes an entry into the history, and finds what no receiver's view contradicts and is wrong all the same: a
// sender's messages in the wrong order, or ids that fall.
func (l *Ledger) retire(pos int64) {
	e := l.entry(pos)
	now := place{e.ordinal, e.id, pos, e.sender}
	f := Finding{Sender: e.sender, Number: e.ordinal, ID: e.id, At: e.sent}
	latest := l.latest[e.sender]
	switch {
	case e.ordinal < latest.ordinal:
		f.Kind, f.Note = Reordered, "It came behind a later message of its sender, to all who got both."
		l.accuse(f, latest, now)
	case l.rules.Dialect == codec.Native && e.id < l.last.id:
		f.Kind, f.Note = Disordered, "Its id is lower than that of the message before it, for all who got both."
		l.accuse(f, l.last, now)
	}
	if e.ordinal > latest.ordinal {
		l.latest[e.sender] = now
	}
	l.history.add(record{e.ordinal, e.id, e.sender, !l.witnessed(l.last, now)})
	l.last = now
	l.held -= entryBytes + len(e.packet)
}

// accuse counts a finding at everybody who got a message behind another that should have come later.
func (l *Ledger) accuse(f Finding, before, now place) {
	if l.told.has(before.ordinal) || l.told.has(now.ordinal) {
		return
	}
	l.everybody(func(r *Receiver) {
		if r.got(before.pos, before.ordinal, before.sender) && r.got(now.pos, now.ordinal, now.sender) {
			f.Receiver = r.user
			l.tally.note(f)
			l.told.add(now.ordinal)
		}
	})
}

// witnessed reports whether anybody got both of two entries, so that their order is known.
func (l *Ledger) witnessed(before, now place) bool {
	both := func(r *Receiver) bool {
		return r.got(before.pos, before.ordinal, before.sender) && r.got(now.pos, now.ordinal, now.sender)
	}
	return slices.ContainsFunc(l.receivers, both) || slices.ContainsFunc(l.gone, both)
}
