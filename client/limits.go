package client

// Limits are what the server lets a session do. It tells them at each login and may change them between two.
type Limits struct {
	MessageBytes int // the longest message in bytes of UTF-8
	PacketBytes  int // the largest packet to the server in bytes, header included

	// Rate is how many requests a second the server lets through in the long run, and Burst how many at once: a client
	// that has sent nothing for Burst/Rate seconds may send Burst requests, and from then on Rate a second. More of them
	// fail with codec.RateLimited, and five bursts more of those end the session. A Rate of 0 is no limit.
	// Sessions of one account, and of one address, share limits too, so that less may be let through.
	Rate, Burst int
}

// Known reports whether the server told its limits. An older one does not, and then all fields are 0.
func (l Limits) Known() bool { return l.MessageBytes != 0 }

// Limits returns the server's limits as it told them at the last login. Any goroutine.
func (c *Client) Limits() Limits { return *c.limits.Load() }

// defaultPacket is the server's default of --max-packet, in bytes.
const defaultPacket = 4096

// packetMax is the largest packet that the server takes, as far as that is known.
func (c *Client) packetMax() int {
	switch {
	case c.options.MaxPacket > 0:
		return c.options.MaxPacket
	case c.Limits().PacketBytes > 0:
		return c.Limits().PacketBytes
	}
	return defaultPacket
}
