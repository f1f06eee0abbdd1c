package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"hubbub/codec"
)

const (
	orderClients  = 400
	orderSenders  = 50
	orderMessages = 50  // broadcasts of each sender
	whisperers    = 100 // the clients behind the senders, each whispering to the next
	whispersEach  = 100
)

// ledger is what all receivers together have seen of each broadcast: its id, which must be the same for all.
type ledger [orderSenders][orderMessages]atomic.Uint64

// TestBroadcastsUnderLoad shows with the real program that broadcasts and whispers of many at once are neither lost,
// doubled, reordered nor echoed, and that all receivers see all broadcasts in one order: the order of their ids.
func TestBroadcastsUnderLoad(t *testing.T) {
	p := serve(t, "--message-rate", "0", "--outbox-bytes", "64MiB")
	clients := make([]*peer, orderClients)
	for i := range clients {
		clients[i] = login(t, p.chat, fmt.Sprintf("c%04d", i))
	}
	p.eventually(`hubbub_sessions{dialect="native",state="authenticated"}`, equal(orderClients))
	var seen ledger
	var done sync.WaitGroup
	for i, c := range clients {
		done.Go(func() { ordering(c, i, &seen) })
	}
	for i, c := range clients[:orderSenders] {
		done.Go(func() {
			requests := make([]codec.Message, orderMessages)
			for n := range requests {
				requests[n] = &codec.BroadcastRequest{Message: fmt.Sprintf("%d %d", i, n)}
			}
			c.send(requests...)
		})
	}
	for i, c := range clients[orderSenders : orderSenders+whisperers] {
		done.Go(func() {
			to := clients[orderSenders+(i+1)%whisperers].name
			for n := range whispersEach {
				c.send(&codec.WhisperRequest{To: to, Message: fmt.Sprint(n)})
			}
		})
	}
	done.Wait()
	// The server counts the same: every login answer, broadcast and whisper once, and nothing else.
	deliveries := float64(orderClients + orderSenders*orderMessages*(orderClients-1) + whisperers*whispersEach)
	p.eventually("hubbub_deliveries_total", equal(deliveries))
	t.Logf("%.0f deliveries in %.0f writes", p.metric("hubbub_deliveries_total"), p.metric("hubbub_writes_total"))
}

// ordering reads everything that client number i must get and checks each piece of it.
func ordering(c *peer, i int, seen *ledger) {
	var counts [orderSenders]int
	left, whispers, last := orderSenders*orderMessages, 0, codec.ID(0)
	if i < orderSenders {
		left -= orderMessages // no echo
	}
	if i >= orderSenders && i < orderSenders+whisperers {
		whispers = whispersEach
	}
	for whisper := 0; left > 0 || whisper < whispers; {
		m, err := c.next()
		if err != nil {
			c.t.Errorf("%s: %v, with %d broadcasts and %d whispers missing", c.name, err, left, whispers-whisper)
			return
		}
		switch m := m.(type) {
		case *codec.BroadcastNotify:
			var sender, n int
			if _, err := fmt.Sscan(m.Message, &sender, &n); err != nil || m.User != fmt.Sprintf("c%04d", sender) {
				c.t.Errorf("%s: an altered message: %s", c.name, codec.Format(m))
				return
			}
			if sender == i || n != counts[sender] || m.ID <= last {
				c.t.Errorf("%s: expected number %d of sender %d after id %d: %s", c.name, counts[sender], sender, last, codec.Format(m))
				return
			}
			if !seen[sender][n].CompareAndSwap(0, uint64(m.ID)) && seen[sender][n].Load() != uint64(m.ID) {
				c.t.Errorf("%s: message %d of %d has id %d here and %d elsewhere", c.name, n, sender, m.ID, seen[sender][n].Load())
				return
			}
			counts[sender]++
			last = m.ID
			left--
		case *codec.WhisperNotify:
			if from := orderSenders + (i-orderSenders+whisperers-1)%whisperers; m.Message != fmt.Sprint(whisper) ||
				m.User != fmt.Sprintf("c%04d", from) {
				c.t.Errorf("%s: expected whisper %d of c%04d: %s", c.name, whisper, from, codec.Format(m))
				return
			}
			whisper++
		default:
			c.t.Errorf("%s: did not expect %s", c.name, codec.Format(m))
			return
		}
	}
}
