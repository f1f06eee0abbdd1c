package handler

import (
	"context"
	"errors"

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
	var with string
	if m.User != "" {
		var ok bool
		if with, ok = account.CanonicalName(m.User); !ok {
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
func (c *Chat) page(ctx context.Context, m *codec.HistoryRequest, self history.Party, with string) (*codec.HistoryResponse, error) {
	var of history.Conversation
	if with != "" {
		found, err := c.config.Accounts.Find(ctx, with)
		if err != nil && !errors.Is(err, account.ErrUnknown) {
			return nil, c.unavailable("accounts", err)
		}
		of = history.Conversation{A: self, B: history.Party{Account: found.ID, Name: with}}
	}
	if c.journal.Kept() < c.lastID() {
		_ = c.flush(ctx) // who has just said something finds it; while that can't be kept, the rest can be read
	}
	limit := int(m.Limit)
	if limit == 0 || limit > codec.HistoryMax {
		limit = codec.HistoryMax
	}
	messages, more, err := c.config.History.Page(ctx, of, m.Before, m.After, limit)
	if err != nil {
		return nil, c.unavailable("the history", err)
	}
	page := fitting(messages, m.After != 0)
	response := &codec.HistoryResponse{Answer: codec.Answer{Ref: m.Ref}}
	if more || len(page) < len(messages) {
		response.More = 1
	}
	for _, m := range page {
		response.Messages = append(response.Messages, codec.HistoryMessage{ID: m.ID, User: m.From.Name, Message: m.Text})
	}
	return response, nil
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
