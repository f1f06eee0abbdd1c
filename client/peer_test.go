package client_test

import (
	"bufio"
	"context"
	"net"
	"testing"

	"hubbub/client"
	"hubbub/codec"
)

// network is the far end of a client under test: each of its connections comes out of peers, whose packets the test
// itself writes. It is for what the real server can't be made to do: to be silent, late or wrong, and for tests in which
// time jumps.
type network struct {
	t     *testing.T
	peers chan *peer
	fail  chan error // an error in here is what the next Dial gets
}

func newNetwork(t *testing.T) *network {
	return &network{t: t, peers: make(chan *peer), fail: make(chan error, 1)}
}

func (n *network) dial(ctx context.Context, _ string) (net.Conn, error) {
	select {
	case err := <-n.fail:
		return nil, err
	default:
	}
	near, far := net.Pipe()
	select {
	case n.peers <- &peer{n.t, far, bufio.NewReader(far)}:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// login dials as alice while the peer answers the login with the given packet.
func (n *network) login(options client.Options, answer string) (*client.Client, *peer, error) {
	options.User, options.Dial = "alice", n.dial
	type result struct {
		c   *client.Client
		err error
	}
	dialled := make(chan result)
	go func() {
		c, err := client.Dial(n.t.Context(), "chat", options)
		dialled <- result{c, err}
	}()
	p := <-n.peers
	p.admit(answer)
	r := <-dialled
	if r.c != nil {
		n.t.Cleanup(func() { r.c.Close() })
	}
	return r.c, p, r.err
}

// welcome is login with an answer that grants the name.
func (n *network) welcome(options client.Options) (*client.Client, *peer) {
	n.t.Helper()
	c, p, err := n.login(options, granted)
	if err != nil {
		n.t.Fatal(err)
	}
	return c, p
}

const granted = `LoginResponse ref=1 result=SUCCESS session=7 user="alice" heartbeat=60`

// peer is the server's end of one connection, played by the test. Its methods may be called from any goroutine, one
// after the other; they report failures and go on.
type peer struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func (p *peer) admit(answer string) {
	p.t.Helper()
	if m, ok := p.next().(*codec.LoginRequest); !ok || m.User != "alice" {
		p.t.Errorf("got %s, want alice's login", codec.Format(m))
	}
	p.send(answer)
}

func (p *peer) next() codec.Message {
	p.t.Helper()
	packet, err := codec.Native.Next(p.in, nil, codec.MaxPacket)
	if err != nil {
		p.t.Error(err)
		return new(codec.Pong)
	}
	m, err := codec.Native.Decode(packet)
	if err != nil {
		p.t.Error(err)
	}
	return m
}

// want reads the next packet and compares its textual form.
func (p *peer) want(text string) {
	p.t.Helper()
	if got := codec.Format(p.next()); got != text {
		p.t.Errorf("the client sent\n\t%s, want\n\t%s", got, text)
	}
}

// send sends packets in their textual form.
func (p *peer) send(lines ...string) {
	p.t.Helper()
	for _, line := range lines {
		m, err := codec.Native.Parse(line)
		if err != nil {
			p.t.Error(err)
			return
		}
		if _, err := p.conn.Write(codec.Native.Append(nil, m)); err != nil {
			p.t.Error(err)
		}
	}
}

// answer waits for one packet and answers it with others.
func (p *peer) answer(request string, answers ...string) {
	p.t.Helper()
	p.want(request)
	p.send(answers...)
}
