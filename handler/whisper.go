package handler

import (
	"hubbub/codec"
	"hubbub/handler/account"
)

// whisperMessage sends a message to one user. SUCCESS means that it is on its way to a session that was logged in.
func (t *turn) whisperMessage(m *codec.WhisperRequest) error {
	if !t.validMessage(m.Message) {
		return codec.MessageInvalid
	}
	name, ok := account.CanonicalName(m.To)
	if !ok {
		return codec.UserNotFound
	}
	to, ok := t.chat.Hub.Lookup(name)
	if !ok {
		return codec.UserNotFound
	}
	t.whisper = codec.WhisperNotify{ID: t.chat.nextID(t.tick), User: t.session.Name(), Message: m.Message}
	t.out = codec.Dialect(to.Encoding()).Append(t.out[:0], &t.whisper)
	if err := to.Send(t.out); err != nil {
		return err
	}
	t.whispered = codec.WhisperResponse{Answer: codec.Answer{Ref: m.Ref}, ID: t.whisper.ID}
	t.answer(&t.whispered)
	return nil
}
