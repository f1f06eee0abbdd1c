package handler

import (
	"time"

	"hubbub/codec"
)

// refusal is the failure of a request of which more is to be told than its code.
type refusal struct {
	code   codec.Code
	wait   time.Duration // until the request may be tried again; 0: not told
	detail string        // why, for the person who reads it; empty: no more than the code says
}

// Error implements error.
func (r *refusal) Error() string { return r.code.String() + ": " + r.told().Text(r.code) }

// Unwrap makes the code findable.
func (r *refusal) Unwrap() error { return r.code }

func (r *refusal) told() codec.Refusal {
	return codec.Refusal{Wait: codec.WaitOf(r.wait), Detail: r.detail}
}

// reasonOf returns what the sender of a failed request is told beside its code. A classic login hears of a wrong password
// only where the name needs one.
func (t *turn) reasonOf(m codec.Message, code codec.Code, err error) codec.Refusal {
	if r, ok := err.(*refusal); ok {
		return r.told()
	}
	if _, login := m.(*codec.LoginRequest); login && code == codec.AuthFailed && t.dialect == codec.Classic && !t.limits.AccountsOnly {
		return codec.Refusal{Detail: "this name is registered, and the password is not its own; choose another name, or say the right one"}
	}
	return codec.Refusal{}
}
