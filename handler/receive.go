package handler

import (
	"hubbub/codec"
	"hubbub/session"
)

// Source is a connection's input as its loop sees it.
type Source interface {
	codec.Source
	// InboundBuffered returns how many bytes can be peeked.
	InboundBuffered() int
}

// Receive takes the whole packets that have arrived for a session and puts them on its strand, all of them with one
// copy. What breaks the framing goes there too, behind them. Loop.
func (c *Chat) Receive(s *session.Session, src Source) {
	if s.Deaf() {
		_, _ = src.Discard(src.InboundBuffered())
		return
	}
	if !s.Known() {
		dialect, err := codec.Detect(src)
		if err != nil {
			return // not four bytes yet
		}
		s.SetEncoding(session.Encoding(dialect))
	}
	var packets []byte
	dialect := codec.Dialect(s.Encoding())
	limit := dialect.Limit(c.limits.Load().PacketBytesMax)
	for {
		packet, err := dialect.Peek(src, limit)
		if err != nil {
			c.deliver(s, packets)
			if codec.IsViolation(err) {
				s.Fault(err)
				_, _ = src.Discard(src.InboundBuffered())
			}
			return
		}
		if packets == nil {
			packets = make([]byte, 0, src.InboundBuffered())
		}
		packets = append(packets, packet...)
		if _, err = src.Discard(len(packet)); err != nil {
			return
		}
	}
}

func (c *Chat) deliver(s *session.Session, packets []byte) {
	if len(packets) > 0 && !s.Receive(packets) {
		s.End(session.Overloaded, "you send faster than the server can work; wait for answers")
	}
}
