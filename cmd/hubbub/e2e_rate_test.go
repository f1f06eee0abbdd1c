package main

import (
	"fmt"
	"testing"
	"time"

	"hubbub/codec"
)

// TestComingAgainFillsNoBucket has guests of one address come one after the other, each speak as fast as it may and leave:
// with the settings as they come no more gets through than an address has.
func TestComingAgainFillsNoBucket(t *testing.T) {
	t.Parallel()
	const guests, rate, burst = 100, 200, 400 // each may say 40 at once
	p := serve(t)
	begun := time.Now()
	for i := range guests {
		c := dialFrom(t, "127.0.2.1", p.chat)
		out := []codec.Message{&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: fmt.Sprint("guest", i)}}
		for range 50 {
			out = append(out, &codec.BroadcastRequest{Asked: codec.Asked{Ref: 2}, Message: "buy"})
		}
		c.send(append(out, &codec.LogoutRequest{Asked: codec.Asked{Ref: 3}})...)
		if answer, ok := c.read().(*codec.LoginResponse); !ok || answer.Result != codec.Success {
			c.conn.Close() // its address may not even log in now
			continue
		}
		for over := false; !over; {
			_, err := c.next()
			over = err != nil
		}
	}
	took := time.Since(begun)
	most := burst + rate*took.Seconds()
	neighbour := dialFrom(t, "127.0.3.1", p.chat)
	if got := neighbour.tryLogin("neighbour", ""); got != codec.Success {
		t.Errorf("another address hears %s", got)
	}
	if n := p.metric("hubbub_history_kept_total"); n > most || n < burst/2 {
		t.Errorf("%v messages were said in %v, want at most %v", n, took, most)
	}
}
