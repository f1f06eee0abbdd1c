package main

import (
	"slices"
	"strings"
	"testing"

	"hubbub/codec"
)

// hear returns what comes next but PINGs, which it answers: one stands behind a whisper that came before a login was
// through.
func (p *peer) hear() codec.Message {
	p.t.Helper()
	for {
		m := p.read()
		ping, ok := m.(*codec.Ping)
		if !ok {
			return m
		}
		p.send(&codec.Pong{Asked: ping.Asked})
	}
}

// conversation reads the whispers with a user, two at a time.
func (p *peer) conversation(with string) (texts []string) {
	p.t.Helper()
	for after := codec.ID(1); ; {
		p.send(&codec.HistoryRequest{Asked: codec.Asked{Ref: 9}, User: with, After: after, Limit: 2})
		page, ok := p.hear().(*codec.HistoryResponse)
		if !ok || page.Result != codec.Success {
			p.t.Fatalf("%s, who asked for the history with %s, got %+v", p.name, with, page)
		}
		for _, m := range page.Messages {
			texts = append(texts, strings.Clone(m.Message))
			after = m.ID
		}
		if page.More == 0 {
			return texts
		}
	}
}

// whisper whispers and waits until it is kept and has arrived.
func whisper(t *testing.T, from, to *peer, name, text string) {
	t.Helper()
	from.send(&codec.WhisperRequest{Asked: codec.Asked{Ref: 5}, To: name, Message: text})
	if m, ok := from.hear().(*codec.WhisperResponse); !ok || m.Result != codec.Success {
		t.Fatalf("%s: %+v", text, m)
	}
	if _, ok := to.hear().(*codec.WhisperNotify); !ok {
		t.Fatalf("%s did not arrive", text)
	}
}

// TestHistoryOutlivesNames: what alice whispered with whoever was called bob stays hers to read, whatever becomes of the
// name: a guest's, an account's, nobody's after that is removed, another account's. None of those who have the name
// later reads what was said with the ones before.
func TestHistoryOutlivesNames(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *process, store []string) {
		user := func(input string, args ...string) {
			t.Helper()
			hubbub(t, input, append(append([]string{"user"}, args...), store...)...)
		}
		enter := func(name string) *peer {
			t.Helper()
			c := dial(t, p.chat)
			if code := c.tryLogin(name, "right password"); code != codec.Success {
				t.Fatalf("%s can't log in: %s", name, code)
			}
			return c
		}
		reads := func(of *peer, with string, want ...string) {
			t.Helper()
			if got := of.conversation(with); !slices.Equal(got, want) {
				t.Errorf("%s with %s: %q, want %q", of.name, with, got, want)
			}
		}
		user("right password\n", "add", "alice")
		alice := enter("alice")
		var all []string
		talk := func(bob *peer, who string) {
			t.Helper()
			whisper(t, bob, alice, "alice", who+" to alice")
			whisper(t, alice, bob, "bob", "alice to "+who)
			all = append(all, who+" to alice", "alice to "+who)
			reads(alice, "bob", all...)
		}
		guest := login(t, p.chat, "bob")
		talk(guest, "a guest")
		guest.conn.Close()
		p.eventually("hubbub_names", equal(1))
		user("right password\n", "add", "bob")
		reads(alice, "bob", all...)
		first := enter("bob")
		reads(first, "alice")
		talk(first, "an account")
		user("", "remove", "bob", "--yes")
		expectNotice(t, first, codec.Kicked)
		reads(alice, "bob", all...)
		p.eventually("hubbub_names", equal(1))
		user("right password\n", "add", "bob")
		second := enter("bob")
		reads(second, "alice")
		talk(second, "another account")
		reads(second, "alice", all[4:]...)
	})
}
