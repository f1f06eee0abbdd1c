package server_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/internal/chattest"
)

// frail is a client's way to the server: its connections break, sometimes before anything was said.
type frail struct {
	mu    sync.Mutex
	open  []net.Conn
	solid bool
}

func (f *frail) dial(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil && !f.solid {
		f.open = append(f.open, c)
	}
	return c, err
}

// shatter breaks the connections, and no more of them if it is over.
func (f *frail) shatter(over bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.open {
		c.Close()
	}
	f.open, f.solid = nil, over
}

// listener is a client that talks while its connections break, and what it hears.
type listener struct {
	*client.Client
	frail frail
	heard []codec.ID
}

// lastWord is what everybody waits for.
const lastWord = "the last word"

// hear notes everything until somebody says the last word.
func (l *listener) hear() {
	for event := range l.Events() {
		if m, ok := event.(client.Message); ok {
			if m.Text == lastWord {
				return
			}
			l.heard = append(l.heard, m.ID)
		}
	}
}

// talk says something now and then, and breaks the connection as often.
func (l *listener) talk(ctx context.Context) {
	for i := range 50 {
		_ = l.SendBroadcast(ctx, fmt.Sprint(i)) // whether it was said is not known when the connection breaks
		<-time.After(rand.N(10 * time.Millisecond))
		if rand.IntN(10) == 0 {
			l.frail.shatter(false)
		}
	}
	l.frail.shatter(true)
}

// TestBrokenConnectionsMissNothing: clients whose connections break all the time hear everything once and in order.
func TestBrokenConnectionsMissNothing(t *testing.T) {
	s := chattest.Serve(t, "--database=sqlite", "--data-dir="+t.TempDir(), "--message-rate=0")
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	host, err := client.Dial(ctx, s.Address, client.Options{User: "host", DiscardEvents: true})
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	if _, err := host.Broadcast(ctx, "the first word"); err != nil { // so that there is something to begin from
		t.Fatal(err)
	}
	var listeners []*listener
	for i := range 8 {
		l := &listener{}
		name := fmt.Sprint("listener", i)
		if err := client.Register(ctx, s.Address, name, "correct horse", client.Options{}); err != nil && i < 5 {
			t.Fatal(err)
		}
		o := client.Options{User: name, Reconnect: true, RetryMin: time.Millisecond, RetryMax: 50 * time.Millisecond, Dial: l.frail.dial}
		if i < 5 { // as many accounts as one address may make; the others are guests
			o.Password = "correct horse"
		}
		if l.Client, err = client.Dial(ctx, s.Address, o); err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		context.AfterFunc(ctx, func() { l.Close() })
		listeners = append(listeners, l)
	}
	var talking, hearing sync.WaitGroup
	for _, l := range listeners {
		talking.Go(func() { l.talk(ctx) })
		hearing.Go(l.hear)
	}
	talking.Wait()
	if _, err := host.Broadcast(ctx, lastWord); err != nil {
		t.Fatal(err)
	}
	hearing.Wait()
	var all []client.HistoryMessage
	for m, err := range host.HistorySeq(ctx, client.HistoryQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b client.HistoryMessage) int { return int(a.ID) - int(b.ID) })
	for _, l := range listeners {
		var want []codec.ID
		for _, m := range all[1:] {
			if m.Text == lastWord { // what was still on its way then comes behind it
				break
			}
			if m.User != l.User() {
				want = append(want, m.ID)
			}
		}
		if !slices.Equal(l.heard, want) {
			t.Errorf("%s heard %d messages, want %d, or others; it ended with: %v", l.User(), len(l.heard), len(want), l.Err())
		}
	}
}
