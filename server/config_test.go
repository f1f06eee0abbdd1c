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
		OutboxBytes: 1 << 20, LaneBytes: 1 << 20, StrandBytes: 1 << 20, HistoryQueue: 1 << 20,
	}
	for config.Validate() != nil && config.MaxMessage > 0 {
		config.MaxMessage--
	}
	text, name := strings.Repeat("x", config.MaxMessage), strings.Repeat("n", 32)
	for _, m := range []codec.Message{
		&codec.BroadcastRequest{Message: text}, &codec.WhisperRequest{To: name, Message: text},
		&codec.BroadcastNotify{User: name, Message: text}, &codec.WhisperNotify{User: name, Message: text, Flags: codec.Replayed},
		&codec.HistoryResponse{Messages: []codec.HistoryMessage{{User: name, Message: text}}},
	} {
		for d := range codec.Dialect(codec.Dialects) {
			if n := len(d.Append(nil, m)); n > config.MaxPacket {
				t.Errorf("%s has %d bytes", codec.Name(m), n)
			}
		}
	}
}

// Numbers that people write for "no limit" must not come out as the tightest one.
func TestNumbersThatAreTooLarge(t *testing.T) {
	f := func(flag string, set func(*Config)) {
		t.Helper()
		config := Config{
			Listen: ":0", MaxSessions: 1, MaxPacket: 4096, MaxMessage: 1024, MessageRate: 1, MessageBurst: 1,
			OutboxBytes: 1 << 20, LaneBytes: 1 << 20, StrandBytes: 1 << 20, HistoryQueue: 1 << 20,
		}
		if err := config.Validate(); err != nil {
			t.Fatal(err)
		}
		set(&config)
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s: %v", flag, err)
		}
	}
	f("--message-rate", func(c *Config) { c.MessageRate = 2e9 }) // no nanosecond between two
	f("--message-burst", func(c *Config) { c.MessageBurst = 1e10 })
	f("--message-burst", func(c *Config) { c.MessageBurst = 0 })
	f("--message-rate-per-address", func(c *Config) { c.MessageRatePerAddress = 2e9 })
	f("--message-rate-per-address", func(c *Config) { c.MessageRatePerAddress = -2 })
	f("--history-queue", func(c *Config) { c.HistoryQueue = 1 << 40 })
	f("--workers", func(c *Config) { c.Workers = 2e9 }) // twice as many are ants' in 32 bits
}

// What an address may send follows what a session may, unless it is said.
func TestAddressRate(t *testing.T) {
	f := func(rate, burst, perAddress, wantRate, wantBurst int) {
		t.Helper()
		c := Config{MessageRate: rate, MessageBurst: burst, MessageRatePerAddress: perAddress}
		if limits := c.ChatLimits(); limits.AddressRate != wantRate || limits.AddressBurst != wantBurst {
			t.Errorf("%d/s, %d at once and %d: %d/s, %d at once", rate, burst, perAddress, limits.AddressRate, limits.AddressBurst)
		}
	}
	f(20, 40, -1, 200, 400)
	f(1, 3, -1, 10, 30)
	f(0, 40, -1, 0, 0)
	f(20, 40, 0, 0, 1)
	f(20, 40, 5, 5, 10)
	f(1e6, 1e6, -1, 1e6, 1e6)
	f(100, 1, 1, 1, 1)
	f(0, 40, 50, 50, 100)
}

// TestAddressesToListenOn: what can be listened on somewhere is taken, whether this machine has the address or not.
func TestAddressesToListenOn(t *testing.T) {
	f := func(listen, admin, want string) {
		t.Helper()
		err := (&Config{Listen: listen, Admin: admin}).validateAddresses()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("--listen %q --admin %q: %v, want %q", listen, admin, err, want)
		}
	}
	for _, address := range []string{":9000", "127.0.0.1:0", "0.0.0.0:1", "[::]:65535", "[fe80::1%eth0]:9000", "192.0.2.1:9000", "localhost:http",
		"chat_1.example.org.:9000", "Host-7:9000"} {
		f(address, "", "")
		f(":0", address, "")
	}
	for _, address := range []string{"9000", "::1", "[::1]", "::1:9000", "1.2.3:9000", "a..b:9000", ":-1", ":70000", ":no-such-service", "bücher.example:1", "/run/hubbub.sock", "h:1:2"} {
		f(address, "", "--listen")
		f(":0", address, "--admin")
	}
	f("", "", "--listen must not be empty")
	for _, both := range [][2]string{{":9000", ":9000"}, {"127.0.0.1:9000", "127.0.0.1:9000"}, {"[::]:9000", "127.0.0.1:9000"}, {"127.0.0.1:80", "0.0.0.0:http"}} {
		f(both[0], both[1], "different ports")
	}
	for _, both := range [][2]string{{":0", ":0"}, {"127.0.0.1:9000", "127.0.0.2:9000"}, {":9000", ":9001"}} {
		f(both[0], both[1], "")
	}
}
