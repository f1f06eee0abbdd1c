package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/client"
	"hubbub/codec"
)

// A refusal that no server of today gives. TestLogin has the others.
func TestLoginRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, err := newNetwork(t).login(client.Options{}, `LoginResponse ref=1 result=AUTH_FAILED`)
		const want = "client: log in as alice: the name or the password is wrong (AUTH_FAILED)"
		if !errors.Is(err, codec.AuthFailed) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
}

// What comes before the answer to the login is delivered after it.
func TestEarlyPackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		ponged := make(chan struct{})
		go func() {
			defer close(ponged)
			p := <-n.peers
			p.next()
			p.send(`BroadcastNotify id=1 user="bob" message="early"`, `Ping ref=3`, granted)
			p.want(`Pong ref=3`)
		}()
		c, err := client.Dial(t.Context(), "chat", client.Options{User: "alice", Dial: n.dial})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := event[client.Message](t, c).Text; got != "early" {
			t.Error(got)
		}
		<-ponged
	})
}

// Packets of types that this version does not know are passed over, and large ones are read.
func TestUnknownAndLargePackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{})
		if _, err := p.conn.Write([]byte{6, 0, 0x39, 0x30, 1, 2}); err != nil {
			t.Fatal(err)
		}
		text := strings.Repeat("x", 60000)
		p.send(fmt.Sprintf(`BroadcastNotify id=1 user="bob" message=%q`, text), `Ping ref=1`)
		if got := event[client.Message](t, c).Text; got != text {
			t.Errorf("got %d bytes", len(got))
		}
		p.want(`Pong ref=1`)
	})
}

func TestNoChatServer(t *testing.T) {
	f := func(want string, behave func(conn net.Conn)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t)
			go func() {
				p := <-n.peers
				p.next()
				behave(p.conn)
			}()
			_, err := client.Dial(t.Context(), "chat", client.Options{User: "alice", Dial: n.dial})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
	f("chat:9000 closed the connection without answering the login (is it a chat server?)", func(conn net.Conn) { conn.Close() })
	f("chat:9000 took the connection but did not answer the login within 10s", func(net.Conn) {})
	f("chat:9000 does not speak the chat protocol", func(conn net.Conn) { conn.Write([]byte{0, 0, 0, 0}) })
	f("1000 packets and none is the answer", func(conn net.Conn) {
		note := codec.Native.Append(nil, &codec.BroadcastNotify{})
		for range 1001 {
			conn.Write(note)
		}
	})
}

func TestDialStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			p := <-n.peers
			p.next()
			cancel()
		}()
		begin := time.Now()
		_, err := client.Dial(ctx, "chat", client.Options{User: "alice", Dial: n.dial})
		if !errors.Is(err, context.Canceled) || time.Since(begin) > 0 {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
	})
}

func TestDialWithoutUser(t *testing.T) {
	if _, err := client.Dial(t.Context(), "chat", client.Options{}); err == nil {
		t.Error("no error")
	}
}

func TestAddressWithoutPort(t *testing.T) {
	f := func(addr, want string) {
		t.Helper()
		got := ""
		client.Dial(t.Context(), addr, client.Options{User: "alice", Dial: func(_ context.Context, addr string) (net.Conn, error) {
			got = addr
			return nil, errors.New("enough")
		}})
		if got != want {
			t.Errorf("%s: got %s, want %s", addr, got, want)
		}
	}
	f("chat.example.org", "chat.example.org:9000")
	f("127.0.0.1:7", "127.0.0.1:7")
	f("::1", "[::1]:9000")
	f("[::1]", "[::1]:9000")
	f("a:b:c", "a:b:c")
}
