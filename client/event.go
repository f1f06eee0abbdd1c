package client

import (
	"time"

	"hubbub/codec"
)

// Event is what Events delivers: a Message, Whisper, Notice, Refused, Disconnected, Reconnected or Gap.
type Event interface{ event() }

type (
	// Message is somebody's broadcast.
	Message struct {
		ID       codec.ID
		User     string // who sent it
		Text     string
		Replayed bool      // it was sent before the login
		At       time.Time // when the server accepted it, where that is not what the ID says; else zero
	}

	// Whisper is a message for this user alone.
	Whisper struct {
		ID       codec.ID
		User     string // who sent it
		Text     string
		Replayed bool      // it was sent before the login
		At       time.Time // when the server accepted it, where that is not what the ID says; else zero
	}

	// Notice is what the server itself has to say, mostly why it is about to close the connection.
	Notice struct {
		Code codec.Code
		Text string
	}

	// Refused says that something sent with SendBroadcast or SendWhisper failed, for example with codec.RateLimited.
	// Which one it was is not known.
	Refused struct {
		Op   string // "broadcast" or "whisper"
		Code codec.Code
		Wait time.Duration // until it may be tried again; 0: the server did not tell
	}

	// Disconnected says that the connection was lost, or that an attempt to get it back failed, and that the next
	// attempt follows after Retry. When there will be none, Events is closed instead and Err tells why.
	Disconnected struct {
		Err   error
		Retry time.Duration
	}

	// Reconnected says that the client is logged in again. What others sent in between follows as Replayed, as far as
	// the server keeps it, and a Gap comes first when it knows that some of it is gone.
	Reconnected struct {
		User    string // as granted this time
		Session uint64
	}

	// Gap says that messages after Since, as LastSeen was before the login, and up to Upto will not come: the server does
	// not keep them any more. It comes once, before what the server does send again. When the server removes messages
	// while it is sending again what was missed, another Gap comes in their place, with the Since that they came after.
	Gap struct{ Since, Upto codec.ID }
)

func (Message) event()      {}
func (Whisper) event()      {}
func (Notice) event()       {}
func (Refused) event()      {}
func (Disconnected) event() {}
func (Reconnected) event()  {}
func (Gap) event()          {}

// Time returns when the server accepted the message, to the millisecond, by its clock.
func (m Message) Time() time.Time { return accepted(m.ID, m.At) }

// Time returns when the server accepted the whisper, to the millisecond, by its clock.
func (w Whisper) Time() time.Time { return accepted(w.ID, w.At) }

// accepted is when the server accepted a message.
func accepted(id codec.ID, at time.Time) time.Time {
	if at.IsZero() {
		return id.Time()
	}
	return at
}

// apart is the time that a packet carries apart from the message's id; zero: none.
func apart(id codec.ID, at uint64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return id.TimeOf(at)
}

// Events delivers what others do, in the order in which it came. The channel is closed when the client has ended, after
// the last event; Err then tells why. Several goroutines may read it; each event goes to one of them.
func (c *Client) Events() <-chan Event { return c.inbox.events }
