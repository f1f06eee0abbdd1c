package audit

import (
	"slices"
	"time"
)

// Receiver is how far one connection has come in its ledger: a place there, and what is missing before it. The zero
// value is ready to Join. It must not be copied or moved while it is joined, and belongs to its ledger's goroutine.
type Receiver struct {
	user   uint32
	state  state
	index  int32  // in Ledger.receivers
	join   uint32 // tells this stay from the user's others
	since  uint64 // later ordinals were sent after the login was answered
	first  int64  // following: the position of the first entry that it got; joined: the first that may come at all
	cursor int64  // the position behind the last entry that it got; joined: the ledger's end when it joined
	// firstID is the id of the first entry that it got.
	firstID uint64
	slots   []correspondent
	// troubles is nil as long as everything is as it should be.
	troubles *troubles
}

// state says what a receiver is owed.
type state uint8

const (
	away      state = iota // nothing
	joined                 // what was sent after its login
	following              // and whatever comes behind the first that came
	untracked              // no broadcasts: it was too far behind
	finished               // as following, or joined, to the ledger's end
)

// troubles is what is not as it should be with a receiver.
type troubles struct {
	absent  []absence // entries between first and cursor that it did not get
	excused []uint64  // ordinals that it got altered, before it was known which they were
	gaps    []gap     // whispers that it did not get
	strays  int       // altered whispers that can't be told from each other: each excuses one that is missing
}

// absence is an entry that others got and the receiver did not.
type absence struct {
	ordinal, id uint64
	sent        time.Duration
	sender      uint32
	owed        bool
	certain     bool // nothing that comes can excuse it
}

func (e *entry) absence(owed bool) absence {
	return absence{e.ordinal, e.id, e.sent, e.sender, owed, false}
}

// trouble returns the receiver's troubles, to be added to.
func (r *Receiver) trouble() *troubles {
	if r.troubles == nil {
		r.troubles = new(troubles)
	}
	return r.troubles
}

// absence returns the index of the ordinal among what the receiver did not get, or -1.
func (r *Receiver) absence(ordinal uint64) int {
	if r.troubles == nil {
		return -1
	}
	return slices.IndexFunc(r.troubles.absent, func(a absence) bool { return a.ordinal == ordinal })
}

// found takes the ordinal out of what the receiver did not get, and reports whether it was there.
func (r *Receiver) found(ordinal uint64) bool {
	i := r.absence(ordinal)
	if i < 0 {
		return false
	}
	r.troubles.absent = slices.Delete(r.troubles.absent, i, i+1)
	return true
}

// excuse notes that an ordinal has come already, nobody knows in which place.
func (r *Receiver) excuse(ordinal uint64) {
	t := r.trouble()
	t.excused = append(t.excused, ordinal)
	if i := r.absence(ordinal); i >= 0 {
		t.absent[i].owed = false
	}
}

// got reports whether the receiver got what is, or was, at a position.
func (r *Receiver) got(pos int64, ordinal uint64, sender uint32) bool {
	return r.first <= pos && pos < r.cursor && r.began() && sender != r.user && r.absence(ordinal) < 0
}

// began reports whether it has got anything.
func (r *Receiver) began() bool {
	return r.state == following || r.state == finished && r.firstID != unbegun
}

// unbegun is the firstID of a receiver that has got nothing; no message has this id.
const unbegun = 1<<64 - 1

// Join begins a stay of a user on a connection, when its login is answered. Ordinals above since were sent after that
// moment; next holds, for each slot, the sequence that the sender of that slot uses next.
func (l *Ledger) Join(r *Receiver, user uint32, since uint64, next []uint32) {
	if r.state != away {
		l.Leave(r)
	}
	l.joins++
	*r = Receiver{
		user: user, state: joined, index: int32(len(l.receivers)), join: l.joins,
		since: since, first: l.base, cursor: l.end(), firstID: unbegun, slots: make([]correspondent, len(next)),
	}
	for slot, sequence := range next {
		r.slots[slot] = correspondent{next: sequence, first: sequence}
	}
	l.receivers = append(l.receivers, r)
}

// Leave ends a stay: the connection is gone, or the server was asked to end it. Nothing more is owed, but what was
// skipped until now is lost. A receiver that is not joined is left alone.
func (l *Ledger) Leave(r *Receiver) { l.part(r, nil) }

// Finish ends a stay at the run's end, with the connection still there: everything that the ledger has, or will have by
// the Merge, was owed, and all whispers below next.
func (l *Ledger) Finish(r *Receiver, next []uint32) {
	if r.state == joined || r.state == following {
		r.state = finished
	}
	l.part(r, next)
}

// part takes a receiver off the list and keeps a copy: what others bring later may show what it did not get.
func (l *Ledger) part(r *Receiver, next []uint32) {
	if r.state == away {
		return
	}
	last := l.receivers[len(l.receivers)-1]
	l.receivers[r.index], last.index = last, r.index
	l.receivers[len(l.receivers)-1] = nil
	l.receivers = l.receivers[:len(l.receivers)-1]
	l.bury(r, next)
	if r.state != untracked {
		past := *r
		l.gone = append(l.gone, &past)
	}
	*r = Receiver{}
}

// Settled reports whether everything that the ledger knows of, and every whisper below next, has come to the receiver,
// apart from whispers of which o says that they need not. It is cheap when that is so.
func (l *Ledger) Settled(r *Receiver, next []uint32, o *Outcomes) bool {
	if r.state == joined || r.state == following {
		for pos := r.rest(); pos < l.end(); pos++ {
			if l.owed(r, pos, l.entry(pos)) {
				return false
			}
		}
		if r.troubles != nil && slices.ContainsFunc(r.troubles.absent, func(a absence) bool { return a.owed }) {
			return false
		}
	}
	return r.settled(next, o)
}

// rest returns the position of the first entry that the receiver may still wait for in order.
func (r *Receiver) rest() int64 {
	if r.began() {
		return r.cursor
	}
	return r.first
}

// owed reports whether a receiver must get an entry, provided that it came no further behind it. The ids hold where
// the ledger's order does not: of two messages that no receiver got both, it is a guess. Classic messages have none,
// so there only what was sent after the login is owed.
func (l *Ledger) owed(r *Receiver, pos int64, e *entry) bool {
	if e.sender == r.user || r.troubles != nil && slices.Contains(r.troubles.excused, e.ordinal) {
		return false
	}
	return e.ordinal > r.since || r.began() && pos > r.first && e.id > r.firstID
}

// skip notes that a receiver has passed an entry without getting it.
func (l *Ledger) skip(r *Receiver, pos int64) {
	if e := l.entry(pos); e.sender != r.user {
		t := r.trouble()
		t.absent = append(t.absent, e.absence(l.owed(r, pos, e)))
	}
}

// begin sets a receiver, whose first entry this is, behind it. What was sent after its login and stands before that
// entry is missing.
func (l *Ledger) begin(r *Receiver, pos int64) {
	first := pos
	for p := r.first; p < pos; p++ {
		if e := l.entry(p); e.ordinal > r.since && e.sender != r.user {
			first = p
			break
		}
	}
	r.state, r.first, r.cursor, r.firstID = following, pos, pos+1, l.entry(pos).id
	l.reach(r, first)
}

// reach extends what a receiver has behind it to an earlier position, of whose entries it got none.
func (l *Ledger) reach(r *Receiver, first int64) {
	until := r.first
	r.first = min(first, until)
	for p := first; p < until; p++ {
		if e := l.entry(p); e.sender != r.user {
			t := r.trouble()
			t.absent = append(t.absent, e.absence(e.ordinal > r.since && l.owed(r, p, e)))
		}
	}
}
