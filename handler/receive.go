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
		s.SetEncoding(c.firstForm(dialect))
		if s.Deaf() { // there was no place for it, which it hears now
			_, _ = src.Discard(src.InboundBuffered())
			return
		}
	}
	arrived, err := src.Peek(src.InboundBuffered())
	if err != nil {
		return
	}
	dialect := DialectOf(s.Encoding())
	whole, err := dialect.Whole(arrived, dialect.Limit(c.limits.Load().PacketBytesMax))
	if whole > 0 {
		if !s.Receive(arrived[:whole]) {
			s.End(session.Overloaded, "you send faster than the server can work; wait for answers")
		}
		_, _ = src.Discard(whole) // never 0 bytes, which gnet takes for "everything"
	}
	if err != nil {
		s.Fault(err)
		_, _ = src.Discard(src.InboundBuffered())
	}
}
