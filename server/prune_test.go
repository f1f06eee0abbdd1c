package server

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/handler"
	"hubbub/handler/account"
	"hubbub/handler/history"
)

// overfull is a database with so much to prune that it takes minutes.
type overfull struct {
	Store
	left   int // messages too many
	looked time.Time
	late   time.Duration // the longest time between two looks at the revocations
}

func (o *overfull) Prune(_ context.Context, _ history.Retention, limit int) (int, error) {
	<-time.After(300 * time.Millisecond)
	n := min(limit, o.left)
	o.left -= n
	return n, nil
}

func (o *overfull) Revocations(context.Context, int64) ([]account.Revocation, error) {
	o.late = max(o.late, time.Since(o.looked))
	o.looked = time.Now()
	return nil, nil
}

// TestPruningDelaysNoBan: however much is to be removed, bans are looked for about every second, and all of it goes.
func TestPruningDelaysNoBan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &overfull{left: 500*pruneStep + 1, looked: time.Now()}
		s := &Server{store: o, chat: handler.New(handler.Config{Now: time.Now, Accounts: o})}
		s.config.Store(&Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		s.lookAfter(ctx)
		if o.left > 0 || o.late > 3*revokeInterval {
			t.Errorf("%d messages are left, and a ban may wait for %v", o.left, o.late)
		}
	})
}
