package client

import (
	"context"
	"net"
	"time"

	"hubbub/codec"
)

// Options says who logs in and how. Only User is required; every other zero value is a sensible default.
type Options struct {
	// User is the name to log in with, 1 to 32 bytes. The server may grant it in another spelling: see Client.User.
	User string
	// Password is the account's. A name that nobody registered needs none.
	Password string
	// Since is the last message that the program has seen: a server that keeps messages sends again what came after it.
	// 0 asks for none of them. After a reconnect it is what LastSeen returns.
	Since codec.ID

	// Reconnect says whether the client connects and logs in again when the connection is lost.
	Reconnect bool
	// RetryMin and RetryMax bound the wait before an attempt to reconnect: it starts at RetryMin (default 500ms),
	// doubles with each attempt up to RetryMax (default 30s), and varies at random by half of itself. A server that refuses a
	// login and says for how long is waited for, up to 5 minutes.
	RetryMin, RetryMax time.Duration

	// Timeout bounds one attempt to connect and log in. Default 10s.
	Timeout time.Duration
	// WriteTimeout is how long the server may refuse to take what is sent before the connection counts as lost.
	// Default 10s.
	WriteTimeout time.Duration

	// EventBuffer is how many events wait for a slow reader before the client stops reading. Default 1024.
	EventBuffer int
	// DiscardEvents is for programs that only send: Events yields nothing until it is closed. Client.Refusals tells how
	// much was refused.
	DiscardEvents bool
	// MaxPacket is the largest packet in bytes that the server takes. Default: what the server says at the login, and
	// 4096 before it or where it says nothing.
	MaxPacket int

	// Dial replaces the way to reach addr, for TLS, proxies and tests. Default: TCP.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
}

// DefaultPort is used for an address without one.
const DefaultPort = "9000"

func (o Options) withDefaults() Options {
	positive := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	positive(&o.RetryMin, 500*time.Millisecond)
	positive(&o.RetryMax, 30*time.Second)
	positive(&o.Timeout, 10*time.Second)
	positive(&o.WriteTimeout, 10*time.Second)
	o.RetryMax = max(o.RetryMin, o.RetryMax)
	if o.EventBuffer <= 0 {
		o.EventBuffer = 1024
	}
	o.MaxPacket = min(o.MaxPacket, codec.MaxPacket)
	if o.Dial == nil {
		o.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		}
	}
	return o
}
