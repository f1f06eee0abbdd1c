package handler

import (
	"context"

	"hubbub/codec"
	"hubbub/session"
)

// logout ends the session. What was queued for it still goes out, with the answers that wait for the database, and the
// answer to this as the connection's last packet.
func (t *turn) logout(m *codec.LogoutRequest) error {
	c := t.chat
	if t.session.Account() != 0 {
		t.confirmed()
	}
	if c.journal == nil || c.config.Async || c.journal.Kept() >= c.lastID() {
		return t.leave(m)
	}
	request := *m
	return t.fetchKept(&request, func(ctx context.Context) func(*turn) error {
		_ = c.flush(ctx) // a database that is away keeps nobody here for longer than that
		return func(t *turn) error { return t.leave(&request) }
	})
}

func (t *turn) leave(m *codec.LogoutRequest) error {
	t.out = t.out[:0]
	if m.Ref != 0 {
		t.out = t.form.Append(t.out, &codec.LogoutResponse{Answer: codec.Answer{Ref: m.Ref}})
	}
	t.session.Finish(session.LoggedOut, t.out)
	return nil
}
