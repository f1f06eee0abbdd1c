package handler

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/session"
)

// shelf is a store that shows what it was given.
type shelf struct {
	history.Store
	messages []history.Message
}

func (s *shelf) Append(_ context.Context, messages []history.Message) error {
	s.messages = append(s.messages, messages...)
	return nil
}

// TestWhatIsKeptOutlivesItsPacket: what waits for the database stays as it was, whatever is received in the packet's
// memory meanwhile.
func TestWhatIsKeptOutlivesItsPacket(t *testing.T) {
	h, store := newHouse(func(*session.Session, codec.Message) {}), &shelf{}
	h.chat.journal = history.New(history.Config{
		Store: store, Answer: h.chat.answerKept, Failed: func(error) {}, Appended: func(int, time.Duration) {},
	})
	var alice *session.Session
	for _, name := range []string{"bob", "alice"} {
		alice, _ = h.lane.Open(new(recorder), netip.AddrPort{}, session.None, 0)
		h.say(alice, &codec.LoginRequest{User: name})
	}
	h.say(alice, &codec.WhisperRequest{To: "bob", Message: "to one"}, &codec.BroadcastRequest{Message: "to all"})
	for range 20 { // the memory comes from a pool, which may not give it at once
		h.say(alice, &codec.BroadcastRequest{Message: strings.Repeat("x", 100)})
	}
	go h.chat.journal.Run()
	if err := h.chat.journal.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	from, bob := history.Party{Name: "alice"}, history.Party{Name: "bob"}
	for i, want := range []history.Message{{From: from, To: bob, Text: "to one"}, {From: from, Text: "to all"}} {
		got := store.messages[i]
		if want.ID = got.ID; got != want {
			t.Errorf("%+v was kept, want %+v", got, want)
		}
	}
}
