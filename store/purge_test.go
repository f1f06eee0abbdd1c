package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"hubbub/codec"
	"hubbub/handler/history"
)

// TestPurge: of more than one part's messages those that match are removed, whichever are left stay in their order, and
// nobody is told a gap.
func TestPurge(t *testing.T) {
	const messages = 1700
	ann, bob := history.Party{Account: 1, Name: "ann"}, history.Party{Name: "load0001-7"}
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := t.Context(), d.open(t)
		var all, kept []history.Message
		for id := codec.ID(1); id <= messages; id++ {
			m := history.Message{ID: id, From: bob, Text: "mark"}
			switch {
			case id%100 == 0:
				m.To, m.Mail = ann, true
			case id%3 == 0:
				m.Text = "hi"
			case id > 600 && id < 1200: // a part in which nothing matches
				m.From = ann
			}
			all = append(all, m)
			if m.From == ann || m.Text == "hi" {
				kept = append(kept, m)
			}
		}
		if err := s.Append(ctx, all); err != nil {
			t.Fatal(err)
		}
		marked := func(m *history.Message) bool { return m.From == bob && m.Text == "mark" }
		purge := func(want int) {
			t.Helper()
			n, err := s.CountMatching(ctx, marked)
			removed, err2 := s.Purge(ctx, marked)
			if int(n) != want || int(removed) != want || err != nil || err2 != nil {
				t.Errorf("%d match (%v), %d were removed (%v), want %d", n, err, removed, err2, want)
			}
		}
		purge(messages - len(kept))
		purge(0)
		if got := lobby(t, s); !slices.Equal(got, kept) {
			t.Errorf("%d messages are left, want %d", len(got), len(kept))
		}
		if mail, err := s.Mail(ctx, ann.Account, 0, 100); err != nil || len(mail.Messages) != 0 || mail.Removed != 0 {
			t.Errorf("the mail is %+v (%v)", mail, err)
		}
		if newest, removed, err := s.Bounds(ctx); newest != messages || removed != 0 || err != nil {
			t.Errorf("the newest message is %d, the newest removed %d (%v)", newest, removed, err)
		}
		if n, _, err := s.Prune(ctx, history.Retention{Count: int64(len(kept))}, 100); n != 0 || err != nil {
			t.Errorf("%d of those kept were too many (%v): the count is wrong", n, err)
		}
		if n, _, err := s.Prune(ctx, history.Retention{Count: int64(len(kept) - 1)}, 100); n != 1 || err != nil {
			t.Errorf("%d were one too many (%v): the count is wrong", n, err)
		}
	})
}

// TestPurgeInterrupted: what was removed until then is told and counted off.
func TestPurgeInterrupted(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		s := d.open(t)
		if err := s.Append(t.Context(), broadcasts(1, 1200)); err != nil {
			t.Fatal(err)
		}
		ctx, interrupt := context.WithCancel(t.Context())
		n, err := s.Purge(ctx, func(m *history.Message) bool {
			if m.ID == 700 {
				interrupt()
			}
			return true
		})
		interrupt()
		left := len(lobby(t, s))
		if !errors.Is(err, ctx.Err()) || err == nil || n == 0 || int(n)+left != 1200 {
			t.Errorf("%d were removed (%v) and %d are left", n, err, left)
		}
		if pruned, _, err := s.Prune(t.Context(), history.Retention{Count: int64(left)}, 10); pruned != 0 || err != nil {
			t.Errorf("%d of those left were too many (%v): the count is wrong", pruned, err)
		}
	})
}
