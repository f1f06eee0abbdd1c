package handler

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/session"
)

// lateStore takes nothing before it is opened, and shows what it was given then.
type lateStore struct {
	history.Store
	open chan struct{}
	kept chan history.Message
}

func (s *lateStore) Append(_ context.Context, messages []history.Message) error {
	<-s.open
	for _, m := range messages {
		s.kept <- m
	}
	return nil
}

// TestWhatIsKeptIsACopy: the packets' memory is used again before the database has their messages.
func TestWhatIsKeptIsACopy(t *testing.T) {
	const messages = 20
	store := &lateStore{open: make(chan struct{}), kept: make(chan history.Message, 2*messages)}
	h := newHouse(func(*session.Session, codec.Message) {})
	h.chat.journal = history.New(history.Config{
		Store: store, Answer: h.chat.answerKept, Failed: func(error) {}, Appended: func(int, time.Duration) {},
	})
	go h.chat.journal.Run()
	var users []*session.Session
	for _, name := range []string{"alice", "bob"} {
		s, _ := h.lane.Open(&sink{}, netip.AddrPort{}, session.None, 0)
		h.say(s, &codec.LoginRequest{User: name})
		users = append(users, s)
	}
	for i := range messages {
		h.say(users[0], &codec.WhisperRequest{To: "bob", Message: fmt.Sprint("whisper ", i)})
		h.say(users[0], &codec.BroadcastRequest{Message: fmt.Sprint("broadcast ", i)})
	}
	for range 100 {
		h.say(users[1], &codec.WhisperRequest{To: strings.Repeat("x", 30), Message: strings.Repeat("y", 40)})
	}
	close(store.open)
	alice := history.Party{Name: "alice"}
	for i := range messages {
		for _, want := range []history.Message{
			{From: alice, To: history.Party{Name: "bob"}, Text: fmt.Sprint("whisper ", i)},
			{From: alice, Text: fmt.Sprint("broadcast ", i)},
		} {
			got := <-store.kept
			if got.ID = 0; got != want {
				t.Errorf("kept as %+v, want %+v", got, want)
			}
		}
	}
	if err := h.chat.journal.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestAPageFitsItsPacket: as many messages as there is room for, the ones next to where the reader is.
func TestAPageFitsItsPacket(t *testing.T) {
	var messages []history.Message
	for i := range codec.HistoryMax {
		messages = append(messages, history.Message{
			ID: codec.ID(i + 1), From: history.Party{Name: strings.Repeat("n", 32)}, Text: strings.Repeat("x", 1024),
		})
	}
	size := func(page []history.Message) int {
		response := &codec.HistoryResponse{}
		for _, m := range page {
			response.Messages = append(response.Messages, codec.HistoryMessage{ID: m.ID, User: m.From.Name, Message: m.Text})
			response.Times = append(response.Times, codec.HistoryTime{At: 1}) // as long as it can be
		}
		return len(codec.Native.Append(nil, response))
	}
	const each = 8 + 2 + 32 + 2 + 1024 + 8
	for _, oldest := range []bool{true, false} {
		page := fitting(messages, oldest)
		if n := size(page); n+each <= codec.MaxPacket {
			t.Errorf("%d messages in %d bytes, though there is room for another", len(page), n)
		}
		if first := page[0].ID == 1; first != oldest {
			t.Errorf("the page of the oldest (%v) begins with message %d", oldest, page[0].ID)
		}
		if last := page[len(page)-1].ID == codec.HistoryMax; last == oldest {
			t.Errorf("the page of the oldest (%v) ends with message %d", oldest, page[len(page)-1].ID)
		}
	}
	if page := fitting(messages[:3], false); len(page) != 3 {
		t.Errorf("%d of 3 messages", len(page))
	}
}
