package handler

import (
	"hubbub/codec"
	"hubbub/session"
)

// farewells gives each reason for which the server ends a session the code that the client hears. The other reasons
// are the client's own, and need no words.
var farewells = [session.Reasons]codec.Code{
	session.Violation:      codec.InvalidPacket,
	session.LoginTimeout:   codec.LoginTimeout,
	session.IdleTimeout:    codec.IdleTimeout,
	session.Flooding:       codec.RateLimited,
	session.SlowConsumer:   codec.SlowConsumer,
	session.Replaced:       codec.Replaced,
	session.NameRegistered: codec.NameTaken,
	session.ServerFull:     codec.LoginUserFull,
	session.AddressLimit:   codec.LoginUserFull,
	session.Overloaded:     codec.ServerBusy,
	session.MemoryBudget:   codec.ServerBusy,
	session.Kicked:         codec.Kicked,
	session.ShuttingDown:   codec.ShuttingDown,
	session.ServerError:    codec.ServerError,
}

// farewell appends what tells a client why its session ends, to a native one by a SYSTEM_NOTIFY. Loop.
func (c *Chat) farewell(dst []byte, s *session.Session) []byte {
	code := farewells[s.Reason()]
	if code == codec.Success {
		return dst
	}
	text := s.Words()
	if text == "" {
		text = code.Text()
	}
	if !s.Known() || s.Encoding() != nativeForm {
		return c.classicFarewell(dst, s, code, text)
	}
	return codec.Native.Append(dst, &codec.SystemNotify{Code: code, Message: text})
}
