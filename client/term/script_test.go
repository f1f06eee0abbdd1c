package term

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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
	gap  codec.ID // what it says at a login
	past int      // how many messages its history has; 0: it keeps none

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
		return codec.Native.Append(nil, &codec.LoginResponse{Answer: codec.Answer{Ref: m.Ref}, User: m.User, Gap: s.gap})
	case *codec.HistoryRequest:
		if s.past == 0 {
			return codec.Native.AppendFailure(nil, m, codec.PermissionDenied)
		}
		if s.busy == 0 {
			return codec.Native.Append(nil, s.page(m))
		}
		s.busy--
		result = codec.ServerBusy
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

// page is the newest of the messages 1, 2, 3, …, which bob sent at noon.
func (s *script) page(q *codec.HistoryRequest) *codec.HistoryResponse {
	first := codec.MakeID(codec.TickAt(noon), 0)
	last := codec.ID(s.past)
	if q.Before != 0 {
		last = q.Before - first - 1
	}
	answer := &codec.HistoryResponse{Answer: codec.Answer{Ref: q.Ref}, More: 1}
	for i := last - codec.ID(q.Limit) + 1; i <= last; i++ {
		answer.Messages = append(answer.Messages, codec.HistoryMessage{ID: first + i, User: "bob", Message: fmt.Sprint(i)})
	}
	return answer
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
		r.wants(t, noon.Local().Format("15:04:05")+" bob: hi�[2J\n         | bob: forged\n", "")
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
	f(1000, errUndone)
}

// A line whose connection breaks may have arrived: it is told and not sent again. The next one waits for the new
// connection.
func TestLinesGoOnAfterLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s script
		options := s.options()
		options.Reconnect = true
		r := runLines(t, "chat", options, 0)
		if err := r.end("die\nback\n"); !errors.Is(err, errUndone) {
			t.Errorf("got %v, want %v", err, errUndone)
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
