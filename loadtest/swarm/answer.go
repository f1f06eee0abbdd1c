package swarm

import (
	"errors"
	"fmt"
	"time"

	"hubbub/codec"
	"hubbub/loadtest/audit"
)

// answer handles the response to a message. A failure may overtake the answers to earlier messages, which come when these
// are kept; a success overtakes nothing, so that what was asked before it and has no answer by then will get none.
func (l *loop) answer(u *user, ref uint32, result codec.Code) error {
	l.heard++
	l.second.Answered++
	q := u.asked.find(ref)
	if q == nil {
		if result != codec.Success {
			l.second.Refused[result]++ // of a message that asked for no answer
		}
		if ref != 0 {
			return errors.New("an answer to a request that waits for none")
		}
		return nil
	}
	if result == codec.Success {
		l.second.measure(Answer, l.now, q.intended, q.sent, 1)
		l.unanswered(u, ref)
	} else {
		if q.flow != Whisper || result != codec.UserNotFound || !l.missed(l.correspondent(u, q), q.sent) {
			l.second.Refused[result]++
		}
		l.refused(u, q)
	}
	u.asked.answered(q)
	return nil
}

// unanswered counts those of a user's requests before one that have no answer and will get none.
func (l *loop) unanswered(u *user, before uint32) {
	name := l.swarm.name(u.number)
	found := func(number uint64, what string) {
		l.ledger.Note(audit.Finding{Kind: audit.Unanswered, Receiver: u.number, Sender: u.number, Number: number, At: l.now,
			Note: fmt.Sprintf("%s asked for an answer to a %s and got none.", name, what)})
	}
	for q := u.asked.front(); q != nil && q.ref < before; q = u.asked.front() {
		found(q.number, q.flow.String())
		l.note(u, q, audit.Uncertain)
		u.asked.answered(q)
	}
	switch {
	case before <= u.ref:
	case u.state == greeting:
		found(0, "login")
	case u.state == leaving && !u.bye:
		found(0, "logout")
	}
}

// missed reports whether it is the plan's doing that a whisper, sent to a user at a moment, found nobody: they have left
// since, or may have been cut off for not reading, which they find out when they do.
func (l *loop) missed(to *user, sent time.Duration) bool {
	return to.state != on || to.gone >= sent || to.lags()
}

// correspondent is to whom a whisper was sent.
func (l *loop) correspondent(u *user, q *question) *user {
	slot, _ := audit.Stamp{Number: q.number}.Whisper()
	return &l.users[l.partner(l.local(u), slot)]
}

// classicWhisper is a whisper, or the failure of one: the original tells neither which nor to whom but by name.
func (l *loop) classicWhisper(u *user, m *codec.WhisperRes) {
	if m.Result == codec.Success {
		l.whispered(u, m.Sender, m.Message, 0)
		return
	}
	excused := false
	for slot := range l.slotCount {
		to := &l.users[l.partner(l.local(u), slot)]
		if l.names[l.local(to)] != m.Sender {
			continue
		}
		excused = m.Result == codec.UserNotFound && l.missed(to, max(1, l.now-classicDelay))
		for back := uint32(1); back <= classicDoubt && back <= u.next[slot]; back++ {
			l.note(u, &question{flow: Whisper, number: audit.WhisperNumber(slot, u.next[slot]-back)}, audit.Uncertain)
		}
	}
	if !excused {
		l.second.Refused[m.Result]++
	}
}

// A classic failure tells a name, and neither which whisper to it is meant nor when that was sent. It may be one of the
// latest classicDoubt whispers, and up to classicDelay old.
const (
	classicDoubt = 8
	classicDelay = 5 * time.Second
)

func (l *loop) refused(u *user, q *question) {
	l.note(u, q, audit.Refused)
	if q.flow == Whisper {
		u.inFlight = max(0, u.inFlight-1)
	}
}

// note tells the audit of a message that is not sure to arrive.
func (l *loop) note(u *user, q *question, is audit.Outcome) {
	if q.flow == Broadcast {
		l.swarm.outcomes.Broadcast(q.number, is)
		return
	}
	slot, sequence := audit.Stamp{Number: q.number}.Whisper()
	l.swarm.outcomes.Whisper(l.correspondent(u, q).number, slot, sequence, is)
}
