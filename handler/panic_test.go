package handler

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/session"
)

// recorder is a connection that takes everything at once.
type recorder struct {
	bytes.Buffer
	shut bool
}

func (*recorder) Descriptor() int32      { return -1 }
func (*recorder) OutboundBuffered() int  { return 0 }
func (*recorder) Flush() error           { return nil }
func (*recorder) PauseReading(bool) bool { return true }
func (*recorder) Close() error           { return nil }
func (*recorder) Abort() error           { return nil }

func (r *recorder) CloseWrite() error {
	r.shut = true
	return nil
}

// house is a Chat whose worker and loop are the test.
type house struct {
	chat  *Chat
	lane  *session.Lane
	ready []*session.Session

	panics int // that were reported
}

func newHouse(received func(*session.Session, codec.Message)) *house {
	h := &house{}
	h.chat = New(Config{
		Limits: Limits{PacketBytesMax: 4096, MessageBytesMax: 1024},
		Sessions: session.Config{
			Limits:   session.Limits{SessionsMax: 10, OutboxBytes: 1 << 20, LaneBytes: 1 << 20, StrandBytes: 1 << 20, Linger: time.Second},
			Schedule: func(s *session.Session) { h.ready = append(h.ready, s) },
		},
		Now: time.Now, Ended: func(*session.Session) {}, Received: received,
		Panicked: func(*session.Session, any, []byte) { h.panics++ },
	})
	h.lane = h.chat.Hub.AddLane(time.Now(), func() {})
	return h
}

// say has a client send messages, and everything that follows happen.
func (h *house) say(s *session.Session, messages ...codec.Message) {
	var packets []byte
	for _, m := range messages {
		packets = codec.Native.Append(packets, m)
	}
	s.Receive(packets)
	for len(h.ready) > 0 {
		next := h.ready[0]
		if h.ready = h.ready[1:]; h.chat.Turn(next) {
			h.ready = append(h.ready, next)
		}
	}
	h.lane.Drain()
}

// heard returns what a client got, in codec's textual form.
func heard(t *testing.T, r *recorder) (out []string) {
	t.Helper()
	for run := r.Bytes(); len(run) > 0; {
		var packet []byte
		packet, run = codec.Native.Cut(run)
		m, err := codec.Native.Decode(packet)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, codec.Format(m))
	}
	r.Reset()
	return out
}

func TestAPanicEndsItsSessionOnly(t *testing.T) {
	h := newHouse(func(_ *session.Session, m codec.Message) {
		if b, ok := m.(*codec.BroadcastRequest); ok && b.Message == "boom" {
			panic("a defect")
		}
	})
	var conns [2]recorder
	var sessions [2]*session.Session
	for i, name := range []string{"alice", "bob"} {
		sessions[i], _ = h.lane.Open(&conns[i], netip.AddrPort{}, session.None, 0)
		sessions[i].SetEncoding(nativeForm)
		h.say(sessions[i], &codec.LoginRequest{User: name})
		heard(t, &conns[i])
	}
	ping, boom := &codec.Ping{Asked: codec.Asked{Ref: 1}}, &codec.BroadcastRequest{Message: "boom"}
	h.say(sessions[0], ping, boom, ping)
	h.say(sessions[1], ping)

	want := []string{"Pong ref=1", `SystemNotify code=SERVER_ERROR message="the server failed; it has been logged"`}
	if got := heard(t, &conns[0]); len(got) != 2 || got[0] != want[0] || got[1] != want[1] || !conns[0].shut {
		t.Errorf("whose packet made the server panic heard %q and is closed: %t", got, conns[0].shut)
	}
	if got := heard(t, &conns[1]); len(got) != 1 || got[0] != want[0] || conns[1].shut {
		t.Errorf("another one heard %q and is closed: %t", got, conns[1].shut)
	}
	if h.panics != 1 || sessions[0].Reason() != session.ServerError {
		t.Errorf("%d panics were reported, reason %s", h.panics, sessions[0].Reason())
	}
}
