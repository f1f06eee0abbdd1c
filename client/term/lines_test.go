package term

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/client"
	"hubbub/codec"
)

// script is a server that answers every request, in the way that its text asks for, and notes what it got.
type script struct {
	mu   sync.Mutex
	got  []string
	conn net.Conn
	busy int // how many more messages it refuses for being busy
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
	var decoder codec.Decoder
	for {
		packet, err := codec.Native.Next(in, nil, codec.MaxPacket)
		if err != nil {
			return
		}
		m, err := decoder.Decode(codec.Native, packet)
		if err != nil {
			return
		}
		conn.Write(s.answer(m))
		if m.Type() == codec.TypeLogoutRequest {
			return
		}
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
		switch {
		case m.Message == "die":
			s.conn.Close()
			return nil
		case s.busy > 0:
			s.busy--
			result = codec.ServerBusy
		default:
			s.got = append(s.got, m.Message)
		}
	case *codec.WhisperRequest:
		s.got = append(s.got, m.To+" < "+m.Message)
		if m.To == "nobody" {
			result = codec.UserNotFound
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

// run chats with what is written to the returned pipe as its input, until it ends.
type lineRun struct {
	server   script
	in       *io.PipeWriter
	out, err bytes.Buffer
	cancel   context.CancelFunc
	result   chan error
}

func runLines(t *testing.T, options client.Options, exitAfter time.Duration) *lineRun {
	r := &lineRun{result: make(chan error, 1)}
	options.User, options.Dial = "alice", r.server.dial
	c, err := client.Dial(t.Context(), "chat", options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	t.Cleanup(cancel)
	reader, writer := io.Pipe()
	r.in = writer
	t.Cleanup(func() { writer.Close() })
	chat := &lineChat{client: c, out: &r.out, err: &r.err, exitAfter: exitAfter}
	go func() { r.result <- chat.run(ctx, reader) }()
	return r
}

func (r *lineRun) write(text string) { io.WriteString(r.in, text) }

func (r *lineRun) end(text string) error {
	r.write(text)
	r.in.Close()
	return <-r.result
}

func (r *lineRun) wants(t *testing.T, out, err string, got ...string) {
	t.Helper()
	if r.out.String() != out {
		t.Errorf("the output is\n%swant\n%s", r.out.String(), out)
	}
	if r.err.String() != err {
		t.Errorf("the errors are\n%swant\n%s", r.err.String(), err)
	}
	if strings.Join(r.server.got, "\n") != strings.Join(got, "\n") {
		t.Errorf("the server got %q, want %q", r.server.got, got)
	}
}

func TestLinesAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runLines(t, client.Options{}, 0)
		if err := r.end("one\n\n//two\n/w bob three"); err != nil {
			t.Error(err)
		}
		r.wants(t, "", "", "one", "/two", "bob < three")
	})
}

func TestLinesArePrinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runLines(t, client.Options{}, time.Minute)
		id := codec.MakeID(codec.TickAt(noon), 0)
		r.server.say(&codec.BroadcastNotify{ID: id, User: "bob", Message: "hi\x1b[2J\nbob: forged"})
		r.server.say(&codec.WhisperNotify{ID: id, User: "bob", Message: "psst"})
		begin := time.Now()
		if err := r.end(""); err != nil {
			t.Error(err)
		}
		if passed := time.Since(begin); passed != time.Minute {
			t.Errorf("it stayed for %s", passed)
		}
		at := noon.Local().Format("15:04:05")
		r.wants(t, at+" bob: hi�[2J bob: forged\n"+at+" bob whispers: psst\n", "")
	})
}

func TestFailedLinesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runLines(t, client.Options{}, 0)
		if err := r.end("one\n/w nobody hi\n/dance\ntwo\n"); !errors.Is(err, errUnsent) {
			t.Errorf("got %v, want %v", err, errUnsent)
		}
		r.wants(t, "", "line 2: whisper to nobody: nobody of this name is logged in (USER_NOT_FOUND)\n"+
			"line 3: there is no command /dance; /help lists them, and //dance says it as it is\n",
			"one", "nobody < hi", "two")
	})
}

// A server that is busy for a moment costs no line; one that stays so does.
func TestLinesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runLines(t, client.Options{}, 0)
		r.server.busy = 3
		if err := r.end("one\n"); err != nil {
			t.Error(err)
		}
		r.wants(t, "", "", "one")
	})
	synctest.Test(t, func(t *testing.T) {
		r := runLines(t, client.Options{}, 0)
		r.server.busy = 1000
		if err := r.end("one\n"); !errors.Is(err, errUnsent) {
			t.Error(err)
		}
	})
}

func TestLinesEndWithTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runLines(t, client.Options{}, time.Hour)
		r.server.say(&codec.SystemNotify{Code: codec.Kicked, Message: "out"})
		r.server.conn.Close()
		if err := <-r.result; !errors.Is(err, codec.Kicked) || strings.HasPrefix(err.Error(), "client") {
			t.Errorf("got %v, want KICKED", err)
		}
		r.wants(t, "", "the server says: out\n")
	})
}

func TestLinesGoOnAfterReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runLines(t, client.Options{Reconnect: true, RetryMin: time.Second}, 0)
		if err := r.end("die\nback\n"); !errors.Is(err, errUnsent) { // whether "die" arrived is not known
			t.Error(err)
		}
		if got := r.server.got; len(got) != 1 || got[0] != "back" {
			t.Errorf("the server got %q", got)
		}
		for _, want := range []string{"line 1: broadcast: the connection was lost", "trying again in", "connected again as alice"} {
			if !strings.Contains(r.err.String(), want) {
				t.Errorf("the errors are\n%swant %q in them", r.err.String(), want)
			}
		}
	})
}

func TestLinesStop(t *testing.T) {
	f := func(stop func(r *lineRun)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			r := runLines(t, client.Options{}, time.Hour)
			r.write("one\n")
			begin := time.Now()
			stop(r)
			if err := <-r.result; err != nil || time.Since(begin) > 0 {
				t.Errorf("after %s: %v", time.Since(begin), err)
			}
			r.wants(t, "", "", "one")
		})
	}
	f(func(r *lineRun) { synctest.Wait(); r.cancel() })
	f(func(r *lineRun) { r.write("/quit\n") })
}

func TestTooLongLineEndsTheInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runLines(t, client.Options{}, 0)
		if err := r.end(strings.Repeat("x", 5000) + "\n"); !errors.Is(err, errUnsent) {
			t.Errorf("got %v, want %v", err, errUnsent)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		r := runLines(t, client.Options{}, 0)
		go func() {
			r.write(strings.Repeat("x", 2*scanMax))
			r.in.Close()
		}()
		if err := <-r.result; !errors.Is(err, bufio.ErrTooLong) {
			t.Errorf("got %v, want %v", err, bufio.ErrTooLong)
		}
	})
}
