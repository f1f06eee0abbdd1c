package handler

import (
	"net/netip"
	"testing"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/session"
)

// TestTooManyWait: who can't even wait for a hasher or for the database hears so, and goes on.
func TestTooManyWait(t *testing.T) {
	h := newHouse(func(*session.Session, codec.Message) {})
	c := h.chat
	full := func(Job) bool { return false }
	c.config.Accounts, c.config.Hash, c.config.Fetch = struct{ account.Store }{}, full, full
	c.throttle = account.NewThrottle()
	var heard recorder
	s, _ := h.lane.Open(&heard, netip.AddrPort{}, session.None, 0)
	for _, password := range []string{"", "correct horse"} {
		heard.Reset()
		h.say(s, &codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "alice", Password: password}, &codec.Ping{Asked: codec.Asked{Ref: 2}})
		run := heard.Bytes()
		for _, want := range []codec.Message{
			&codec.LoginResponse{Answer: codec.Answer{Ref: 1, Result: codec.ServerBusy}}, &codec.Pong{Asked: codec.Asked{Ref: 2}},
		} {
			packet, rest, err := codec.Native.Split(run)
			if err != nil || packet == nil {
				t.Fatalf("%x ends before %s: %v", heard.Bytes(), codec.Format(want), err)
			}
			run = rest
			if got, err := codec.Native.Decode(packet); err != nil || codec.Format(got) != codec.Format(want) {
				t.Errorf("with the password %q: %v (%v), want %s", password, got, err, codec.Format(want))
			}
		}
	}
}
