package client_test

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"hubbub/codec"
)

// startServer starts a chat server on a free port of 127.0.0.1 and returns its address and a function that stops it.
// The examples and the tests in chat_test.go need nothing of it but the protocol and that it does not limit the rate.
var startServer = startRoom

func server(t testing.TB) string {
	addr, stop := startServer()
	t.Cleanup(stop)
	return addr
}

// room is just enough of a chat server to talk to.
type room struct {
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	members map[string]net.Conn
	open    map[net.Conn]bool
	tick    uint64
}

func startRoom() (addr string, stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	r := &room{listener: listener, members: map[string]net.Conn{}, open: map[net.Conn]bool{}}
	r.running.Go(r.accept)
	return listener.Addr().String(), r.stop
}

func (r *room) stop() {
	r.listener.Close()
	r.mu.Lock()
	for conn := range r.open {
		conn.Close()
	}
	r.mu.Unlock()
	r.running.Wait()
}

func (r *room) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		r.open[conn] = true
		r.mu.Unlock()
		r.running.Go(func() { r.serve(conn) })
	}
}

func (r *room) serve(conn net.Conn) {
	user := ""
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.members[user] == conn {
			delete(r.members, user)
		}
		delete(r.open, conn)
		conn.Close()
	}()
	in := bufio.NewReader(conn)
	var decoder codec.Decoder
	for {
		packet, err := codec.Native.Next(in, nil, 4096)
		if err != nil {
			return
		}
		m, err := decoder.Decode(codec.Native, packet)
		if err != nil {
			return
		}
		if login, ok := m.(*codec.LoginRequest); ok && user == "" {
			user = strings.ToLower(login.User)
		}
		if !r.handle(conn, user, m) {
			return
		}
	}
}

func (r *room) handle(conn net.Conn, user string, m codec.Message) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tick = max(r.tick+1, codec.TickAt(time.Now()))
	id := codec.MakeID(r.tick, 0)
	send := func(to net.Conn, m codec.Message) { to.Write(codec.Native.Append(nil, m)) }
	fail := func(code codec.Code) { conn.Write(codec.Native.AppendFailure(nil, m, code)) }
	done := func(ref uint32) codec.Answer { return codec.Answer{Ref: ref} }
	switch m := m.(type) {
	case *codec.LoginRequest:
		switch {
		case strings.Contains(user, " "):
			fail(codec.NameInvalid)
		case r.members[user] != nil:
			fail(codec.LoginUserAlready)
		default:
			r.members[user] = conn
			send(conn, &codec.LoginResponse{Answer: done(m.Ref), Session: r.tick, User: user, Heartbeat: 60})
		}
	case *codec.BroadcastRequest:
		if m.Message == "" {
			fail(codec.MessageInvalid)
			return true
		}
		for name, member := range r.members {
			if name != user {
				send(member, &codec.BroadcastNotify{ID: id, User: user, Message: m.Message})
			}
		}
		if m.Ref != 0 {
			send(conn, &codec.BroadcastResponse{Answer: done(m.Ref), ID: id})
		}
	case *codec.WhisperRequest:
		to, ok := r.members[m.To]
		if !ok {
			fail(codec.UserNotFound)
			return true
		}
		send(to, &codec.WhisperNotify{ID: id, User: user, Message: m.Message})
		if m.Ref != 0 {
			send(conn, &codec.WhisperResponse{Answer: done(m.Ref), ID: id})
		}
	case *codec.Ping:
		send(conn, &codec.Pong{Asked: codec.Asked{Ref: m.Ref}})
	case *codec.LogoutRequest:
		delete(r.members, user)
		send(conn, &codec.LogoutResponse{Answer: done(m.Ref)})
		return false
	}
	return true
}
