package server

import (
	"reflect"
	"testing"
	"time"

	"go.uber.org/zap"

	"hubbub/codec"
)

// A reload applies what can change and says what differs, in either case from what to what.
func TestMergeTellsChanges(t *testing.T) {
	f := func(change func(*Config), applied bool, want ...Change) {
		t.Helper()
		running := Config{Listen: ":9000", MaxMessage: 1024, OutboxBytes: 1 << 20, Drain: 10 * time.Second, Database: "sqlite"}
		next := running
		change(&next)
		merged, changes := merge(running, next)
		if !reflect.DeepEqual(changes, want) {
			t.Errorf("got %+v, want %+v", changes, want)
		}
		if now := running; applied {
			now = next
			if merged != now {
				t.Errorf("the change does not hold: %+v", merged)
			}
		} else if merged != now {
			t.Errorf("the change holds: %+v", merged)
		}
	}
	f(func(*Config) {}, true)
	f(func(c *Config) { c.MaxMessage = 512 }, true, Change{Flag: "max-message", From: "1024", To: "512"})
	f(func(c *Config) { c.OutboxBytes = 1 << 21; c.Drain = 0 }, true,
		Change{Flag: "outbox-bytes", From: "1MiB", To: "2MiB"}, Change{Flag: "drain", From: "10s", To: "0s"})
	f(func(c *Config) { c.Listen = ":9999" }, false, Change{Flag: "listen", From: ":9000", To: ":9999", Restart: true})
	f(func(c *Config) { c.Pprof = true }, false, Change{Flag: "pprof", From: "false", To: "true", Restart: true})
}

// The metrics have a series for every result code from the start, so that the first refusal is an increase.
func TestRefusalsHaveTheirCodes(t *testing.T) {
	config := Config{Listen: "127.0.0.1:0", Database: "none", MaxSessions: 10, MaxPacket: 4096, MaxMessage: 1024,
		OutboxBytes: 1 << 20, LaneBytes: 1 << 20, StrandBytes: 1 << 20, HistoryQueue: 1 << 20, LogLevel: "info"}
	s, err := New(config, nil, zap.NewNop(), zap.NewAtomicLevel())
	if err != nil {
		t.Fatal(err)
	}
	defer s.pool.close()
	families, err := s.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := 0
	for _, family := range families {
		if family.GetName() == "hubbub_requests_refused_total" {
			series = len(family.GetMetric())
		}
	}
	if series != len(codec.Codes)-1 {
		t.Errorf("%d series, want one for each code but SUCCESS", series)
	}
}
