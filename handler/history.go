package handler

import (
	"context"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/handler/history"
)

// page answers with a page of a conversation. Whispers are for their accounts only: a guest's name proves nothing.
func (t *turn) page(m *codec.HistoryRequest) error {
	c := t.chat
	if c.config.History == nil {
		return codec.PermissionDenied
	}
	if m.Room != "" {
		return codec.RoomNotFound
	}
	var with account.Name
	if m.User != "" {
		var err error
		if with, err = account.ParseName(m.User); err != nil {
			return codec.UserNotFound
		}
		if t.session.Account() == 0 {
			return codec.PermissionDenied
		}
	}
	request, self := *m, t.party()
	return t.fetch(&request, func(ctx context.Context) func(*turn) error {
		response, err := c.page(ctx, &request, self, with)
		return func(t *turn) error {
			if err != nil {
				return err
			}
			t.out = codec.Native.Append(t.out[:0], response) // whatever its ref is: it was asked for
			t.send()
			return nil
		}
	})
}

// page reads a page from the database. The error is a Code.
func (c *Chat) page(ctx context.Context, m *codec.HistoryRequest, self history.Party, with account.Name) (*codec.HistoryResponse, error) {
	of := []history.Conversation{{}}
	if with.Key != "" {
		ids, err := c.config.History.Namesakes(ctx, with.Key)
		if err != nil {
			return nil, c.unavailable("accounts", err)
		}
		of = conversations(self, with, ids)
	}
	if c.journal.Kept() < c.lastID() {
		_ = c.flush(ctx) // who has just said something finds it; while that can't be kept, the rest can be read
	}
	limit := int(m.Limit)
	if limit == 0 || limit > codec.HistoryMax {
		limit = codec.HistoryMax
	}
	page, err := c.config.History.Page(ctx, of, m.Before, m.After, limit)
	if err != nil {
		return nil, c.unavailable("the history", err)
	}
	return paged(m, page), nil
}

// conversations are those that an account has had under a name: with guests who had it, and with the accounts that have or
// had it. So what was said to a guest is there once the name is an account's, and what was said to an account once that
// is removed. The reader's own side is its account alone.
func conversations(self history.Party, name account.Name, accounts []int64) []history.Conversation {
	of := []history.Conversation{{A: self, B: history.Named(0, name.Display, name.Key)}}
	for _, id := range accounts {
		of = append(of, history.Conversation{A: self, B: history.Named(id, name.Display, name.Key)})
	}
	return of
}

// paged is the answer that a page makes.
func paged(m *codec.HistoryRequest, page history.Page) *codec.HistoryResponse {
	response := &codec.HistoryResponse{Answer: codec.Answer{Ref: m.Ref}}
	messages := fitting(page.Messages, m.After != 0)
	if page.More || len(messages) < len(page.Messages) {
		response.More = 1
	}
	if m.After != 0 && m.After < page.Removed {
		response.Gap = page.Removed
	}
	var times []codec.HistoryTime
	apart := false
	for _, m := range messages {
		response.Messages = append(response.Messages, codec.HistoryMessage{ID: m.ID, User: m.From.Name, Message: m.Text})
		times, apart = append(times, codec.HistoryTime{At: m.At}), apart || m.At != 0
	}
	if apart {
		response.Times = times
	}
	return response
}

// fitting returns as many messages as one packet holds, the oldest of them or the newest.
func fitting(messages []history.Message, oldest bool) []history.Message {
	room := codec.HistoryBytesMax
	for n := range messages {
		m := &messages[n]
		if !oldest {
			m = &messages[len(messages)-1-n]
		}
		if room -= codec.HistoryMessageBytes + len(m.From.Name) + len(m.Text); room < 0 {
			if oldest {
				return messages[:n]
			}
			return messages[len(messages)-n:]
		}
	}
	return messages
}
