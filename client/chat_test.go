package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/internal/chattest"
)

func TestBroadcast(t *testing.T) {
	addr := chattest.Serve(t).Address
	alice, bob := dial(t, addr, "alice"), dial(t, addr, "bob")
	id, err := alice.Broadcast(t.Context(), "hi, 世界")
	if err != nil {
		t.Fatal(err)
	}
	got := event[client.Message](t, bob)
	if want := (client.Message{ID: id, User: "alice", Text: "hi, 世界"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if age := time.Since(got.Time()); age < -time.Minute || age > time.Minute {
		t.Errorf("the message is %s old", age)
	}
	if bob.LastSeen() != id {
		t.Errorf("last seen %d, want %d", bob.LastSeen(), id)
	}
	_, err = alice.Broadcast(t.Context(), "")
	if !errors.Is(err, codec.MessageInvalid) {
		t.Errorf("an empty message: got %v, want MESSAGE_INVALID", err)
	}
}

func TestWhisper(t *testing.T) {
	addr := chattest.Serve(t).Address
	alice, bob := dial(t, addr, "alice"), dial(t, addr, "bob")
	id, err := alice.Whisper(t.Context(), "bob", "psst")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := event[client.Whisper](t, bob), (client.Whisper{ID: id, User: "alice", Text: "psst"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	_, err = alice.Whisper(t.Context(), "carol", "psst")
	var code codec.Code
	if !errors.As(err, &code) || code != codec.UserNotFound {
		t.Errorf("got %v, want USER_NOT_FOUND", err)
	}
	if want := "client: whisper to carol: nobody of this name is logged in (USER_NOT_FOUND)"; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestSendKeepsOrder(t *testing.T) {
	const n = 5000 // more than an outbox holds
	addr := chattest.Serve(t, "--message-rate=0").Address
	alice, bob := dial(t, addr, "alice"), dial(t, addr, "bob")
	sent := make(chan error, 1)
	go func() {
		defer close(sent)
		for i := range n {
			if err := alice.SendBroadcast(context.Background(), fmt.Sprint("message ", i)); err != nil {
				sent <- err
				bob.Close() // nothing more will come
				return
			}
		}
		sent <- alice.Logout(context.Background())
	}()
	for i := range n {
		if got, want := event[client.Message](t, bob).Text, fmt.Sprint("message ", i); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

func TestRefusedEvent(t *testing.T) {
	alice := dial(t, chattest.Serve(t).Address, "alice")
	if err := alice.SendWhisper(t.Context(), "nobody", "psst"); err != nil {
		t.Fatal(err)
	}
	if got, want := event[client.Refused](t, alice), (client.Refused{Op: "whisper", Code: codec.UserNotFound}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestPing(t *testing.T) {
	alice := dial(t, chattest.Serve(t).Address, "alice")
	rtt, err := alice.Ping(t.Context())
	if err != nil || rtt <= 0 {
		t.Errorf("got %s, %v", rtt, err)
	}
	if alice.RTT() <= 0 || alice.RTT() > rtt {
		t.Errorf("RTT is %s, Ping said %s", alice.RTT(), rtt)
	}
}

func TestLogin(t *testing.T) {
	addr := chattest.Serve(t).Address
	alice := dial(t, addr, "Alice")
	if alice.User() != "Alice" || alice.Session() == 0 || alice.Addr() != addr {
		t.Errorf("got user %q, session %d, address %s", alice.User(), alice.Session(), alice.Addr())
	}
	f := func(user string, want codec.Code) {
		t.Helper()
		_, err := client.Dial(t.Context(), addr, client.Options{User: user})
		if !errors.Is(err, want) {
			t.Errorf("%.20q: got %v, want %s", user, err, want)
		}
	}
	f("alice", codec.LoginUserAlready)
	f("ALICE", codec.LoginUserAlready)
	f("a b", codec.NameInvalid)
	f(strings.Repeat("a", 70000), codec.NameInvalid)
}

// A server without a place, or about to stop, says so instead of answering the login.
func TestNoPlace(t *testing.T) {
	f := func(s *chattest.Server, want codec.Code) {
		t.Helper()
		_, err := client.Dial(t.Context(), s.Address, client.Options{User: "bob"})
		if text := "client: log in as bob: " + want.Text() + " (" + want.String() + ")"; err == nil || err.Error() != text {
			t.Errorf("got  %v\nwant %s", err, text)
		}
	}
	full := chattest.Serve(t, "--max-sessions=1")
	dial(t, full.Address, "alice")
	f(full, codec.LoginUserFull)

	leaving := chattest.Serve(t, "--drain=1h")
	told := make(chan client.Event)
	for i := range 200 { // they leave one by one, so that the server is still there when bob comes
		c := dial(t, leaving.Address, fmt.Sprint("user", i))
		go func() {
			for e := range c.Events() {
				select {
				case told <- e:
				case <-t.Context().Done():
				}
			}
		}()
	}
	leaving.Drain()
	if e, ok := (<-told).(client.Notice); !ok || e.Code != codec.ShuttingDown {
		t.Errorf("got %#v, want SHUTTING_DOWN", e)
	}
	f(leaving, codec.ShuttingDown)
}

func TestLogoutFreesTheName(t *testing.T) {
	addr := chattest.Serve(t).Address
	alice, bob := dial(t, addr, "alice"), dial(t, addr, "bob")
	if _, err := bob.Whisper(t.Context(), "alice", "before"); err != nil {
		t.Fatal(err)
	}
	if err := alice.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := event[client.Whisper](t, alice).Text; got != "before" {
		t.Errorf("got %q", got)
	}
	noEvent(t, alice)
	if alice.Err() != nil {
		t.Error(alice.Err())
	}
	if _, err := alice.Broadcast(t.Context(), "hi"); !errors.Is(err, client.ErrClosed) {
		t.Errorf("after Logout: got %v, want ErrClosed", err)
	}
	dial(t, addr, "alice")
}

func TestUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	listener.Close()
	_, err = client.Dial(t.Context(), addr, client.Options{User: "alice"})
	want := "client: cannot reach chat server at " + addr + ": connection refused (is it running? is that its address and port?)"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestOversizedIsRefusedHere(t *testing.T) {
	addr := chattest.Serve(t).Address
	alice := dial(t, addr, "alice")
	for _, length := range []int{5000, 70000} {
		text := strings.Repeat("x", length)
		if _, err := alice.Broadcast(t.Context(), text); !errors.Is(err, codec.MessageInvalid) {
			t.Errorf("broadcast of %d bytes: %v", length, err)
		}
		if err := alice.SendWhisper(t.Context(), "bob", text); !errors.Is(err, codec.MessageInvalid) {
			t.Errorf("whisper of %d bytes: %v", length, err)
		}
	}
	if _, err := alice.Ping(t.Context()); err != nil {
		t.Errorf("the connection did not survive: %v", err)
	}
}
