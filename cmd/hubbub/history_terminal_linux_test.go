package main

import (
	"context"
	"testing"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/loadtest/audit"
	"hubbub/store"
)

// TestPurgeAsks: at a terminal the command says how many messages it would remove, and does so after a yes only.
func TestPurgeAsks(t *testing.T) {
	dir := t.TempDir()
	opened, err := store.Open(t.Context(), "sqlite", dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []history.Message
	for id := range codec.ID(1234) {
		stamp := audit.Stamp{Run: 0xff, Sender: 3, Number: uint64(id)}
		all = append(all, history.Message{ID: id + 1, From: history.Party{Name: "load00ff-3"}, Text: string(stamp.Append(nil, 64))})
	}
	all = append(all, history.Message{ID: 2000, From: history.Party{Name: "load00ff-3", Account: 1}, Text: all[0].Text}) // a registered name
	if err := opened.Append(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	ask := func(ctx context.Context) *person {
		t.Helper()
		p := sit(ctx, t, newMemory(), "history", "purge", "--marked", "--data-dir", dir)
		p.reads("Remove 1,234 messages? [y/N] ")
		return p
	}
	answer := func(p *person, line string) {
		t.Helper()
		if _, err := p.keyboard.WriteString(line); err != nil {
			t.Fatal(err)
		}
	}
	for _, no := range []string{"\n", "n\n", "yesterday\n", "\x04"} {
		p := ask(t.Context())
		answer(p, no)
		p.leaves("the answer was not yes; nothing was removed")
	}
	ctx, interrupt := context.WithCancel(t.Context())
	p := ask(ctx)
	interrupt()
	p.leaves("interrupted; nothing was changed")
	p = ask(t.Context())
	answer(p, "Y\n")
	p.reads("1,234 messages removed")
	p.leaves("")
	p = sit(t.Context(), t, newMemory(), "history", "purge", "--marked", "--data-dir", dir)
	p.reads("no marked messages")
	p.leaves("")
}
