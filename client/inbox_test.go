package client_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/internal/chattest"
)

// flood sends n broadcasts and says when it got rid of them.
func flood(p *peer, n int) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		for i := range n {
			p.send(fmt.Sprintf(`BroadcastNotify id=%d user="bob" message="hi"`, i+1))
		}
	}()
	return done
}

// A program that does not read its events stops the client from reading, and nothing is lost.
func TestBackpressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{EventBuffer: 10})
		done := flood(p, 1000)
		synctest.Wait()
		select {
		case <-done:
			t.Error("the client read on")
		default:
		}
		for i := range 1000 {
			if got := event[client.Message](t, c).ID; got != codec.ID(i+1) {
				t.Fatalf("got id %d, want %d", got, i+1)
			}
		}
		<-done
	})
}

// A request from the goroutine that reads the events gets its answer although the inbox is full in front of it.
func TestRequestBehindFullInbox(t *testing.T) {
	addr := chattest.Serve(t, "--message-rate=0").Address
	alice := dialWith(t, addr, client.Options{User: "alice", EventBuffer: 1})
	bob := dial(t, addr, "bob")
	for range 50 {
		say(t, bob, "hi")
	}
	if _, err := alice.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		event[client.Message](t, alice)
	}
}

func TestDiscardEvents(t *testing.T) {
	addr := chattest.Serve(t, "--message-rate=0").Address
	alice := dialWith(t, addr, client.Options{User: "alice", EventBuffer: 1, DiscardEvents: true})
	bob := dial(t, addr, "bob")
	for range 500 {
		say(t, bob, "hi")
	}
	if _, err := alice.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	alice.Close()
	noEvent(t, alice)
}

const mark = `Ping ref=2147483648`

// A sender that waits for no answers gets only so far ahead of what the server has handled.
func TestSenderIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{})
		const n = 1000
		text := strings.Repeat("x", 1014) // a packet of 1 KiB
		go func() {
			for range n {
				if err := c.SendBroadcast(t.Context(), text); err != nil {
					t.Error(err)
				}
			}
		}()
		got := make(chan codec.Message, 2*n)
		go func() {
			defer close(got)
			for messages := 0; messages < n; {
				m := p.next()
				if m.Type() == codec.TypeBroadcastRequest {
					messages++
				}
				got <- m
			}
		}()
		synctest.Wait()
		if len(got) != 256+1 {
			t.Errorf("without an answer the server got %d packets, want 256 KiB and a mark", len(got))
		}
		for m := range got {
			if m.Type() == codec.TypePing {
				p.send(`Pong ref=2147483648`)
			}
		}
	})
}

// A server that does not answer marks slows a sender down and does not stop it for ever.
func TestUnansweredMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{DiscardEvents: true})
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for range 600 {
				c.SendBroadcast(t.Context(), strings.Repeat("x", 1014))
			}
		}()
		go func() {
			note := codec.Native.Append(nil, &codec.SystemNotify{})
			for {
				packet, err := codec.Native.Next(p.in, nil, codec.MaxPacket)
				if err != nil {
					return // the test has ended
				}
				if m, _ := codec.Native.Decode(packet); m.Type() == codec.TypePing {
					p.conn.Write(note) // it is alive
				}
			}
		}()
		begin := time.Now()
		<-sent
		if passed := time.Since(begin); passed > time.Minute {
			t.Errorf("it took %s", passed)
		}
	})
}

// A sender waits while the outbox is full and the server takes nothing.
func TestFullOutboxWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{WriteTimeout: time.Hour})
		const n = 200
		text := strings.Repeat("x", 1000)
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for range n {
				if err := c.SendBroadcast(t.Context(), text); err != nil {
					t.Error(err)
				}
			}
		}()
		synctest.Wait()
		select {
		case <-sent:
			t.Error("everything was queued")
		default:
		}
		for i := range n {
			p.want(`BroadcastRequest ref=0 message="` + text + `"`)
			if i == 64 {
				p.want(mark)
			}
		}
		<-sent
	})
}
