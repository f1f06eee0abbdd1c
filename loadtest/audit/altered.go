package audit

import (
	"bytes"
	"slices"
	"time"

	"hubbub/codec"
)

// compare holds the bytes of a packet against the ledger's, given that its text is what was sent. Where they differ, in
// the id mostly, more receivers of one than of the other tell which are right.
func (l *Ledger) compare(r *Receiver, pos int64, packet []byte, id uint64, at time.Duration) {
	e := l.entry(pos)
	if e.packet == nil {
		e.packet = l.keep(packet)
		e.id = id
		l.held += len(packet)
		l.recognize(pos)
		return
	}
	if bytes.Equal(packet, e.packet) {
		return
	}
	dispute := pair{0, e.ordinal}
	f := Finding{Altered, r.user, e.sender, e.ordinal, id, at, "Its text is right, and its packet is not what others got."}
	same := func(c claim) bool { return bytes.Equal(c.packet, packet) }
	rivals := 1
	for _, c := range l.disputes[dispute] {
		if same(c) {
			rivals++
		}
	}
	var witnesses []*Receiver
	l.everybody(func(s *Receiver) {
		if s.got(pos, e.ordinal, e.sender) && !l.claims(dispute, s) {
			witnesses = append(witnesses, s)
		}
	})
	if rivals <= len(witnesses) {
		l.claim(dispute, r, claim{f, r.join, l.keep(packet)})
		return
	}
	l.disputes[dispute] = slices.DeleteFunc(l.disputes[dispute], same)
	f.ID = e.id
	for _, w := range witnesses {
		l.claim(dispute, w, claim{f, w.join, e.packet})
	}
	l.held += len(packet) - len(e.packet)
	e.packet, e.id = l.keep(packet), id
}

// stranger is a packet without a readable stamp: of somebody who is no part of the run, or a message of the run that
// was altered and that no other receiver has brought yet.
type stranger struct {
	join, user uint32
	id         uint64 // 0: it has none, or none that can be read
	ours       bool   // the stamp claims to be of this run
	packet     []byte
	at         time.Duration
}

// strangersKept is how many strangers are remembered at a time.
const strangersKept = 1024

// unreadable looks for the message that a packet without a readable stamp was made of.
func (l *Ledger) unreadable(s stranger, r *Receiver) (intended, sent time.Duration, ok bool) {
	if r.state == untracked {
		l.dismiss(s)
		return 0, 0, false
	}
	for pos := max(r.rest()-lookaround, l.base); pos < min(r.rest()+lookaround, l.end()); pos++ {
		e := l.entry(pos)
		if e.sender != r.user && !r.got(pos, e.ordinal, e.sender) && l.alike(&s, e) {
			l.unmask(s, e)
			intended, sent = e.intended, e.sent
			l.arrive(r, pos, s.at)
			return intended, sent, true
		}
	}
	if len(l.strangers) == strangersKept {
		l.dismiss(l.strangers[0])
		l.strangers = slices.Delete(l.strangers, 0, 1)
	}
	s.packet = bytes.Clone(s.packet)
	l.strangers = append(l.strangers, s)
	return 0, 0, false
}

// lookaround is how many entries before and behind a receiver's place are compared with an unreadable packet.
const lookaround = 256

// recognize finds, when the first whole copy of a message has come, who had got it altered before.
func (l *Ledger) recognize(pos int64) {
	e := l.entry(pos)
	l.strangers = slices.DeleteFunc(l.strangers, func(s stranger) bool {
		if s.user == e.sender || !l.alike(&s, e) {
			return false
		}
		l.unmask(s, e)
		l.everybody(func(r *Receiver) {
			if r.join == s.join {
				r.excuse(e.ordinal)
			}
		})
		return true
	})
}

// alike reports whether a stranger is an entry but for an altered text: it has its id, or, in the classic dialect, all
// but very few of its bytes, which by their checksums no two messages share.
func (l *Ledger) alike(s *stranger, e *entry) bool {
	if l.rules.Dialect == codec.Native {
		return s.id != 0 && s.id == e.id
	}
	if len(s.packet) != len(e.packet) {
		return false
	}
	different := 0
	for i, b := range s.packet {
		if b != e.packet[i] {
			if different++; different > alteredBytes {
				return false
			}
		}
	}
	return true
}

// alteredBytes is in how many bytes a classic packet may differ from the one that it is taken for.
const alteredBytes = 3

// unmask counts a stranger that turned out to be an entry.
func (l *Ledger) unmask(s stranger, e *entry) {
	l.tally.Checked++
	l.tally.note(Finding{Altered, s.user, e.sender, e.ordinal, e.id, s.at, "Its text is not the one that was sent."})
}

// dismiss gives up on a stranger. One that claims to be of this run is counted, and its message will be lost as well.
func (l *Ledger) dismiss(s stranger) {
	if s.ours {
		l.tally.note(Finding{Kind: Altered, Receiver: s.user, ID: s.id, At: s.at,
			Note: "Its text is not the one that was sent, and which one that was can't be told."})
	}
}
