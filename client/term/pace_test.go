package term

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/client"
	"hubbub/codec"
)

// TestPace: a burst goes at once, and what is beyond it as fast as the server takes it: a bucket like the server's has a
// token for each request.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := client.Limits{Rate: 20, Burst: 40}
		var p pace
		interval := time.Second / 20
		full, begin := time.Now().Add(2*interval), time.Now() // the login and the first look at the past have taken tokens
		for i := range 200 {
			err := p.send(t.Context(), limits, false, func() error {
				full = full.Add(max(0, time.Since(full))).Add(interval)
				if time.Until(full) > 40*interval {
					t.Fatalf("request %d is above the rate, %s after the first", i, time.Since(begin))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if i == 30 && time.Since(begin) > 0 {
				t.Errorf("a burst took %s", time.Since(begin))
			}
		}
		if took := time.Since(begin); took > 9*time.Second {
			t.Errorf("200 requests took %s", took)
		}
	})
}

// TestPaceInsists: what the server did not take because of its rate or its load is sent again; all else is not.
func TestPaceInsists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := func(patient bool, fault error, want int) {
			t.Helper()
			tries := 0
			var p pace
			err := p.send(t.Context(), client.Limits{}, patient, func() error {
				if tries++; tries < 3 {
					return fault
				}
				return nil
			})
			if tries != want || (err == nil) != (want == 3) {
				t.Errorf("%v: %d tries, then %v", fault, tries, err)
			}
		}
		f(false, refusal(codec.RateLimited), 3)
		f(false, refusal(codec.ServerBusy), 3)
		f(true, client.ErrOffline, 3)
		f(false, client.ErrOffline, 1)
		f(true, client.ErrLost, 1)
		f(true, refusal(codec.MessageInvalid), 1)
		begun := time.Now()
		f(false, &client.Error{Code: codec.RateLimited, Wait: 3 * time.Second}, 3)
		if took := time.Since(begun); took != 6*time.Second {
			t.Errorf("what may be sent again in 3s was sent twice within %s", took)
		}
		f(false, &client.Error{Code: codec.RateLimited, Wait: time.Minute}, 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var p pace
		p.take(time.Now(), client.Limits{Rate: 1, Burst: 1})
		if err := p.send(ctx, client.Limits{Rate: 1, Burst: 1}, true, func() error { t.Error("sent"); return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// TestQuitWaits: /quit behind messages that are still to be sent leaves when they are.
func TestQuitWaits(t *testing.T) {
	s := newScreen(t, 72, 12)
	s.enter("one")
	s.enter("two")
	s.enter("/quit")
	if _, cmd := s.Update(sentMsg{}); cmd != nil {
		t.Error("it leaves with a message unsent")
	}
	if _, cmd := s.Update(sentMsg{}); cmd == nil || cmd() != tea.Quit() {
		t.Error("it does not leave")
	}
}
