package client_test

import (
	"errors"
	"strings"
	"testing"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/internal/chattest"
)

// A client learns the server's limits at the login, and the largest packet is what the server says.
func TestLimits(t *testing.T) {
	f := func(want client.Limits, flags ...string) {
		t.Helper()
		c := dial(t, chattest.Serve(t, flags...).Address, "alice")
		if got := c.Limits(); got != want || !got.Known() {
			t.Errorf("%v: got %+v, want %+v", flags, got, want)
		}
		if _, err := c.Broadcast(t.Context(), strings.Repeat("x", want.MessageBytes)); err != nil {
			t.Errorf("%v: the longest message: %v", flags, err)
		}
		// Neither ends the connection: what fits into a packet is the server's to refuse, the rest is refused here.
		for _, size := range []int{want.MessageBytes + 1, want.PacketBytes} {
			if _, err := c.Broadcast(t.Context(), strings.Repeat("x", size)); !errors.Is(err, codec.MessageInvalid) {
				t.Errorf("%v: a message of %d bytes: %v", flags, size, err)
			}
		}
	}
	f(client.Limits{MessageBytes: 1024, PacketBytes: 4096, Rate: 20, Burst: 40})
	f(client.Limits{MessageBytes: 60000, PacketBytes: 65535, Rate: 1, Burst: 9},
		"--max-message=60000", "--max-packet=65535", "--message-rate=1", "--message-burst=9")
	f(client.Limits{MessageBytes: 1024, PacketBytes: 4096}, "--message-rate=0")
	// What an address may send bounds each of its sessions.
	f(client.Limits{MessageBytes: 1024, PacketBytes: 4096, Rate: 5, Burst: 10}, "--message-rate-per-address=5")
	f(client.Limits{MessageBytes: 1024, PacketBytes: 4096, Rate: 20, Burst: 40}, "--message-rate-per-address=0")
	f(client.Limits{MessageBytes: 1024, PacketBytes: 4096, Rate: 30, Burst: 60}, "--message-rate=0", "--message-rate-per-address=30")
}

// An older server tells no limits: the client then keeps to the default for packets.
func TestLimitsOfAnOlderServer(t *testing.T) {
	c, _ := newNetwork(t).welcome(client.Options{})
	if got := c.Limits(); got != (client.Limits{}) || got.Known() {
		t.Errorf("got %+v", got)
	}
	if _, err := c.Broadcast(t.Context(), strings.Repeat("x", 4096)); !errors.Is(err, codec.MessageInvalid) {
		t.Errorf("got %v, want MESSAGE_INVALID", err)
	}
}

// A client learns how many are online when it logs in.
func TestOnline(t *testing.T) {
	address := chattest.Serve(t).Address
	for i, user := range []string{"alice", "bob", "carol"} {
		if got := dial(t, address, user).Online(); got != i+1 {
			t.Errorf("%s sees %d online", user, got)
		}
	}
	if c, _ := newNetwork(t).welcome(client.Options{}); c.Online() != 0 {
		t.Errorf("an older server tells that %d are online", c.Online())
	}
}
