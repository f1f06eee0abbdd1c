package handler

import (
	"context"
	"strings"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/handler/history"
	"hubbub/session"
)

// remark is a message that the turn is about to send: what a sequencer needs of it, so that its id, its place in the
// history and its place in everybody's output are decided in one step.
type remark struct {
	text string // its own copy, when it is kept
	to   history.Party
	ref  uint32
	kept bool // its answer comes with the commit
}

// prepare begins a message to a user, or to everybody when there is no name. The name is written as the sender did; the
// sequencer knows better where the user is known. What is kept outlives the packet, so it is copied, and before the
// sequencer is held.
func (t *turn) prepare(ref uint32, to account.Name, text string) {
	if t.chat.journal == nil {
		return // nothing is kept
	}
	plain := to.Key == to.Display
	to.Display, text = strings.Clone(to.Display), strings.Clone(text)
	if plain {
		to.Key = to.Display
	}
	t.remark = remark{ref: ref, to: history.Named(0, to.Display, to.Key), text: text}
}

// keep gives the message that was begun its id, and its time where the id does not tell that, and notes it in the history.
// The sequencer is held. The error is what Journal.Admit returns when too much waits for the database, and then the message
// must go to nobody.
func (t *turn) keep(mail bool) (id codec.ID, at uint64, err error) {
	c, r := t.chat, &t.remark
	if c.journal == nil {
		id = c.nextID(t.tick)
		return id, id.At(t.tick), nil
	}
	m := history.Message{From: t.party(), To: r.to, Text: r.text, Mail: mail}
	if err := c.journal.Admit(t.session, len(m.From.Name)+len(m.To.Name)+len(m.Text)); err != nil {
		return 0, 0, err
	}
	if c.exhausted() {
		return 0, 0, session.ErrBusy
	}
	m.ID = c.nextID(t.tick)
	m.At = m.ID.At(t.tick)
	receipt := history.Receipt{To: t.session.Ref(), Ref: r.ref, Whisper: !m.Public()}
	r.kept = !c.config.Async
	if !r.kept {
		receipt.Ref = 0 // the answer does not wait for it
	}
	c.journal.Add(m, receipt)
	if receipt.Ref != 0 && t.dialect == codec.Native {
		t.session.Owe(receiptBytes)
	}
	return m.ID, m.At, nil
}

// receiptBytes is the length of what tells a native sender that a message is kept. A classic one is told nothing.
var receiptBytes = len(history.Acknowledge(nil, new(codec.Form), &history.Receipt{Ref: 1}))

// party is who the session is.
func (t *turn) party() history.Party {
	return history.Named(t.session.Account(), t.session.Name(), t.session.Key())
}

// answerKept tells senders that their messages are kept. One frame holds all answers to a session that follow each
// other. The journal's goroutine.
func (c *Chat) answerKept(receipts []history.Receipt) {
	var frame []byte
	for i := range receipts {
		r := &receipts[i]
		frame = history.Acknowledge(frame, &c.forms[r.To.Encoding()], r)
		if last := i == len(receipts)-1 || receipts[i+1].To != r.To; last && len(frame) > 0 {
			r.To.Answer(frame)
			frame = frame[:0]
		}
	}
}

// flush waits until what was said is kept. While the database takes nothing it fails at once: those who wait have workers
// that others need.
func (c *Chat) flush(ctx context.Context) error {
	if err := c.journal.Err(); err != nil {
		return err
	}
	return c.journal.Flush(ctx)
}
