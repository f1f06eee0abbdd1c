package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/internal/chattest"
)

// The time of these tests is over before the server gives back a second token.
const slowest = "--message-rate=1"

// Who sends above the server's rate without asking for answers learns of each message that was refused.
func TestSendAboveTheRate(t *testing.T) {
	const n, burst = 30, 10
	addr := chattest.Serve(t, slowest, "--message-burst=10").Address
	alice, bob := dial(t, addr, "alice"), dial(t, addr, "bob")
	for range n {
		if err := alice.SendBroadcast(t.Context(), "hi"); err != nil {
			t.Fatal(err)
		}
	}
	if err := alice.Logout(t.Context()); err != nil { // no request that counts
		t.Fatal(err)
	}
	refused := 0
	for e := range alice.Events() {
		if r, ok := e.(client.Refused); !ok || r.Op != "broadcast" || r.Code != codec.RateLimited || r.Wait <= 0 || r.Wait > time.Second {
			t.Errorf("got %#v", e)
		}
		refused++
	}
	got := n - refused
	for range got {
		event[client.Message](t, bob)
	}
	// The login took a token.
	if got < burst-1 || refused == 0 || alice.Refusals() != refused {
		t.Errorf("%d of %d came, with a burst of %d; Refusals says %d, %d events", got, n, burst, alice.Refusals(), refused)
	}
}

// Who goes on is disconnected, and every method says why.
func TestFloodEnds(t *testing.T) {
	alice := dial(t, chattest.Serve(t, slowest, "--message-burst=5").Address, "alice")
	var err error
	for err == nil {
		err = alice.SendBroadcast(t.Context(), "hi")
	}
	want := "the server closed the connection: you went on sending far above the rate limit (RATE_LIMITED)"
	if !errors.Is(err, client.ErrClosed) || !errors.Is(err, codec.RateLimited) || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	if _, err := alice.Ping(t.Context()); !errors.Is(err, client.ErrClosed) || !errors.Is(err, codec.RateLimited) {
		t.Errorf("Ping says %v", err)
	}
}

// A PING has no answer that could say so, but its sender learns that it was refused.
func TestPingAboveTheRate(t *testing.T) {
	alice := dial(t, chattest.Serve(t, slowest, "--message-burst=3").Address, "alice")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var err error
	for err == nil {
		_, err = alice.Ping(ctx)
	}
	if want := "client: ping: too many requests in too short a time; again in 1 s (RATE_LIMITED)"; err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// A sender who is slowed down to the server by PINGs does not wait for those that the server refuses for its rate.
func TestRefusedMark(t *testing.T) {
	const n = 2000 // 2 MiB, which takes 30 marks
	addr := chattest.Serve(t, "--message-rate=1000", "--message-burst=1000", "--strand-bytes=4MiB").Address
	alice := dialWith(t, addr, client.Options{User: "alice", DiscardEvents: true})
	text := strings.Repeat("x", 1000)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // a mark is given up after 15s
	defer cancel()
	for range n {
		if err := alice.SendBroadcast(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := alice.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if alice.Refusals() == 0 {
		t.Error("nothing was refused, so nothing was tested")
	}
}

// Who does not read events is disconnected in the end, has lost none of what came before that, and learns why.
func TestSlowReader(t *testing.T) {
	addr := chattest.Serve(t, "--message-rate=0", "--outbox-bytes=64KiB", "--max-message=50000", "--max-packet=65535").Address
	alice := dialWith(t, addr, client.Options{User: "alice", EventBuffer: 10})
	bob := dialWith(t, addr, client.Options{User: "bob", MaxPacket: 65535})
	text, sent := strings.Repeat("x", 50000), []codec.ID{} // the kernel holds some MiB too
	for {
		id, err := bob.Whisper(t.Context(), "alice", text)
		if errors.Is(err, codec.UserNotFound) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, id)
	}
	got := 0
	for e := range alice.Events() {
		if w, ok := e.(client.Whisper); ok {
			if got == len(sent) || w.ID != sent[got] {
				t.Fatalf("whisper %d is not the one that was sent", got)
			}
			got++
		}
	}
	if got <= 10 || got > len(sent) || !errors.Is(alice.Err(), codec.SlowConsumer) {
		t.Errorf("got %d of %d whispers, then %v", got, len(sent), alice.Err())
	}
}
