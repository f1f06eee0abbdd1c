//go:build !race

package handler

import (
	"testing"

	"hubbub/codec"
)

// TestAPacketAllocatesNothing holds the whole way of a packet to no allocation, from the bytes that a loop has read to
// those that it writes.
func TestAPacketAllocatesNothing(t *testing.T) {
	for _, m := range []codec.Request{
		&codec.WhisperRequest{To: "user7", Message: hello},
		&codec.WhisperRequest{Asked: codec.Asked{Ref: 1}, To: "user7", Message: "with an answer"},
		&codec.BroadcastRequest{Message: hello},
		&codec.BroadcastRequest{Asked: codec.Asked{Ref: 1}, Message: "with an answer"},
		&codec.Ping{Asked: codec.Asked{Ref: 1}},
	} {
		if n := testing.AllocsPerRun(100, newCycle(t, m, 10)); n != 0 {
			t.Errorf("%s: %v allocations", codec.Format(m), n)
		}
	}
}
