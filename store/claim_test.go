package store_test

import (
	"context"
	"testing"
	"time"
)

// TestClaim: a database has one server at a time, the next one waits for its end, and others that are no servers are not
// concerned.
func TestClaim(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		first, second := d.open(t), d.open(t)
		nobody := func() { t.Error("somebody else has the database") }
		if err := first.Claim(t.Context(), nobody); err != nil {
			t.Fatal(err)
		}
		waits := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() { failed <- second.Claim(ctx, func() { close(waits) }) }()
		<-waits
		if _, err := second.Create(t.Context(), "alice", "hash"); err != nil {
			t.Errorf("beside the server: %v", err)
		}
		cancel()
		if err := <-failed; err == nil {
			t.Error("a second server has the database")
		}

		waits = make(chan struct{})
		claimed := make(chan error)
		go func() { claimed <- second.Claim(t.Context(), func() { close(waits) }) }()
		<-waits
		if err := first.Close(); err != nil {
			t.Error(err)
		}
		select {
		case err := <-claimed:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Error("the second server still waits for the first")
		}
	})
}
