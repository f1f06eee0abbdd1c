package handler

import (
	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/session"
)

// broadcastMessage sends a message to everybody who is logged in but the sender. SUCCESS means that it is kept, where
// there is a history.
func (t *turn) broadcastMessage(m *codec.BroadcastRequest) error {
	if !t.validMessage(m.Message) {
		return codec.MessageInvalid
	}
	t.prepare(m.Ref, account.Name{}, m.Message)
	t.broadcast = codec.BroadcastNotify{User: t.session.Name(), Message: m.Message}
	if err := t.chat.Hub.Broadcast(t.session, t); err != nil {
		return err
	}
	if !t.remark.kept {
		t.broadcasted = codec.BroadcastResponse{Answer: codec.Answer{Ref: m.Ref}, ID: t.broadcast.ID}
		t.answer(&t.broadcasted)
	}
	return nil
}

// Sequence implements session.Broadcast: ids grow in the order in which everybody gets the messages.
func (t *turn) Sequence() (err error) {
	t.broadcast.ID, t.broadcast.At, err = t.keep(false)
	return err
}

// Append implements session.Broadcast.
func (t *turn) Append(dst []byte, e session.Encoding) []byte {
	return t.chat.forms[e].Append(dst, &t.broadcast)
}
