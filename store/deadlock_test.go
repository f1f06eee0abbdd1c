package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/handler/history"
)

// TestNoDeadlocks has everything that writes begin at the same moment, again and again, with the same accounts and their
// messages.
func TestNoDeadlocks(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := t.Context(), d.open(t)
		const rounds, batch = 20, 400
		bob := history.Party{Account: create(t, s, "bob").ID, Name: "bob"}
		next := codec.ID(0)
		for range rounds {
			ann, eve := create(t, s, "ann"), create(t, s, "eve")
			sides := []history.Party{{Account: ann.ID, Name: "ann"}, {Account: eve.ID, Name: "eve"}}
			mail := func() (all []history.Message) {
				for range batch {
					next++
					all = append(all, history.Message{ID: next, From: bob, To: sides[next%2], Text: "x", Mail: true})
				}
				return all
			}
			if err := s.Append(ctx, mail()); err != nil {
				t.Fatal(err)
			}
			waiting, more := next, mail()
			together(t, ctx, map[string]func(ctx context.Context) error{
				"Append":    func(ctx context.Context) error { return s.Append(ctx, more) },
				"Delivered": func(ctx context.Context) error { return s.Delivered(ctx, eve.ID, waiting) },
				"Prune": func(ctx context.Context) error {
					return third(s.Prune(ctx, history.Retention{From: waiting}, batch))
				},
				"another Prune": func(ctx context.Context) error {
					return third(s.Prune(ctx, history.Retention{Count: batch}, batch))
				},
				"Remove":         func(ctx context.Context) error { return s.Remove(ctx, named("ann")) },
				"another Remove": func(ctx context.Context) error { return s.Remove(ctx, named("eve")) },
				"SetPassword":    func(ctx context.Context) error { return s.SetPassword(ctx, named("ann"), "x") },
				"SetBan":         func(ctx context.Context) error { return s.SetBan(ctx, named("eve"), &account.Ban{}) },
				"ChangePassword": func(ctx context.Context) error { return s.ChangePassword(ctx, eve.ID, eve.Hash, "z") },
				"Rehash":         func(ctx context.Context) error { return s.Rehash(ctx, ann.ID, ann.Hash, "y") },
			})
			if t.Failed() {
				return
			}
		}
		var there, counted int
		db := d.sql(t)
		defer db.Close()
		err := db.QueryRow("SELECT (SELECT count(*) FROM messages WHERE mail = 0), messages FROM counters").Scan(&there, &counted)
		if err != nil || there != counted {
			t.Errorf("%d messages are there, %d are counted (%v)", there, counted, err)
		}
	})
}

// together calls all functions at once, and reports those that fail but for a removed account.
func together(t *testing.T, ctx context.Context, all map[string]func(ctx context.Context) error) {
	t.Helper()
	var running sync.WaitGroup
	start := make(chan struct{})
	for what, f := range all {
		running.Go(func() {
			<-start
			if err := f(ctx); err != nil && !errors.Is(err, account.ErrUnknown) && !errors.Is(err, account.ErrChanged) {
				t.Errorf("%s: %v", what, err)
			}
		})
	}
	close(start)
	running.Wait()
}
