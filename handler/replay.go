package handler

import (
	"context"
	"runtime"
	"slices"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/handler/history"
)

// replayPage is how many messages are sent again at a time. The next ones wait until the kernel has taken those, so that
// a replay is as fast as its client reads and never overflows its outbox. Reading a page keeps a processor busy for a fraction of a
// millisecond, for which others wait.
const replayPage = 64

// yield lets those go first who wait for a processor: a replay is work without end for whoever does it, and a loop that comes back
// from the kernel would wait until Go's scheduler looks at its global queue.
func yield() { runtime.Gosched() }

// replay brings a session that has its name up to what is live. It sends what the session missed, from the database as
// long as there is something, then from the journal's memory, and has it join in the very step in which nothing is left.
// The strand stands still while it waits.
type replay struct {
	reader history.Party
	latest codec.ID // the newest message before the session
	from   codec.ID // what came after it is sent; of what came before, only whispers that still wait
	after  codec.ID // everything that the session is to get has been sent up to here
	newest codec.ID // of the whispers that were sent; 0: none
	gone   codec.ID // the client knows, or need not know, that messages up to here were removed
	aged   codec.ID // the same of whispers that wait
}

// begin starts the replay.
func (r *replay) begin(t *turn) error {
	if r.reader.Account != 0 {
		return r.waited(t)
	}
	r.after = r.from
	return r.missed(t)
}

// waited sends the whispers that wait for the account, but for those that are among what it missed.
func (r *replay) waited(t *turn) error {
	c := t.chat
	return t.fetch(nil, func(ctx context.Context) func(*turn) error {
		var page history.Missed
		err := c.flush(ctx) // or some would not be in the database yet
		if err == nil {
			page, err = c.config.History.Mail(ctx, r.reader.Account, r.after, replayPage)
		}
		return func(t *turn) error {
			if err != nil {
				return c.unavailable("the whispers that wait", err)
			}
			more := page.Next != 0 && page.Next < r.from
			if n := slices.IndexFunc(page.Messages, func(m history.Message) bool { return m.ID > r.from }); n >= 0 {
				page.Messages, more = page.Messages[:n], false
			}
			if r.after == 0 {
				r.aged = page.Removed // before the session, of which nothing is said
			}
			r.send(t, page.Messages, r.lost(t, &r.aged, min(page.Removed, r.from)))
			if more {
				r.after = page.Next
				return r.then(t, r.waited)
			}
			r.after = r.from
			return r.then(t, r.missed)
		}
	})
}

// missed sends what others said.
func (r *replay) missed(t *turn) error {
	c := t.chat
	return t.fetch(nil, func(ctx context.Context) func(*turn) error {
		yield()
		kept := c.journal.Kept() // before the database is read: up to here it has everything
		page, err := c.config.History.Missed(ctx, r.reader, r.after, replayPage)
		yield()
		return func(t *turn) error {
			if err != nil {
				return c.unavailable("what a client missed", err)
			}
			r.send(t, page.Messages, r.lost(t, &r.gone, page.Removed))
			if page.Next != 0 {
				r.after = page.Next
				return r.then(t, r.missed)
			}
			r.after = max(r.after, kept, page.Removed)
			return r.then(t, r.join)
		}
	})
}

// lost appends what tells the client that messages were removed which it was still to get, up to one. known is how much of
// that it knows.
func (r *replay) lost(t *turn, known *codec.ID, removed codec.ID) []byte {
	after := max(r.after, *known)
	if removed <= after {
		return t.out[:0]
	}
	*known = removed
	return t.form.Append(t.out[:0], &codec.GapNotify{After: after, Upto: removed})
}

// send sends messages again, behind what is in out.
func (r *replay) send(t *turn, page []history.Message, out []byte) {
	t.out = r.frames(out, t.form, page)
	t.send()
}

// frames appends messages that are sent again to dst.
func (r *replay) frames(dst []byte, form *codec.Form, page []history.Message) []byte {
	for i := range page {
		m := &page[i]
		flags := uint8(0)
		if m.ID <= r.latest {
			flags = codec.Replayed
		}
		dst = history.Notify(dst, form, m, flags)
		r.after = m.ID
		if !m.Public() {
			r.newest = m.ID
		}
	}
	return dst
}

// then goes on with the next step, once the kernel has what was sent.
func (r *replay) then(t *turn, next func(*turn) error) error {
	if len(t.out) == 0 {
		return next(t)
	}
	t.session.ParkUntilWritten(&resumption{then: next})
	return nil
}

// join sends what is left in memory, and lets the session in when that is not much.
func (r *replay) join(t *turn) error {
	c := t.chat
	var (
		tail           []history.Message
		complete, more bool
	)
	joined := c.Hub.Join(t.session, func(dst []byte) ([]byte, bool) {
		tail, complete, more = c.journal.Tail(tail[:0], r.reader, r.after, replayPage)
		if !complete || more {
			return dst, false
		}
		return r.frames(dst, t.form, tail), true
	})
	switch {
	case joined:
		return r.confirm(t)
	case !complete:
		return r.missed(t) // they have left memory since the database was read, so they are there now
	}
	r.send(t, tail, t.out[:0])
	return r.then(t, r.join)
}

// confirmRef is the ref of the PING behind what was sent again.
const confirmRef = 1<<32 - 1

// confirm finds out whether the whispers that waited have arrived, by a PING behind them. A classic client knows none:
// for it they have arrived when the kernel has taken them.
func (r *replay) confirm(t *turn) error {
	if r.newest == 0 {
		return nil
	}
	t.chat.unconfirmed.Store(t.session.ID(), r)
	if t.dialect == codec.Classic {
		t.session.ParkUntilWritten(&resumption{then: func(t *turn) error { t.confirmed(); return nil }})
		return nil
	}
	t.out = codec.Native.Append(t.out[:0], &codec.Ping{Asked: codec.Asked{Ref: confirmRef}})
	t.send()
	return nil
}

// confirmed takes the whispers that have arrived out of the account's mailbox.
func (t *turn) confirmed() {
	c := t.chat
	value, ok := c.unconfirmed.LoadAndDelete(t.session.ID())
	if !ok {
		return
	}
	r := value.(*replay)
	c.config.Fetch(Job{Class: ForSession, Address: account.Network(t.session.Address().Addr()), Account: t.session.Key(), Run: func() {
		ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
		defer cancel()
		err := c.flush(ctx) // what is put into a mailbox later would stay there
		if err == nil {
			err = c.config.History.Delivered(ctx, r.reader.Account, r.newest)
		}
		_ = c.unavailable("that whispers were delivered", err)
	}, Drop: func() {}})
}
