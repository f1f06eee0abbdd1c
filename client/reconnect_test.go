package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/internal/chattest"
)

// A server that is started anew gets its clients back.
func TestReconnect(t *testing.T) {
	s := chattest.Serve(t)
	gate := make(chan struct{}, 1) // attempts to connect wait here
	gate <- struct{}{}
	c := dialWith(t, s.Address, client.Options{User: "Alice", Reconnect: true, Dial: func(ctx context.Context, addr string) (net.Conn, error) {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return new(net.Dialer).DialContext(ctx, "tcp", addr)
	}})
	say(t, c, "hi")
	s.StopIn(t)
	if got, want := event[client.Notice](t, c), (client.Notice{Code: codec.ShuttingDown, Text: codec.ShuttingDown.Text()}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if d := event[client.Disconnected](t, c); !errors.Is(d.Err, codec.ShuttingDown) || d.Retry < 250*time.Millisecond || d.Retry > 750*time.Millisecond {
		t.Errorf("got %+v, want SHUTTING_DOWN and about 500ms", d)
	}
	if _, err := c.Broadcast(t.Context(), "hi"); !errors.Is(err, client.ErrOffline) {
		t.Errorf("got %v, want ErrOffline", err)
	}

	// Somebody else is quicker. The old session may be what has the name, so that passes for the client.
	chattest.Serve(t, "--listen="+s.Address)
	thief := dial(t, s.Address, "alice")
	close(gate)
	if d := event[client.Disconnected](t, c); !errors.Is(d.Err, codec.LoginUserAlready) {
		t.Errorf("got %v, want LOGIN_USER_ALREADY", d.Err)
	}
	if err := thief.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	if got, want := event[client.Reconnected](t, c), (client.Reconnected{User: "Alice", Session: c.Session()}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	say(t, c, "back")
}

// The login after a loss tells the server what was seen last.
func TestReconnectSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		c, p := n.welcome(client.Options{Reconnect: true})
		p.send(`BroadcastNotify id=99 user="bob" message="hi"`)
		event[client.Message](t, c)
		p.conn.Close()
		event[client.Disconnected](t, c)
		p = <-n.peers
		p.want(`LoginRequest ref=1 user="alice" password="" caps=0 since=99`)
		p.send(granted)
		event[client.Reconnected](t, c)
	})
}

// The waits grow to their bound, and start small again after a connection that stood.
func TestReconnectBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		c, p := n.welcome(client.Options{Reconnect: true, RetryMin: time.Second, RetryMax: 8 * time.Second})
		p.conn.Close()
		for _, wait := range []time.Duration{1, 2, 4, 8, 8} {
			n.fail <- errors.New("no route")
			d := event[client.Disconnected](t, c)
			if low, high := wait*time.Second/2, wait*time.Second*3/2; d.Retry < low || d.Retry > high {
				t.Errorf("got a wait of %s, want %s to %s", d.Retry, low, high)
			}
		}
		event[client.Disconnected](t, c)
		p = <-n.peers
		p.admit(granted)
		event[client.Reconnected](t, c)
		<-time.After(11 * time.Second)
		p.conn.Close()
		if d := event[client.Disconnected](t, c); d.Retry > 1500*time.Millisecond {
			t.Errorf("after a steady connection: got a wait of %s", d.Retry)
		}
	})
}

// Some ends are final although the client would reconnect: to do so would end as before, or do harm.
func TestFinalEnds(t *testing.T) {
	addr := chattest.Serve(t, "--duplicate-login=replace").Address
	f := func(code codec.Code, end func(c *client.Client)) {
		t.Helper()
		c := dialWith(t, addr, client.Options{User: "alice", Reconnect: true, MaxPacket: 10000})
		end(c)
		if got := event[client.Notice](t, c).Code; got != code {
			t.Errorf("got %s, want %s", got, code)
		}
		noEvent(t, c)
		if !errors.Is(c.Err(), code) {
			t.Errorf("got %v, want %s", c.Err(), code)
		}
		if _, err := c.Ping(t.Context()); !errors.Is(err, client.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	}
	f(codec.Replaced, func(*client.Client) { dial(t, addr, "alice") })
	f(codec.InvalidPacket, func(c *client.Client) {
		_, err := c.Broadcast(t.Context(), strings.Repeat("x", 9000))
		if !errors.Is(err, client.ErrLost) || !errors.Is(err, codec.InvalidPacket) {
			t.Errorf("got %v, want ErrLost and INVALID_PACKET", err)
		}
	})
}

// TestKickedEnds: whoever is sent away, or whose name is an account's now, does not come back by itself.
func TestKickedEnds(t *testing.T) {
	for _, code := range []codec.Code{codec.Kicked, codec.NameTaken} {
		synctest.Test(t, func(t *testing.T) {
			c, p := newNetwork(t).welcome(client.Options{Reconnect: true})
			p.send(`SystemNotify code=` + code.String() + ` message="x"`)
			p.conn.Close()
			event[client.Notice](t, c)
			noEvent(t, c)
			if !errors.Is(c.Err(), code) {
				t.Errorf("got %v, want %s", c.Err(), code)
			}
		})
	}
}

// A login that is refused for good ends a client that would reconnect; one that may be granted later does not.
func TestRefusedRelogin(t *testing.T) {
	f := func(code codec.Code, final bool) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t)
			c, p := n.welcome(client.Options{Reconnect: true})
			p.conn.Close()
			event[client.Disconnected](t, c)
			p = <-n.peers
			p.admit(`LoginResponse ref=1 result=` + code.String())
			if !final {
				if d := event[client.Disconnected](t, c); !errors.Is(d.Err, code) {
					t.Errorf("got %v, want %s", d.Err, code)
				}
				p = <-n.peers
				p.admit(granted)
				event[client.Reconnected](t, c)
				return
			}
			noEvent(t, c)
			if !errors.Is(c.Err(), code) {
				t.Errorf("got %v, want %s", c.Err(), code)
			}
		})
	}
	f(codec.AuthFailed, true)
	f(codec.PermissionDenied, true) // banned
	f(codec.NameInvalid, true)
	f(codec.LoginUserAlready, false)
	f(codec.RateLimited, false)
	f(codec.ServerBusy, false)
	f(codec.PasswordInvalid, false)
}

func TestNoReconnect(t *testing.T) {
	s := chattest.Serve(t)
	c := dial(t, s.Address, "alice")
	s.StopIn(t)
	event[client.Notice](t, c)
	noEvent(t, c)
	want := "client: the server closed the connection: the server is shutting down; connect again in a moment (SHUTTING_DOWN)"
	if c.Err() == nil || c.Err().Error() != want {
		t.Errorf("got  %v\nwant %s", c.Err(), want)
	}
}

// A request whose connection is lost says that it may have arrived.
func TestLostInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{Reconnect: true})
		go func() {
			p.want(`BroadcastRequest ref=1 message="hi"`)
			p.conn.Close()
		}()
		_, err := c.Broadcast(t.Context(), "hi")
		want := "client: broadcast: the connection was lost before the server answered; it may or may not have arrived: " +
			"the server at chat:9000 closed the connection: EOF"
		if !errors.Is(err, client.ErrLost) || !errors.Is(err, io.EOF) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
}

func TestRequestTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go p.want(`WhisperRequest ref=1 to="bob" message="hi"`)
		if _, err := c.Whisper(ctx, "bob", "hi"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a timeout", err)
		}
		synctest.Wait()
		// The late answer is for nobody, and the next request gets its own.
		p.send(`WhisperResponse ref=1 result=SUCCESS id=1`)
		go p.answer(`WhisperRequest ref=2 to="bob" message="hi"`, `WhisperResponse ref=2 result=SUCCESS id=2`)
		if id, err := c.Whisper(t.Context(), "bob", "hi"); id != 2 || err != nil {
			t.Errorf("got %d, %v", id, err)
		}
	})
}

// Close ends a client in whatever state it is; goleak and synctest see what would be left.
func TestCloseAnytime(t *testing.T) {
	f := func(name string, before func(c *client.Client, p *peer)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, p := newNetwork(t).welcome(client.Options{Reconnect: true, EventBuffer: 1})
				before(c, p)
				synctest.Wait()
				c.Close()
				noEvent(t, c)
				if c.Err() != nil || c.Close() != nil {
					t.Error(c.Err())
				}
			})
		})
	}
	f("idle", func(*client.Client, *peer) {})
	f("waiting to reconnect", func(_ *client.Client, p *peer) { p.conn.Close() })
	f("connecting", func(c *client.Client, p *peer) {
		p.conn.Close()
		event[client.Disconnected](t, c)
		<-time.After(time.Second) // the dialler now waits for somebody to take its peer
	})
	f("unread events", func(_ *client.Client, p *peer) {
		go func() {
			for id := codec.ID(1); ; id++ {
				note := &codec.BroadcastNotify{ID: id, User: "bob", Message: "hi"}
				if _, err := p.conn.Write(codec.Native.Append(nil, note)); err != nil {
					return
				}
			}
		}()
	})
	f("a request in flight", func(c *client.Client, p *peer) {
		go c.Broadcast(context.Background(), "hi")
		p.want(`BroadcastRequest ref=1 message="hi"`)
	})
}

// What the server says last is why it closes the connection; what it said before something else is not.
func TestReasonOfTheEnd(t *testing.T) {
	f := func(want string, lines ...string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			c, p := newNetwork(t).welcome(client.Options{})
			p.send(lines...)
			p.conn.Close()
			for range c.Events() {
			}
			if err := c.Err(); err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if _, err := c.Ping(t.Context()); !errors.Is(err, client.ErrClosed) || !errors.Is(err, c.Err()) {
				t.Errorf("a request: %v", err)
			}
		})
	}
	f("client: the server closed the connection: you send too fast (SERVER_BUSY)",
		`SystemNotify code=SERVER_BUSY message="you send too fast"`)
	f("client: the server at chat:9000 closed the connection: EOF")
	f("client: the server at chat:9000 closed the connection: EOF",
		`SystemNotify code=RATE_LIMITED message="slow down"`, `BroadcastNotify id=1 user="bob" message="hi"`)
	f("client: the server closed the connection: back soon (SHUTTING_DOWN)",
		`SystemNotify code=SHUTTING_DOWN message="back soon"`, `BroadcastNotify id=1 user="bob" message="hi"`)
}
