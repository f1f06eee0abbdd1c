package server

import (
	"strings"
	"testing"

	"hubbub/codec"
)

// What a valid configuration lets in must fit into every packet that carries it on: codec panics beyond its limit.
func TestTheLongestMessageFitsItsNotification(t *testing.T) {
	config := Config{
		Listen: ":0", MaxSessions: 1, MaxPacket: codec.MaxPacket, MaxMessage: codec.MaxPacket,
		OutboxBytes: 1 << 20, LaneBytes: 1 << 20, StrandBytes: 1 << 20,
	}
	for config.Validate() != nil {
		config.MaxMessage--
	}
	text, name := strings.Repeat("x", config.MaxMessage), strings.Repeat("n", 32)
	for _, m := range []codec.Message{
		&codec.BroadcastRequest{Message: text}, &codec.WhisperRequest{To: name, Message: text},
		&codec.BroadcastNotify{User: name, Message: text}, &codec.WhisperNotify{User: name, Message: text},
	} {
		for d := range codec.Dialect(codec.Dialects) {
			if n := len(d.Append(nil, m)); n > config.MaxPacket {
				t.Errorf("%s has %d bytes", codec.Name(m), n)
			}
		}
	}
}
