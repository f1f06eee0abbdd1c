package client

import (
	"bufio"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"hubbub/codec"
)

// readBuffer is the size in bytes of a connection's read buffer until a larger packet comes.
const readBuffer = 4096

// link is one connection, from its dialling to its loss. A client that reconnects goes through several.
type link struct {
	// Static after construction.
	client *Client
	conn   net.Conn
	out    *outbox
	done   chan struct{} // closed when the connection is over; err is set then

	// Owned by the reader; before the login is answered, by connect.
	in     *bufio.Reader
	ending *codec.SystemNotify // the reason that the server gave for closing the connection
	early  []codec.Message     // what came before the answer to the first request

	// Set by the login, then static.
	user      string
	session   uint64
	heartbeat time.Duration // 0: the server does not ask for one
	gap       Gap           // Upto is 0 when there is none

	heard atomic.Uint64 // the packets that were read and handled
	marks atomic.Uint64 // the outbox's marks that were answered

	mu    sync.Mutex
	err   error
	ref   uint32          // of the last request
	calls map[uint32]call // the requests that wait for an answer
}

type call struct {
	answer chan codec.Message // holds one
	sent   time.Time
}

func newLink(c *Client, conn net.Conn) *link {
	return &link{
		client: c,
		conn:   conn,
		out:    newOutbox(),
		done:   make(chan struct{}),
		in:     bufio.NewReaderSize(conn, readBuffer),
		calls:  map[uint32]call{},
	}
}

// end closes the connection. The first reason is kept.
func (l *link) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
		close(l.done)
		l.conn.Close()
	}
}

func (l *link) reason() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// next reads the next packet that can be decoded. Others are of a later version of the protocol: they end where their
// header says, so they can be passed over.
func (l *link) next() (codec.Message, error) {
	for {
		// The packet's bytes become the strings of the event: they are copied out of the buffer once.
		packet, err := codec.Native.Next(l.in, nil, codec.MaxPacket)
		if errors.Is(err, bufio.ErrBufferFull) {
			l.in = bufio.NewReaderSize(l.in, codec.MaxPacket)
			continue
		}
		if err != nil {
			return nil, err
		}
		m, err := codec.Native.Decode(packet)
		if err == nil {
			return m, nil
		}
	}
}

// read handles what comes until the connection ends, and says why it did.
func (l *link) read() error {
	for _, m := range l.early {
		l.handle(m)
	}
	l.early = nil
	for {
		m, err := l.next()
		if err != nil {
			if l.ending != nil {
				err = &Error{Op: "the server closed the connection", Code: l.ending.Code, Text: l.ending.Message}
			} else {
				err = broken(l.client.addr, err)
			}
			l.end(err)
			return l.reason()
		}
		l.handle(m)
		l.heard.Add(1)
	}
}

func (l *link) handle(m codec.Message) {
	inbox := l.client.inbox
	if l.ending != nil && !ends(l.ending.Code) {
		l.ending = nil // it did not end the connection
	}
	switch m := m.(type) {
	case *codec.BroadcastNotify:
		if l.client.news(m.ID) {
			inbox.put(Message{m.ID, m.User, m.Message, m.Flags&codec.Replayed != 0, apart(m.ID, m.At)})
		}
	case *codec.WhisperNotify:
		if l.client.news(m.ID) {
			inbox.put(Whisper{m.ID, m.User, m.Message, m.Flags&codec.Replayed != 0, apart(m.ID, m.At)})
		}
	case *codec.GapNotify:
		l.client.miss(Gap{Since: m.After, Upto: m.Upto})
	case *codec.SystemNotify:
		l.ending = m
		if m.Code == codec.RateLimited { // of all that the client sends, only a PING has no answer that says so
			if ref, ok := l.out.refused(); ok {
				l.answer(ref, m)
			}
		}
		inbox.put(Notice{m.Code, m.Message})
	case *codec.Ping:
		l.out.urge(&codec.Pong{Asked: codec.Asked{Ref: m.Ref}})
	case *codec.Pong:
		l.out.ponged(m.Ref)
		if m.Ref == markRef {
			l.marks.Add(1)
			return
		}
		l.answer(m.Ref, m)
	case codec.Response:
		ref, result := m.Outcome()
		if op := operation(m); !l.answer(ref, m) && result != codec.Success && op != "" {
			l.client.refusals.Add(1)
			inbox.put(Refused{op, result, explained(m).After()})
		}
	}
}

// ends reports whether a notice of this code announces the end of the connection, although other packets may come
// before it. One of another code is the reason of an end that follows at once.
func ends(code codec.Code) bool {
	switch code {
	case codec.InvalidPacket, codec.Replaced, codec.SlowConsumer, codec.IdleTimeout, codec.LoginTimeout,
		codec.ShuttingDown, codec.NameTaken, codec.Kicked, codec.ServerError:
		return true
	}
	return false
}

// operation is what an answer was about, of what may be sent without waiting for one; else it is empty.
func operation(m codec.Message) string {
	switch m.Type() {
	case codec.TypeBroadcastResponse:
		return "broadcast"
	case codec.TypeWhisperResponse:
		return "whisper"
	}
	return ""
}

// answer hands m to the request that waits for it.
func (l *link) answer(ref uint32, m codec.Message) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	call, ok := l.calls[ref]
	if !ok {
		return false
	}
	delete(l.calls, ref)
	call.answer <- m
	if m.Type() == codec.TypePong {
		l.client.rtt.Store(int64(time.Since(call.sent)))
	}
	return true
}

// begin numbers a request and notes that it waits.
func (l *link) begin() (ref uint32, answer <-chan codec.Message) {
	c := call{answer: make(chan codec.Message, 1), sent: time.Now()}
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		l.ref = (l.ref + 1) % markRef
		if _, used := l.calls[l.ref]; l.ref != 0 && !used {
			l.calls[l.ref] = c
			return l.ref, c.answer
		}
	}
}

func (l *link) forget(ref uint32) {
	l.mu.Lock()
	delete(l.calls, ref)
	l.mu.Unlock()
}
