package handler

import (
	"strings"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/session"
)

// login gives a session the name that it asks for: any valid, free name is given to a guest. With ReplaceLogin a name
// that is in use changes hands and the session that had it ends.
func (t *turn) login(m *codec.LoginRequest) error {
	if t.session.State() == session.Authenticated {
		return codec.AlreadyLoggedIn
	}
	if t.chat.draining.Load() {
		return codec.ShuttingDown
	}
	name, ok := account.CanonicalName(m.User)
	if !ok {
		return codec.NameInvalid
	}
	name = strings.Clone(name) // it outlives the packet
	// A login is always answered: the session's number and the heartbeat are news even to who asked with ref 0.
	t.out = t.dialect.Append(t.out[:0], &codec.LoginResponse{
		Answer:    codec.Answer{Ref: m.Ref},
		Session:   t.session.ID(),
		User:      name,
		Heartbeat: uint16(t.limits.Heartbeat / time.Second),
	})
	if claimed, alive := t.chat.Hub.Login(t.session, name, t.limits.ReplaceLogin, t.out); !claimed && alive {
		return codec.LoginUserAlready
	}
	return nil // one that has ended meanwhile has heard why
}
