package term

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/internal/chattest"
)

// lineRun is a chat of alice's with what is written to in as its input.
type lineRun struct {
	in       *io.PipeWriter
	out, err bytes.Buffer // read them after the end
	cancel   context.CancelFunc
	result   chan error
}

func runLines(t *testing.T, addr string, options client.Options, exitAfter time.Duration) *lineRun {
	t.Helper()
	r := &lineRun{result: make(chan error, 1)}
	options.User = "alice"
	c, err := client.Dial(t.Context(), addr, options)
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

// sent writes a line and returns when it has been dealt with: the lines behind it are taken one by one.
func (r *lineRun) sent(line string) {
	for _, text := range []string{line, "\n", "\n"} {
		r.write(text)
	}
}

func (r *lineRun) end(text string) error {
	r.write(text)
	r.in.Close()
	return <-r.result
}

func (r *lineRun) wants(t *testing.T, out, err string) {
	t.Helper()
	if r.out.String() != out {
		t.Errorf("the output is\n%swant\n%s", r.out.String(), out)
	}
	if r.err.String() != err {
		t.Errorf("the errors are\n%swant\n%s", r.err.String(), err)
	}
}

// dial logs in as bob, to whom alice talks.
func dial(t *testing.T, s *chattest.Server) *client.Client {
	t.Helper()
	bob, err := client.Dial(t.Context(), s.Address, client.Options{User: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bob.Close() })
	return bob
}

// hears compares what bob has heard, in the form of the lines that say it. His goodbye is answered after all of it.
func hears(t *testing.T, bob *client.Client, want ...string) {
	t.Helper()
	var got []string
	for range want {
		switch e := (<-bob.Events()).(type) {
		case client.Message:
			got = append(got, e.Text)
		case client.Whisper:
			got = append(got, "/w bob "+e.Text)
		default:
			t.Errorf("bob got %#v", e)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("bob heard %q, want %q", got, want)
	}
	if err := bob.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	for e := range bob.Events() {
		t.Errorf("bob got %#v as well", e)
	}
}

func TestLinesAreSent(t *testing.T) {
	s := chattest.Serve(t)
	bob := dial(t, s)
	r := runLines(t, s.Address, client.Options{}, 0)
	if err := r.end("one\n\n//two\n/w bob three"); err != nil {
		t.Error(err)
	}
	r.wants(t, "", "")
	hears(t, bob, "one", "/two", "/w bob three")
}

// Nothing is taken off a line but its end, and off the input but a byte order mark.
func TestLinesAreSentAsTheyAre(t *testing.T) {
	s := chattest.Serve(t)
	bob := dial(t, s)
	r := runLines(t, s.Address, client.Options{}, 0)
	if err := r.end("\ufeff    one\r\n\ttwo \t\r\n\r\n   \n /w bob hi\n/w bob   whisper \n//quit\nlast  "); err != nil {
		t.Error(err)
	}
	r.wants(t, "", "")
	hears(t, bob, "    one", "\ttwo \t", " /w bob hi", "/w bob   whisper ", "/quit", "last  ")
}

func TestLinesArePrinted(t *testing.T) {
	s := chattest.Serve(t)
	bob := dial(t, s)
	r := runLines(t, s.Address, client.Options{}, 0)
	said, err := bob.Broadcast(t.Context(), "hi \u202e世界")
	if err != nil {
		t.Fatal(err)
	}
	whispered, err := bob.Whisper(t.Context(), "alice", "psst")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.end(""); err != nil {
		t.Error(err)
	}
	at := func(id codec.ID) string { return id.Time().Local().Format("15:04:05") }
	r.wants(t, at(said)+" bob: hi 世界\n"+at(whispered)+" bob whispers: psst\n", "")
}

func TestFailedLinesAreTold(t *testing.T) {
	s := chattest.Serve(t)
	bob := dial(t, s)
	r := runLines(t, s.Address, client.Options{}, 0)
	if err := r.end("one\n/w nobody hi\n/dance\n/r yes\nring\a\ntwo\n"); !errors.Is(err, errUndone) {
		t.Errorf("got %v, want %v", err, errUndone)
	}
	r.wants(t, "", "line 2: whisper to nobody: nobody of this name is logged in (USER_NOT_FOUND)\n"+
		"line 3: there is no command /dance; /help lists them, and //dance says it as it is\n"+
		"line 4: /r is for people; a script says /w NAME TEXT\n"+
		"line 5: broadcast: "+codec.MessageInvalid.Text()+" (MESSAGE_INVALID)\n")
	hears(t, bob, "one", "two")
}

// A script is slowed down to the server's rate and loses no line.
func TestLinesKeepTheRate(t *testing.T) {
	s := chattest.Serve(t, "--message-rate=10", "--message-burst=2")
	bob := dial(t, s)
	r := runLines(t, s.Address, client.Options{}, 0)
	if err := r.end("one\ntwo\nthree\nfour\n"); err != nil {
		t.Error(err)
	}
	r.wants(t, "", "")
	hears(t, bob, "one", "two", "three", "four")
}

func TestLinesEndWithTheConnection(t *testing.T) {
	s := chattest.Serve(t, "--duplicate-login=replace")
	r := runLines(t, s.Address, client.Options{Reconnect: true}, time.Hour)
	second := runLines(t, s.Address, client.Options{}, 0)
	if err := <-r.result; !errors.Is(err, codec.Replaced) || strings.HasPrefix(err.Error(), "client") {
		t.Errorf("got %v, want REPLACED", err)
	}
	r.wants(t, "", "the server says: you logged in from elsewhere; this connection is closed\n")
	if err := second.end(""); err != nil {
		t.Error(err)
	}
}

// Lines that come while the server is started anew wait for it.
func TestLinesGoOnAfterReconnect(t *testing.T) {
	s := chattest.Serve(t)
	gate := make(chan struct{}, 1) // attempts to connect wait here
	gate <- struct{}{}
	r := runLines(t, s.Address, client.Options{Reconnect: true, Dial: func(ctx context.Context, addr string) (net.Conn, error) {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return new(net.Dialer).DialContext(ctx, "tcp", addr)
	}}, 0)
	r.sent("one\n")
	s.StopIn(t)
	bob := dial(t, chattest.Serve(t, "--listen="+s.Address))
	close(gate)
	if err := r.end("two\n"); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"the server says: the server is shutting down", "trying again in", "connected again as alice"} {
		if !strings.Contains(r.err.String(), want) {
			t.Errorf("the errors are\n%swant %q in them", r.err.String(), want)
		}
	}
	hears(t, bob, "two")
}

func TestLinesStop(t *testing.T) {
	s := chattest.Serve(t)
	f := func(stop func(r *lineRun)) {
		t.Helper()
		r := runLines(t, s.Address, client.Options{}, time.Hour)
		r.sent("one\n")
		stop(r)
		if err := <-r.result; err != nil {
			t.Error(err)
		}
		r.wants(t, "", "")
	}
	f(func(r *lineRun) { r.cancel() })
	f(func(r *lineRun) { r.write("/quit\n") })
}

func TestTooLongLineEndsTheInput(t *testing.T) {
	s := chattest.Serve(t)
	r := runLines(t, s.Address, client.Options{}, 0)
	if err := r.end(strings.Repeat("x", 5000) + "\n"); !errors.Is(err, errUndone) {
		t.Errorf("got %v, want %v", err, errUndone)
	}
	r.wants(t, "", "line 1: a message has at most 1,024 bytes; this has 5,000\n")

	r = runLines(t, s.Address, client.Options{}, 0)
	go func() {
		r.write(strings.Repeat("x", 2*scanMax))
		r.in.Close()
	}()
	if err := <-r.result; !errors.Is(err, bufio.ErrTooLong) {
		t.Errorf("got %v, want %v", err, bufio.ErrTooLong)
	}
}
