package main

import (
	"strings"
	"syscall"
	"testing"

	"hubbub/codec"
	"hubbub/internal/pgtest"
)

// TestPruningOvertakesReplay has most of what a client missed removed while the server is sending it again: what does not
// come is what the client is told does not come, however late in the replay.
func TestPruningOvertakesReplay(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); overtake(t, "sqlite") })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); overtake(t, pgtest.Start(t).URL(t)) })
}

func overtake(t *testing.T, database string) {
	file := writeFile(t, "hubbub.yaml", "history-count: 0\n")
	p := serve(t, "--config", file, "--database", database, "--message-rate", "0")
	const messages = 10_000 // of 1000 bytes: more than sockets and the server hold for a client that does not read
	alice, bob := login(t, p.chat, "alice"), dial(t, p.chat)
	said := speak(alice, messages, strings.Repeat("x", 1000))
	bob.send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "bob", Since: said[0]})
	granted, ok := bob.read().(*codec.LoginResponse)
	if !ok || granted.Result != codec.Success || granted.Gap != 0 {
		t.Fatalf("bob heard %+v", granted)
	}
	rewrite(t, file, "history-count: 300\n")
	_ = p.cmd.Process.Signal(syscall.SIGHUP)
	p.eventually("hubbub_history_pruned_total", equal(messages-300))
	got, gaps := map[codec.ID]bool{}, []codec.GapNotify(nil)
	for last := said[messages-1]; !got[last]; {
		switch m := bob.read().(type) {
		case *codec.BroadcastNotify:
			got[m.ID] = true
		case *codec.GapNotify:
			gaps = append(gaps, *m)
		default:
			t.Fatalf("bob got %s", codec.Format(m))
		}
	}
	if len(gaps) == 0 || len(got) == messages-1 {
		t.Errorf("of %d messages %d came, and the gaps are %+v", messages-1, len(got), gaps)
	}
	for i, id := range said[1:] {
		told := false
		for _, g := range gaps {
			told = told || g.After < id && id <= g.Upto
		}
		if got[id] == told {
			t.Fatalf("message %d of %d came: %t; that it does not was said: %t", i+1, messages, got[id], told)
		}
	}
}

// speak broadcasts messages, and returns their ids once they are kept.
func speak(p *peer, messages int, text string) (ids []codec.ID) {
	p.t.Helper()
	const ahead = 100
	for sent := 0; len(ids) < messages; {
		for ; sent < messages && sent < len(ids)+ahead; sent++ {
			p.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: uint32(sent + 1)}, Message: text})
		}
		m, ok := p.read().(*codec.BroadcastResponse)
		if !ok || m.Result != codec.Success {
			p.t.Fatalf("%s got %+v", p.name, m)
		}
		ids = append(ids, m.ID)
	}
	return ids
}
