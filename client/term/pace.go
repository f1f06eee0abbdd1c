package term

import (
	"context"
	"errors"
	"sync"
	"time"

	"hubbub/client"
	"hubbub/codec"
)

// paceSlack is how much slower than the server's rate the chat sends: what is sent evenly does not arrive evenly, and PINGs
// count too.
const paceSlack = 1.03

// paceSpent is how many requests of a burst are spent when the chat begins: the login, and one to spare.
const paceSpent = 2

// pace keeps what is sent within the rate that the server has told, so that a paste of many lines is slowed and not
// refused. The zero value is ready. Any goroutine.
type pace struct {
	mu    sync.Mutex
	begun bool
	full  time.Time // when the server's bucket is full again
}

// take counts a request and returns how long it must wait.
func (p *pace) take(now time.Time, limits client.Limits) time.Duration {
	if limits.Rate <= 0 || limits.Burst <= 0 {
		return 0
	}
	interval := time.Duration(paceSlack * float64(time.Second) / float64(limits.Rate))
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.begun {
		p.begun, p.full = true, now.Add(paceSpent*interval)
	}
	if p.full.Before(now) {
		p.full = now
	}
	p.full = p.full.Add(interval)
	return max(0, p.full.Sub(now)-interval*time.Duration(max(1, limits.Burst-1)))
}

// send makes a request when the server's rate has room for it, and makes it again when the server certainly did not take it
// and may do so in a moment. With patient, it also waits for a connection that is lost.
func (p *pace) send(ctx context.Context, limits client.Limits, patient bool, request func() error) error {
	if err := pause(ctx, p.take(time.Now(), limits)); err != nil {
		return err
	}
	deadline := time.Now().Add(patienceMax)
	for {
		err := request()
		again := errors.Is(err, codec.RateLimited) || errors.Is(err, codec.ServerBusy) || patient && errors.Is(err, client.ErrOffline)
		wait := patience
		var refusal *client.Error
		if errors.As(err, &refusal) {
			wait = max(wait, refusal.Wait)
		}
		if !again || time.Now().Add(wait).After(deadline) {
			return err
		}
		if pause(ctx, wait) != nil {
			return err
		}
	}
}

// pause waits for d, or returns the error of ctx when that ends first.
func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
