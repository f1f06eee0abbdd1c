package history

import "hubbub/codec"

// Notify appends to dst the packet that brings a message to a session which did not get it when it was sent. flags are
// codec.Replayed or 0; classic packets have no place for them.
func Notify(dst []byte, form *codec.Form, m *Message, flags uint8) []byte {
	if m.Public() {
		return form.Append(dst, &codec.BroadcastNotify{ID: m.ID, User: m.From.Name, Message: m.Text, Flags: flags, At: m.At})
	}
	return form.Append(dst, &codec.WhisperNotify{ID: m.ID, User: m.From.Name, Message: m.Text, Flags: flags, At: m.At})
}

// Acknowledge appends to dst the packet that tells a sender that a message is kept. Classic senders hear nothing.
func Acknowledge(dst []byte, form *codec.Form, r *Receipt) []byte {
	answer := codec.Answer{Ref: r.Ref, Result: codec.Success}
	if r.Whisper {
		return form.Append(dst, &codec.WhisperResponse{Answer: answer, ID: r.ID})
	}
	return form.Append(dst, &codec.BroadcastResponse{Answer: answer, ID: r.ID})
}
