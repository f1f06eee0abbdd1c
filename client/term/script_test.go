package term

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/client"
	"hubbub/codec"
)

// script is a server that does what the real one can't be made to do, for tests in which time jumps: it refuses a
// number of messages for being busy, breaks the connection when it is told to "die", and says anything.
type script struct {
	mu   sync.Mutex
	conn net.Conn
	busy int
}

func (s *script) dial(context.Context, string) (net.Conn, error) {
	near, far := net.Pipe()
	s.mu.Lock()
	s.conn = far
	s.mu.Unlock()
	go s.serve(far)
	return near, nil
}

func (s *script) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		packet, err := codec.Native.Next(in, nil, codec.MaxPacket)
		if err != nil {
			return
		}
		m, err := codec.Native.Decode(packet)
		if err != nil {
			return
		}
		answer := s.answer(m)
		if answer == nil {
			return
		}
		conn.Write(answer)
	}
}

func (s *script) answer(m codec.Message) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	result := codec.Success
	switch m := m.(type) {
	case *codec.LoginRequest:
		return codec.Native.Append(nil, &codec.LoginResponse{Answer: codec.Answer{Ref: m.Ref}, User: m.User})
	case *codec.Ping:
		return codec.Native.Append(nil, &codec.Pong{Asked: m.Asked})
	case *codec.BroadcastRequest:
		if m.Message == "die" {
			return nil
		}
		if s.busy > 0 {
			s.busy--
			result = codec.ServerBusy
		}
	}
	return codec.Native.AppendFailure(nil, m, result)
}

// say lets the server send something to the client.
func (s *script) say(m codec.Message) {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	conn.Write(codec.Native.Append(nil, m))
}

func (s *script) options() client.Options { return client.Options{Dial: s.dial} }

// What a hostile server sends is shown, not obeyed; and the chat goes on for as long as it was told to.
func TestHostileLinesAndLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s script
		r := runLines(t, "chat", s.options(), time.Minute)
		id := codec.MakeID(codec.TickAt(noon), 0)
		s.say(&codec.BroadcastNotify{ID: id, User: "bob", Message: "hi\x1b[2J\nbob: forged"})
		begin := time.Now()
		if err := r.end(""); err != nil {
			t.Error(err)
		}
		if passed := time.Since(begin); passed != time.Minute {
			t.Errorf("it stayed for %s", passed)
		}
		r.wants(t, noon.Local().Format("15:04:05")+" bob: hi�[2J bob: forged\n", "")
	})
}

// A server that is busy for a moment costs no line; one that stays so does.
func TestLinesWait(t *testing.T) {
	f := func(busy int, want error) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			s := script{busy: busy}
			r := runLines(t, "chat", s.options(), 0)
			if err := r.end("one\n"); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
	f(3, nil)
	f(1000, errUnsent)
}

// A line whose connection breaks may have arrived: it is told and not sent again. The next one waits for the new
// connection.
func TestLinesGoOnAfterLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s script
		options := s.options()
		options.Reconnect = true
		r := runLines(t, "chat", options, 0)
		if err := r.end("die\nback\n"); !errors.Is(err, errUnsent) {
			t.Errorf("got %v, want %v", err, errUnsent)
		}
		for _, want := range []string{"line 1: broadcast: the connection was lost", "trying again in", "connected again as alice"} {
			if !strings.Contains(r.err.String(), want) {
				t.Errorf("the errors are\n%swant %q in them", r.err.String(), want)
			}
		}
		if strings.Contains(r.err.String(), "line 2") {
			t.Errorf("the errors are\n%s", r.err.String())
		}
	})
}
