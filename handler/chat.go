package handler

import (
	"sync"
	"sync/atomic"
	"time"

	"hubbub/codec"
	"hubbub/session"
)

// Limits bound what clients may do. They can be changed while the server runs.
type Limits struct {
	PacketBytesMax  int           // of a native packet towards the server, header included
	MessageBytesMax int           // of a chat message
	MessageRate     int           // requests a second and session; 0: no limit
	MessageBurst    int           // requests at once that the rate lets through
	Heartbeat       time.Duration // the longest silence that clients are told to keep to; 0: any
	ReplaceLogin    bool          // whether a second login under a name ends the first one, or is refused
}

// Config is what a Chat needs from above. The functions must be set.
type Config struct {
	Limits   Limits
	Sessions session.Config // its functions and Heartbeat are the Chat's to set, but Schedule
	Node     uint16         // this node's number in message ids, 0 to codec.NodeMax
	Now      func() time.Time
	// Ended is told of each session that is gone for good, as the last thing on its strand.
	Ended func(*session.Session)
	// Received is told of each packet before it is handled.
	Received func(*session.Session, codec.Message)
	// Panicked is told of a panic that ended a session.
	Panicked func(s *session.Session, value any, stack []byte)
}

// Chat is the server's behaviour, over a Hub that holds its sessions.
type Chat struct {
	Hub *session.Hub

	config   Config
	begun    time.Time
	limits   atomic.Pointer[Limits]
	draining atomic.Bool
	turns    sync.Pool
	tick     atomic.Uint64 // the last message id's

	packets [codec.TypeMax]atomic.Uint64 // by type, as they arrived
	ignored atomic.Uint64                // classic packets that the original ignores too
	refused atomic.Uint64                // requests that were answered with a failure
}

// New returns a Chat with an empty Hub.
func New(config Config) *Chat {
	c := &Chat{config: config, begun: config.Now()}
	c.turns.New = func() any { return &turn{chat: c} }
	c.SetLimits(config.Limits)
	config.Sessions.Farewell = c.farewell
	config.Sessions.Heartbeat[codec.Native] = true // the original knows no PING, so its clients may be silent
	c.Hub = session.NewHub(config.Sessions)
	return c
}

// SetLimits changes the limits from now on. Anyone.
func (c *Chat) SetLimits(limits Limits) { c.limits.Store(&limits) }

// Drain refuses logins from now on, because the server is shutting down. Anyone.
func (c *Chat) Drain() { c.draining.Store(true) }

// Packets returns how many packets of a native type, or their classic like, have arrived. Anyone.
func (c *Chat) Packets(t codec.Type) uint64 { return c.packets[t].Load() }

// Ignored returns how many classic packets were ignored, as the original does. Anyone.
func (c *Chat) Ignored() uint64 { return c.ignored.Load() }

// Refused returns how many requests were answered with a failure. Anyone.
func (c *Chat) Refused() uint64 { return c.refused.Load() }

// nextID returns the id of a message that is accepted at a tick. Ids grow in the order of the calls.
func (c *Chat) nextID(floor uint64) codec.ID {
	for {
		last := c.tick.Load()
		next := max(last+1, floor)
		if c.tick.CompareAndSwap(last, next) {
			return codec.MakeID(next, c.config.Node)
		}
	}
}
