package handler

import (
	"hubbub/codec"
	"hubbub/session"
)

// logout ends the session. What was queued for it still goes out, and the answer as the connection's last packet.
func (t *turn) logout(m *codec.LogoutRequest) error {
	t.out = t.out[:0]
	if m.Ref != 0 {
		t.out = t.dialect.Append(t.out, &codec.LogoutResponse{Answer: codec.Answer{Ref: m.Ref}})
	}
	t.session.Finish(session.LoggedOut, t.out)
	return nil
}
