package client

import (
	"context"

	"hubbub/codec"
)

// Whisper sends text, 1 to 1024 bytes of UTF-8, to one user by name and returns the message's id when the server has
// accepted it. Failures that the server tells are codec.UserNotFound and those of Broadcast. When ctx ends first, it is
// unknown whether the whisper arrived.
func (c *Client) Whisper(ctx context.Context, to, text string) (codec.ID, error) {
	op := "whisper to " + to
	if err := c.fits(op, codec.MessageInvalid, to, text); err != nil {
		return 0, err
	}
	m, err := c.request(ctx, op, func(ref uint32) codec.Message {
		return &codec.WhisperRequest{Asked: codec.Asked{Ref: ref}, To: to, Message: text}
	})
	if r, ok := m.(*codec.WhisperResponse); ok {
		return r.ID, err
	}
	return 0, err
}

// SendWhisper sends text to one user without asking for an answer, as SendBroadcast does for everybody.
func (c *Client) SendWhisper(ctx context.Context, to, text string) error {
	op := "whisper to " + to
	if err := c.fits(op, codec.MessageInvalid, to, text); err != nil {
		return err
	}
	return c.send(ctx, op, &codec.WhisperRequest{To: to, Message: text})
}
