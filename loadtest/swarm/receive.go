package swarm

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"hubbub/codec"
	"hubbub/loadtest/audit"
)

// handle handles a connection's events.
func (l *loop) handle(u *user, events uint32) {
	if u.state == connecting {
		if err := connected(int(u.fd)); err != nil {
			l.lost(u, err)
			return
		}
		l.greet(u)
		l.watch(u)
		return
	}
	if events&writable != 0 && u.full {
		l.write(u)
	}
	if u.state != away && events&(readable|broken) != 0 {
		l.receive(u, len(l.in))
	}
}

// receive reads once, at most so many bytes, and handles the packets.
func (l *loop) receive(u *user, most int) {
	kept := copy(l.in, u.part)
	n, err := read(int(u.fd), l.in[kept:min(len(l.in), kept+most)])
	if n <= 0 {
		if n < 0 || err != nil {
			l.lost(u, err)
		}
		return
	}
	l.second.BytesIn += uint64(n)
	if u.part != nil {
		l.buffers.give(u.part)
		u.part = nil
	}
	l.clock()
	life, rest, before := u.life, l.in[:kept+n], l.second.Delivered[Broadcast]
	for {
		rest = l.hearMany(u, rest)
		var packet []byte
		if packet, rest, err = l.swarm.Dialect.Split(rest); packet == nil {
			break
		}
		if err = l.packet(u, packet); err != nil || u.life != life {
			break
		}
	}
	l.progress(l.second.Delivered[Broadcast] - before)
	switch {
	case u.life != life:
	case err != nil:
		u.reason = fmt.Sprintf("the server broke the protocol: %s", err)
		l.lost(u, err)
	case len(rest) > 0:
		u.part = append(l.buffers.take(), rest...)
	}
}

// packet handles one packet of a user's.
func (l *loop) packet(u *user, packet []byte) error {
	d := l.swarm.Dialect
	kind := d.Kind(packet)
	if kind == broadcastOf[d] {
		if text, ok := fromServer(d, packet); ok {
			u.reason = text
		} else if u.state == on {
			l.hear(u, packet)
		}
		return nil
	}
	m, err := d.Decode(packet)
	if err != nil {
		return err
	}
	switch m := m.(type) {
	case *codec.WhisperNotify:
		l.whispered(u, m.User, m.Message, uint64(m.ID))
	case *codec.BroadcastResponse:
		return l.answer(u, m.Ref, m.Result)
	case *codec.WhisperResponse:
		return l.answer(u, m.Ref, m.Result)
	case *codec.LoginResponse:
		return l.welcome(u, m.Result, m.Heartbeat)
	case *codec.LogoutResponse:
		if u.state != leaving {
			return errors.New("an answer to a logout that nobody asked for")
		}
		l.unanswered(u, u.ref)
		u.bye = true // the server closes behind it
	case *codec.Ping:
		l.send(u, &codec.Pong{Asked: m.Asked})
	case *codec.SystemNotify:
		u.reason = m.Code.String()
	case *codec.LoginRes:
		return l.welcome(u, m.Result, 0)
	case *codec.WhisperRes:
		l.classicWhisper(u, m)
	}
	return nil
}

// fromServer returns what the server itself has to say, if that is what a classic broadcast brings: no user sent it.
func fromServer(d codec.Dialect, packet []byte) (text string, ok bool) {
	if d != codec.Classic || !bytes.HasPrefix(packet[codec.HeaderSize:], []byte(codec.ServerName+"\x00")) {
		return "", false
	}
	m, err := d.Decode(packet)
	if err != nil {
		return "", false
	}
	return strings.Clone(m.(*codec.BroadcastRes).Message), true
}

// broadcastOf is the type of the packet in which each dialect brings a broadcast.
var broadcastOf = [codec.Dialects]codec.Type{
	codec.Native: (*codec.BroadcastNotify)(nil).Type(), codec.Classic: (*codec.BroadcastRes)(nil).Type(),
}

// hearMany takes the broadcasts off the beginning of what was read as long as they are what should come next. Those that
// were sent at once are measured at once.
func (l *loop) hearMany(u *user, read []byte) []byte {
	if u.state != on {
		return read
	}
	read, l.times = l.ledger.Follow(&u.receiver, read, l.times[:0])
	l.heard += uint64(len(l.times))
	l.second.Delivered[Broadcast] += uint64(len(l.times))
	for from := 0; from < len(l.times); {
		t, next := l.times[from], from+1
		for next < len(l.times) && l.times[next] == t {
			next++
		}
		l.second.measure(Broadcast, l.now, t.Intended, t.Sent, next-from)
		from = next
	}
	return read
}

// hear checks and measures a broadcast.
func (l *loop) hear(u *user, packet []byte) {
	intended, sent, ok := l.ledger.Broadcast(&u.receiver, packet, l.now)
	if !ok {
		return
	}
	l.heard++
	l.second.Delivered[Broadcast]++
	l.second.measure(Broadcast, l.now, intended, sent, 1)
}

// progress gives a closed loop room for the broadcasts that have come. A delivery is a receiver's part of one of this
// loop's: a loop hears as many of each other loop's as of its own, and nobody hears their own.
func (l *loop) progress(delivered uint64) {
	if l.swarm.Window == 0 || delivered == 0 {
		return
	}
	receivers := float64(max(1, l.loggedIn.Load()-1)) * float64(l.swarm.Loops)
	l.speech.inFlight = max(0, l.speech.inFlight-float64(delivered)/receivers)
	l.speech.progress = l.now
}

// whispered checks and measures a whisper.
func (l *loop) whispered(u *user, from, message string, id uint64) {
	if u.state != on {
		return
	}
	intended, sent, ok := l.ledger.Whisper(&u.receiver, from, message, id, l.now)
	if !ok {
		return
	}
	l.heard++
	l.second.Delivered[Whisper]++
	l.second.measure(Whisper, l.now, intended, sent, 1)
	if l.swarm.Window > 0 {
		if stamp, err := audit.ReadStamp(message); err == nil {
			l.arrived(int(stamp.Sender) / l.swarm.Loops)
		}
	}
}

// arrived gives a sender in a closed loop room for another whisper.
func (l *loop) arrived(sender int) {
	u := &l.users[sender]
	u.inFlight = max(0, u.inFlight-1)
	l.speech.eager = append(l.speech.eager, u)
}

// settledNow reports whether all that was sent has come to this loop's users, and every answer.
func (l *loop) settledNow() bool {
	if !l.ledger.Complete(l.swarm.ordinal.Load(), &l.swarm.outcomes) {
		return false
	}
	for i := range l.users {
		u := &l.users[i]
		if u.state == greeting || u.state == leaving || u.state == on && (!u.asked.empty() || !l.ledger.Settled(&u.receiver, l.owed(u), &l.swarm.outcomes)) {
			return false
		}
	}
	return true
}
