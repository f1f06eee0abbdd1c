package client

import (
	"context"

	"hubbub/codec"
)

// Broadcast sends text, 1 to 1024 bytes of UTF-8, to everybody who is logged in but this user, and returns the
// message's id when the server has accepted it. Failures that the server tells are codec.MessageInvalid,
// codec.RateLimited and codec.ServerBusy; see also ErrOffline, ErrLost and ErrClosed. When ctx ends first, it is
// unknown whether the message arrived.
func (c *Client) Broadcast(ctx context.Context, text string) (codec.ID, error) {
	const op = "broadcast"
	if err := c.fits(op, codec.MessageInvalid, text); err != nil {
		return 0, err
	}
	m, err := c.request(ctx, op, func(ref uint32) codec.Message {
		return &codec.BroadcastRequest{Asked: codec.Asked{Ref: ref}, Message: text}
	})
	if r, ok := m.(*codec.BroadcastResponse); ok {
		return r.ID, err
	}
	return 0, err
}

// SendBroadcast sends text to everybody without asking for an answer: it returns as soon as the message is queued, and
// many calls share one write. It waits when the server falls more than 256 KiB behind.
//
// The server limits how many requests a second it takes from one user, 20 by default; set it up with --message-rate for
// programs that send more. Each message that it refuses is told by a Refused event and counted by Refusals, and a
// sender who goes on is disconnected. Ping or Logout, once answered, prove that the server has handled everything that
// was sent before.
func (c *Client) SendBroadcast(ctx context.Context, text string) error {
	const op = "broadcast"
	if err := c.fits(op, codec.MessageInvalid, text); err != nil {
		return err
	}
	return c.send(ctx, op, &codec.BroadcastRequest{Message: text})
}

// Refusals returns how many messages sent with SendBroadcast or SendWhisper the server has refused. It counts with
// Options.DiscardEvents too.
func (c *Client) Refusals() int { return int(c.refusals.Load()) }
