package client_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/client"
	"hubbub/internal/chattest"
)

// The heartbeat is kept: twice in its time a PING is sent.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p, err := newNetwork(t).login(client.Options{}, `LoginResponse ref=1 result=SUCCESS session=7 user="alice" heartbeat=20`)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		p.want(`Ping ref=1`)
		if passed := time.Since(begin); passed != 10*time.Second {
			t.Errorf("the first PING came after %s", passed)
		}
		<-time.After(40 * time.Millisecond)
		p.send(`Pong ref=1`)
		p.want(`Ping ref=2`)
		if passed := time.Since(begin); passed != 20*time.Second {
			t.Errorf("the second PING came after %s", passed)
		}
		if c.RTT() != 40*time.Millisecond {
			t.Errorf("RTT is %s", c.RTT())
		}
	})
}

// What the client sends by itself is what the real server asks for: an idle session outlives its limit.
func TestIdleSessionIsKept(t *testing.T) {
	addr := chattest.Serve(t, "--heartbeat=1s").Address // its end would come after 2.5s
	writes := make(chan struct{}, 100)
	alice := dialWith(t, addr, client.Options{User: "alice", Dial: func(ctx context.Context, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		return countedConn{conn, writes}, err
	}})
	for range 1 + 6 { // the login and a PING each half second
		<-writes
	}
	if _, err := alice.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

type countedConn struct {
	net.Conn
	writes chan<- struct{}
}

func (c countedConn) Write(p []byte) (int, error) {
	c.writes <- struct{}{}
	return c.Conn.Write(p)
}

func TestServerThatAsksForNoHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p, err := newNetwork(t).login(client.Options{}, `LoginResponse ref=1 result=SUCCESS session=7 user="alice"`)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		p.want(`Ping ref=1`)
		if passed := time.Since(begin); passed != 30*time.Second {
			t.Errorf("the first PING came after %s", passed)
		}
	})
}

func TestDeadServerIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{})
		p.want(`Ping ref=1`)
		begin := time.Now()
		noEvent(t, c)
		if passed := time.Since(begin); passed != 30*time.Second || !errors.Is(c.Err(), client.ErrSilent) {
			t.Errorf("after %s: %v", passed, c.Err())
		}
	})
}

// A server that does not answer PINGs but sends other things is alive.
func TestBusyServerIsAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{})
		p.want(`Ping ref=1`)
		p.send(`BroadcastNotify id=1 user="bob" message="hi"`)
		event[client.Message](t, c)
		p.want(`Ping ref=2`)
	})
}

// A server is not held for dead because the program does not read its events.
func TestSlowReaderIsNoDeadServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{EventBuffer: 1})
		<-flood(p, 3) // one with the pump, one in the inbox, one with the reader
		p.want(`Ping ref=1`)
		p.want(`Ping ref=2`)
		p.want(`Ping ref=3`)
		for range 3 {
			event[client.Message](t, c)
		}
		p.want(`Ping ref=4`)
	})
}

func TestServersPingIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := newNetwork(t).welcome(client.Options{})
		p.send(`Ping ref=4711`)
		p.want(`Pong ref=4711`)
	})
}

func TestServerThatTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newNetwork(t).welcome(client.Options{WriteTimeout: 3 * time.Second})
		begin := time.Now()
		_, err := c.Broadcast(t.Context(), "hi")
		if passed := time.Since(begin); !errors.Is(err, client.ErrLost) || passed > 5*time.Second {
			t.Errorf("after %s: %v", passed, err)
		}
	})
}
