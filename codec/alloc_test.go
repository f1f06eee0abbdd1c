//go:build !race

// The race detector makes sync.Pool drop entries at random, so that allocations can't be counted under it.

package codec

import (
	"strings"
	"testing"
)

// hot are the messages that a busy server handles all the time, as the server writes them in each dialect.
var hot = []Message{
	&LoginRequest{Asked: Asked{1}, User: "alice", Password: "secret"},
	&LogoutRequest{Asked{1}},
	&BroadcastRequest{Asked{1}, strings.Repeat("x", 64)},
	&BroadcastResponse{Answer: Answer{1, Success}, ID: 1 << 40},
	&BroadcastNotify{ID: 1 << 40, User: "alice", Message: strings.Repeat("x", 64)},
	&WhisperRequest{Asked{1}, "bob", strings.Repeat("x", 64)},
	&WhisperResponse{Answer: Answer{1, Success}, ID: 1 << 40},
	&WhisperNotify{ID: 1 << 40, User: "alice", Message: strings.Repeat("x", 1024)},
	&Ping{Asked{1}},
	&Pong{Asked{1}},
}

func TestAppendAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, ClassicMax)
	for d := range Dialect(Dialects) {
		for _, m := range hot {
			if n := testing.AllocsPerRun(1000, func() { dst = d.Append(dst[:0], m) }); n != 0 {
				t.Errorf("%s: writing a %s allocates %v times", d, Name(m), n)
			}
		}
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	f := func(d Dialect, m Message) {
		t.Helper()
		packet := d.Append(nil, m)
		dec := new(Decoder)
		if n := testing.AllocsPerRun(1000, func() { _, _ = dec.Decode(d, packet) }); n != 0 {
			t.Errorf("%s: reading a %s allocates %v times", d, Name(m), n)
		}
	}
	for _, m := range hot {
		if Lookup(m.Type()).To&ToServer != 0 {
			f(Native, m)
		}
	}
	f(Classic, &LoginReq{"id", "pw", "alice"})
	f(Classic, &BroadcastReq{"hi"})
	f(Classic, &WhisperReq{"bob", "hi"})
}

func TestFramingAllocatesNothing(t *testing.T) {
	for d := range Dialect(Dialects) {
		stream := d.Append(nil, &BroadcastNotify{ID: 1, User: "alice", Message: "hi"})
		src := &pieces{}
		dst := make([]byte, 0, ClassicMax)
		n := testing.AllocsPerRun(1000, func() {
			src.seen = stream
			if _, err := Detect(src); err != nil {
				t.Fatal(err)
			}
			var err error
			if dst, err = d.Next(src, dst[:0], limit); err != nil {
				t.Fatal(err)
			}
			d.Cut(dst)
			if _, err = d.Next(src, dst, limit); err == nil {
				t.Fatal("a packet out of nothing")
			}
		})
		if n != 0 {
			t.Errorf("%s: framing allocates %v times a packet", d, n)
		}
	}
}

func TestAppendFailureAllocatesLittle(t *testing.T) {
	dst := make([]byte, 0, ClassicMax)
	request := &BroadcastRequest{Asked: Asked{1}}
	// The answer itself; it is made by the table's New.
	if n := testing.AllocsPerRun(1000, func() { dst = Native.AppendFailure(dst[:0], request, ServerBusy) }); n > 1 {
		t.Errorf("telling a failure allocates %v times", n)
	}
}
