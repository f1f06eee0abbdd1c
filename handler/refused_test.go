package handler

import (
	"testing"
	"testing/synctest"

	"hubbub/codec"
)

// TestRefusalsAreCountedByCode: each request that fails counts once, under the code that its sender hears.
func TestRefusalsAreCountedByCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := limited(t)
		defer h.close()
		alice := h.visit(codec.Native)
		alice.say(&codec.BroadcastRequest{Message: "too early"})
		alice.say(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "no\x00name"})
		alice.say(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "alice"})
		h.settle()
		alice.say(&codec.BroadcastRequest{Message: ""})
		alice.say(&codec.WhisperRequest{To: "nobody", Message: "hi"})
		alice.say(&codec.WhisperRequest{To: "nobody", Message: "hi"})
		h.settle()
		for range 50 {
			alice.say(&codec.BroadcastRequest{Message: "hi"})
		}
		h.settle()
		want := map[codec.Code]uint64{codec.NotLoggedIn: 1, codec.NameInvalid: 1, codec.MessageInvalid: 1, codec.UserNotFound: 2,
			codec.RateLimited: 6 + 50 - 40}
		for _, row := range codec.Codes {
			if got := h.chat.Refused(row.Code); got != want[row.Code] {
				t.Errorf("%s: %d, want %d", row.Name, got, want[row.Code])
			}
		}
	})
}
