package handler

import (
	"bytes"
	"context"
	"net/netip"
	"sync"

	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/session"
)

// cheap makes hashes that are broken in no time.
var cheap = account.Hasher{Memory: 8, Time: 1, Threads: 1}

const password = "correct horse"

// hall is a Chat with a database whose loop, workers and clients are the test, in a bubble: what waits for the database
// goes on when the test lets time pass.
type hall struct {
	t       rapid.TB
	chat    *Chat
	lane    *session.Lane
	cabinet *cabinet

	mu    sync.Mutex // the database's jobs resume strands
	ready []*session.Session
	woken bool

	told    []account.Revocation // by Revoke, which one goroutine calls
	revoked int64                // the newest revocation that it has seen
	polls   bool                 // whether the names are kept true each second, as by a server
	polled  time.Time
}

func newHall(t rapid.TB, accounts ...string) *hall { return openHall(t, newCabinet(accounts...)) }

// openHall is newHall with a database that there was before.
func openHall(t rapid.TB, c *cabinet) *hall {
	h := &hall{t: t, cabinet: c}
	newest, _, _ := c.Bounds(context.Background())
	aside := func(job Job) bool { go job.Run(); return true }
	h.chat = New(Config{
		Limits: Limits{PacketBytesMax: 4096, MessageBytesMax: 1024, QueueBytesMax: 1 << 20},
		Sessions: session.Config{
			Limits:   session.Limits{SessionsMax: 1000, OutboxBytes: 1 << 20, LaneBytes: 1 << 20, StrandBytes: 1 << 20, Linger: time.Second},
			Schedule: func(s *session.Session) { h.mu.Lock(); h.ready = append(h.ready, s); h.mu.Unlock() },
		},
		Now: time.Now, Ended: func(*session.Session) {}, Received: func(*session.Session, codec.Message) {},
		Panicked: func(_ *session.Session, value any, stack []byte) { t.Errorf("%v\n%s", value, stack) },
		Accounts: c, History: c, Newest: newest, Hash: aside, Fetch: aside,
		Unavailable: func(what string, err error) { t.Error(what, err) },
		Revoked:     func(r account.Revocation) { h.told = append(h.told, r) },
		Unkept:      func(error) {}, Kept: func(int, time.Duration) {},
	})
	h.chat.hasher = cheap
	h.lane = h.chat.Hub.AddLane(time.Now(), func() { h.mu.Lock(); h.woken = true; h.mu.Unlock() })
	go h.chat.Journal().Run()
	return h
}

// close ends the journal, without which the bubble would not end.
func (h *hall) close() {
	h.pass(time.Minute)
	if err := h.chat.Journal().Close(context.Background()); err != nil {
		h.t.Error(err)
	}
	h.settle()
}

// step lets one strand or the lane go on, and reports whether there was anything to do.
func (h *hall) step() bool {
	synctest.Wait()
	h.mu.Lock()
	var next *session.Session
	woken := h.woken
	if len(h.ready) > 0 {
		next, h.ready = h.ready[0], h.ready[1:]
	} else {
		h.woken = false
	}
	h.mu.Unlock()
	switch {
	case next != nil:
		if h.chat.Turn(next) {
			h.mu.Lock()
			h.ready = append(h.ready, next)
			h.mu.Unlock()
		}
	case woken:
		for paused := h.lane.Drain(); paused; paused = h.lane.Resume() {
		}
	default:
		return false
	}
	return true
}

// settle has everything happen that does not wait for the database.
func (h *hall) settle() {
	for h.step() {
	}
}

// pass lets time pass, and everything happen in it.
func (h *hall) pass(d time.Duration) {
	for end := time.Now().Add(d); ; {
		h.settle()
		if h.polls && time.Since(h.polled) >= time.Second {
			h.poll()
		}
		h.lane.Tick(time.Now())
		h.settle()
		if !time.Now().Before(end) {
			return
		}
		<-time.After(min(100*time.Millisecond, time.Until(end)))
	}
}

// visitor is a client with its connection.
type visitor struct {
	hall         *hall
	session      *session.Session
	dialect      codec.Dialect
	bytes.Buffer        // what the client has
	held         []byte // what the kernel did not take, because the client does not read
	stuck        bool
	shut         bool
	unpausable   bool // its loop can't stop reading
}

// visit connects a client.
func (h *hall) visit(d codec.Dialect) *visitor {
	v := &visitor{hall: h, dialect: d}
	v.session, _ = h.lane.Open(v, netip.AddrPort{}, session.None, 0)
	v.session.SetEncoding(session.Encoding(d))
	return v
}

// Write implements session.Conn.
func (v *visitor) Write(p []byte) (int, error) {
	if v.stuck || len(v.held) > 0 {
		v.held = append(v.held, p...)
		return len(p), nil
	}
	return v.Buffer.Write(p)
}

func (*visitor) Descriptor() int32        { return -1 }
func (v *visitor) OutboundBuffered() int  { return len(v.held) }
func (*visitor) Flush() error             { return nil }
func (v *visitor) PauseReading(bool) bool { return !v.unpausable }
func (v *visitor) CloseWrite() error      { v.shut = true; return nil }
func (v *visitor) Close() error           { return nil }
func (v *visitor) Abort() error           { return nil }

// reads lets the client read on.
func (v *visitor) reads() {
	v.stuck = false
	v.Buffer.Write(v.held)
	v.held = nil
}

// say sends messages to the server, which gets round to them later.
func (v *visitor) say(messages ...codec.Message) {
	var packets []byte
	for _, m := range messages {
		packets = v.dialect.Append(packets, m)
	}
	v.session.Receive(packets)
}

// leave breaks the connection.
func (v *visitor) leave() { v.hall.lane.Closed(v.session, session.ClientClosed) }

// hears returns what has arrived since it was asked last, in codec's textual form.
func (v *visitor) hears() (out []string) {
	v.hall.t.Helper()
	for run := v.Bytes(); len(run) > 0; {
		var packet []byte
		packet, run = v.dialect.Cut(run)
		m, err := v.dialect.Decode(packet)
		if err != nil {
			v.hall.t.Fatal(err)
		}
		out = append(out, codec.Format(m))
	}
	v.Reset()
	return out
}
