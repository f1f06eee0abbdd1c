package handler

import (
	"hubbub/codec"
	"hubbub/session"
)

// logout ends the session. What was queued for it and the answer still go out.
func (t *turn) logout(m *codec.LogoutRequest) error {
	t.answer(&codec.LogoutResponse{Answer: codec.Answer{Ref: m.Ref}})
	t.session.End(session.LoggedOut, "")
	return nil
}
