package history

import "hubbub/codec"

// Notify appends to dst the packet that brings a message to a session which was not there when it was sent. Classic
// packets have no place for the mark that tells so.
func Notify(dst []byte, d codec.Dialect, m *Message) []byte {
	if m.Public() {
		return d.Append(dst, &codec.BroadcastNotify{ID: m.ID, User: m.From.Name, Message: m.Text, Flags: codec.Replayed})
	}
	return d.Append(dst, &codec.WhisperNotify{ID: m.ID, User: m.From.Name, Message: m.Text, Flags: codec.Replayed})
}

// Acknowledge appends to dst the packet that tells a sender that a message is kept. Classic senders hear nothing.
func Acknowledge(dst []byte, d codec.Dialect, r *Receipt) []byte {
	answer := codec.Answer{Ref: r.Ref, Result: codec.Success}
	if r.Whisper {
		return d.Append(dst, &codec.WhisperResponse{Answer: answer, ID: r.ID})
	}
	return d.Append(dst, &codec.BroadcastResponse{Answer: answer, ID: r.ID})
}
