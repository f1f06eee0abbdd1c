package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/store"
)

// beforePacked are messages of every kind, as they were before they had their parties in one column.
func beforePacked() (messages []history.Message) {
	ann, bob := history.Party{Account: 1, Name: "ann"}, history.Party{Account: 2, Name: "bob"}
	guest, greek := history.Party{Name: "two\twords \\\\t\\"}, history.Party{Name: "ΝΊΚΟΣ", Key: "νίκοσ"}
	pairs := [][2]history.Party{
		{ann, {}}, {guest, {}}, {ann, bob}, {bob, ann}, {guest, ann}, {ann, guest}, {greek, bob}, {greek, {}}, {guest, greek},
	}
	for i := range 300 {
		pair := pairs[i%len(pairs)]
		m := history.Message{ID: codec.ID(10 + 3*i), From: pair[0], To: pair[1], Text: fmt.Sprintf("text %d\n", i)}
		if i%50 == 7 {
			m.At = 1_700_000_000_000 + uint64(i)
		}
		m.Mail = m.To.Account == 2 && i%3 == 0
		messages = append(messages, m)
	}
	return messages
}

// insertBefore are statements that add messages to tables of schema version 6, and count them.
func insertBefore(messages []history.Message) (statements []string) {
	quote := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
	counted := 0
	for _, m := range messages {
		conversation := ""
		if !m.Public() {
			conversation = store.ConversationOf(&m)
		}
		statements = append(statements, fmt.Sprintf("INSERT INTO messages (id, conversation, sender, sender_account, recipient, "+
			"recipient_account, mail, text, at) VALUES (%d, %s, %s, %d, %s, %d, %t, %s, %d)", m.ID, quote(conversation),
			quote(m.From.Name), m.From.Account, quote(m.To.Name), m.To.Account, m.Mail, quote(m.Text), m.At))
		if !m.Mail {
			counted++
		}
	}
	last := messages[len(messages)-1].ID
	return append(statements, fmt.Sprintf("UPDATE counters SET newest = %d, reserved = %[1]d, messages = %d", last, counted))
}

// TestRepack ends a migration in the middle, several times: what is moved stays, the next one goes on, and at the end every
// message is there as it was, in its conversation and for whom it is.
func TestRepack(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		want := beforePacked()
		d.before(t, insertBefore(want)...)
		for _, enough := range []int64{7, 100, 250} {
			ctx, cancel := context.WithCancel(t.Context())
			var at int64
			s, err := store.OpenLeasedInParts(ctx, d.url, d.dir, 7, func(why error) {
				var migrating *store.Migrating
				if errors.As(why, &migrating) && migrating.Moved >= enough {
					at = migrating.Moved
					cancel()
				}
			})
			if err == nil {
				s.Close()
				t.Fatalf("it was not ended at %d", enough)
			}
			if at < enough || at > enough+7 {
				t.Errorf("it was ended with %d moved, after %d", at, enough)
			}
			for name, open := range existing {
				if _, err := open(t.Context(), d.url, d.dir); err == nil || !strings.Contains(err.Error(), "its tables are an earlier version's") {
					t.Errorf("%s opens half a migration: %v", name, err)
				}
			}
		}
		s := d.open(t)
		var got []history.Message
		if _, err := s.CountMatching(t.Context(), func(m *history.Message) bool { got = append(got, *m); return false }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("there are\n%+v\nwant\n%+v", got, want)
		}
		for _, c := range []history.Conversation{{}, {A: want[2].From, B: want[2].To}, {A: want[4].From, B: want[4].To}, {A: want[8].To, B: want[8].From}} {
			page, err := s.Page(t.Context(), []history.Conversation{c}, 0, 0, 1000)
			var in []history.Message
			for _, m := range want {
				if store.ConversationOf(&m) == store.ConversationOf(&history.Message{From: c.A, To: c.B}) {
					in = append(in, m)
				}
			}
			if err != nil || !slices.Equal(page.Messages, in) {
				t.Errorf("the conversation %+v has %+v (%v), want %+v", c, page, err, in)
			}
		}
		checkReaders(t, s, want)
	})
}

// checkReaders compares what readers missed, and what waits for an account.
func checkReaders(t *testing.T, s *store.Store, want []history.Message) {
	t.Helper()
	for _, reader := range []history.Party{want[0].From, want[1].From, want[2].To, {Name: "nobody"}} {
		var missed, read, mail []history.Message
		for _, m := range want {
			if m.For(reader) {
				missed = append(missed, m)
			}
			if m.Mail && m.To.Account == reader.Account {
				mail = append(mail, m)
			}
		}
		for after, more := codec.ID(0), true; more; {
			part, err := s.Missed(t.Context(), reader, after, 17)
			if err != nil {
				t.Fatal(err)
			}
			read, after, more = append(read, part.Messages...), part.Next, part.Next != 0
		}
		if !slices.Equal(read, missed) {
			t.Errorf("%+v missed %+v, want %+v", reader, read, missed)
		}
		if waits, err := s.Mail(t.Context(), reader.Account, 0, 1000); reader.Account != 0 && (err != nil || !slices.Equal(waits.Messages, mail)) {
			t.Errorf("for %+v wait %+v (%v), want %+v", reader, waits, err, mail)
		}
	}
}
