package handler

import (
	"errors"
	"runtime/debug"
	"time"

	"hubbub/codec"
	"hubbub/session"
)

// packetsPerTurn is how many packets of one session a worker handles before others get their turn.
const packetsPerTurn = 16

// turn is a worker's time with one session: the session, the time, and buffers that are used again.
type turn struct {
	chat    *Chat
	session *session.Session
	dialect codec.Dialect
	form    *codec.Form // how the session's packets are laid out
	limits  *Limits
	tick    uint64        // the earliest that a message id may be of
	elapsed time.Duration // since the start, not of the clock: who sets that back must not make everybody's bucket empty
	left    int           // packets that this turn may still handle

	remark      remark // the message that is being sent
	decoder     codec.Decoder
	out         []byte
	broadcast   codec.BroadcastNotify
	broadcasted codec.BroadcastResponse
	whisper     codec.WhisperNotify
	whispered   codec.WhisperResponse
	echo        codec.Pong
}

// Turn handles what waits on a session's strand, and reports whether there is more for another turn. When it reports
// false the session may be gone and must not be touched. Strand.
func (c *Chat) Turn(s *session.Session) (again bool) {
	t := c.turns.Get().(*turn)
	t.session, t.form, t.left = s, &c.forms[s.Encoding()], packetsPerTurn
	t.dialect = t.form.Dialect
	now := c.config.Now()
	t.tick, t.elapsed, t.limits = codec.TickAt(now), now.Sub(c.begun), c.limits.Load()
	again = t.run()
	t.session = nil
	c.turns.Put(t)
	return again
}

func (t *turn) run() (again bool) {
	for t.left > 0 {
		e, ok := t.session.Take()
		switch {
		case !ok:
			return false
		case e.Closed != session.None:
			t.gone(e.Closed)
			return false
		case e.Resumed != nil:
			t.resume(e.Resumed.(*resumption))
		case e.Fault != nil:
			t.session.End(session.Violation, e.Fault.Error())
		default:
			t.packets(e.Packets)
		}
	}
	return true
}

// gone is the last thing on a session's strand.
func (t *turn) gone(why session.Reason) {
	t.session.Conclude(why)
	t.chat.releaseRates(t.session)
	if t.session.Account() != 0 {
		t.chat.unconfirmed.Delete(t.session.ID())
	}
	t.chat.config.Ended(t.session)
	t.session.Leave()
}

// recover is deferred by what handles requests. No panic gets past it: the session ends instead.
func (t *turn) recover() {
	if value := recover(); value != nil {
		t.chat.config.Panicked(t.session, value, debug.Stack())
		t.session.End(session.ServerError, "")
	}
}

// packets handles a run of packets, until the session is parked.
func (t *turn) packets(run []byte) {
	defer t.recover()
	for len(run) > 0 && t.session.State() != session.Disconnecting {
		if t.left == 0 || t.session.Parked() {
			t.session.PutBack(len(run))
			return
		}
		if t.session.Congested() {
			t.session.PutBack(len(run))
			t.session.ParkCongested(&resumption{then: func(*turn) error { return nil }})
			return
		}
		if t.dialect == codec.Classic && t.slowed() {
			t.session.PutBack(len(run))
			return
		}
		t.left--
		var packet []byte
		packet, run = t.dialect.Cut(run)
		t.packet(packet)
	}
}

func (t *turn) packet(packet []byte) {
	m, err := t.decoder.Decode(t.dialect, packet)
	switch {
	case err != nil:
		t.session.End(session.Violation, err.Error())
	case m == nil:
		t.ignore(packet)
	default:
		if t.dialect == codec.Classic {
			t.fromClassic(m)
		}
		t.chat.packets[m.Type()].Add(1)
		t.chat.config.Received(t.session, m)
		if err := t.handle(m); err != nil && !t.wait(m, err) {
			t.fail(m, err)
		}
	}
}

// handle lets a message through the gate that its row describes, to its handler.
func (t *turn) handle(m codec.Message) error {
	row := codec.Lookup(m.Type())
	early := row.Stage == codec.LoggedIn && t.session.State() == session.Connected
	if (row.Metered || early) && t.dialect == codec.Native && !t.allowed() {
		return &refusal{code: codec.RateLimited, wait: t.untilToken(t.session.Shared())}
	}
	if early {
		return codec.NotLoggedIn
	}
	return handlers[row.Type](t, m)
}

// fail answers a request that failed. It is the one place where errors become what the sender hears.
func (t *turn) fail(m codec.Message, err error) {
	code, known := codec.ServerError, true
	switch {
	case errors.As(err, &code):
	case errors.Is(err, session.ErrBusy):
		code = codec.ServerBusy
	default:
		known = false
	}
	if at := codeIndex(code); at >= 0 {
		t.chat.refused[at].Add(1)
	}
	if !known {
		t.session.End(session.ServerError, "")
		return
	}
	t.out = t.form.AppendFailure(t.out[:0], m, code, t.reasonOf(m, code, err))
	t.send()
}

// answer sends the session a response, unless its request asked for none.
func (t *turn) answer(m codec.Response) {
	if ref, _ := m.Outcome(); ref != 0 {
		t.out = t.form.Append(t.out[:0], m)
		t.send()
	}
}

func (t *turn) send() {
	if len(t.out) > 0 {
		t.session.Send(t.out)
	}
}

// handlers has one function for each packet that a client may send.
var handlers = [codec.TypeMax]func(*turn, codec.Message) error{
	codec.TypeRegisterRequest:  on((*turn).register),
	codec.TypePasswordRequest:  on((*turn).changePassword),
	codec.TypeLoginRequest:     on((*turn).login),
	codec.TypeLogoutRequest:    on((*turn).logout),
	codec.TypeBroadcastRequest: on((*turn).broadcastMessage),
	codec.TypeWhisperRequest:   on((*turn).whisperMessage),
	codec.TypeHistoryRequest:   on((*turn).page),
	codec.TypePing:             on((*turn).ping),
	codec.TypePong:             on((*turn).pong),
}

func on[M codec.Message](h func(*turn, M) error) func(*turn, codec.Message) error {
	return func(t *turn, m codec.Message) error { return h(t, m.(M)) }
}
