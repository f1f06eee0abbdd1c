package handler

import (
	"strings"
	"time"

	"hubbub/codec"
	"hubbub/handler/charset"
	"hubbub/session"
)

// The border to classic clients. Inside everything is UTF-8 and every session speaks native; here a classic client's texts
// come in from its charset and go out in it, its line ends are taken off, and it is slowed instead of refused.

// The encodings of frames. A classic session reads one of the two others, and may change to the legacy one.
const (
	nativeForm session.Encoding = iota
	classicForm
	legacyForm // classic, in the charset that is not UTF-8
)

// DialectOf returns the dialect of an encoding. Anyone.
func DialectOf(e session.Encoding) codec.Dialect {
	if e == nativeForm {
		return codec.Native
	}
	return codec.Classic
}

// makeForms returns how packets are laid out in each encoding.
func makeForms(choice charset.Choice) (forms [session.Encodings]codec.Form) {
	for e := range forms {
		forms[e].Dialect = DialectOf(session.Encoding(e))
	}
	if choice.Legacy != nil {
		forms[legacyForm].Charset = choice.Legacy
	}
	return forms
}

// firstForm is the encoding of a session whose dialect was just found out.
func (c *Chat) firstForm(d codec.Dialect) session.Encoding {
	switch {
	case d == codec.Native:
		return nativeForm
	case c.config.Charset.Legacy != nil && !c.config.Charset.Auto:
		return legacyForm
	}
	return classicForm
}

// fromClassic makes UTF-8 of the texts of a message that a classic client sent, without the line ends behind them.
func (t *turn) fromClassic(m codec.Message) {
	const name, message = codec.ClassicNameBytes, codec.ClassicMessageBytes
	switch m := m.(type) {
	case *codec.LoginRequest:
		t.learn(name, m.Account, m.Password, m.User)
		m.Account, m.Password, m.User = t.text(m.Account, name), t.text(m.Password, name), t.text(m.User, name)
	case *codec.BroadcastRequest:
		t.learn(message, m.Message)
		m.Message = t.text(m.Message, message)
	case *codec.WhisperRequest:
		t.learn(name, m.To)
		t.learn(message, m.Message)
		m.To, m.Message = t.text(m.To, name), t.text(m.Message, message)
	}
}

// learn looks at the first texts of a client whose charset is not known: one that is not UTF-8 says that all are in the other
// charset, in both directions. field is how many bytes the texts' fields have.
func (t *turn) learn(field int, texts ...string) {
	if !t.chat.config.Charset.Auto || t.form.Charset != nil {
		return
	}
	for _, text := range texts {
		if _, valid := charset.UTF8(text, len(text) >= field); !valid {
			t.session.Recode(legacyForm)
			t.form = &t.chat.forms[legacyForm]
			return
		}
	}
}

// text returns a field's text as UTF-8. In a full field the last character may be cut in half, which is left away.
func (t *turn) text(raw string, field int) (text string) {
	cut := len(raw) >= field
	if t.form.Charset != nil {
		text = t.chat.config.Charset.Legacy.Decode(raw, cut)
	} else {
		text, _ = charset.UTF8(raw, cut)
	}
	text = strings.TrimRight(text, "\r\n")
	if strings.Contains(text, "\r\n") {
		text = strings.ReplaceAll(text, "\r\n", "\n") // as native clients write it
	}
	return text
}

// ignore counts a classic packet that means nothing, as the original does. A client that is not logged in may wait for an
// answer, and gets one.
func (t *turn) ignore(packet []byte) {
	t.chat.ignored.Add(1)
	if tell := t.chat.config.Ignored; tell != nil {
		tell(t.session, t.dialect.Kind(packet), len(packet))
	}
	if t.session.State() == session.Connected {
		t.out = t.form.Append(t.out[:0], &codec.SystemNotify{Code: codec.NotLoggedIn, Message: codec.NotLoggedIn.Text()})
		t.send()
	}
}

// slowed parks a classic session that sends faster than its rate, or its account's or address's, until there is a token,
// and reports whether it did. The original's clients show no refusal of a message, so theirs wait: on the strand, and when
// that is full, because the socket is not read, in the kernels' buffers. Otherwise it takes a token.
func (t *turn) slowed() bool {
	l, now := t.limits, int64(t.elapsed)
	if l.MessageRate == 0 && l.AddressRate == 0 {
		return false
	}
	shared := t.chat.acquireRates(t)
	own, address := intervalOf(l.MessageRate), intervalOf(l.AddressRate)
	wait := t.untilToken(shared)
	if wait == 0 && shared.Address != nil && !shared.Address.Take(now, address, l.AddressBurst) {
		wait = time.Nanosecond // another session was faster
	}
	if wait == 0 && shared.Account != nil && !shared.Account.Take(now, own, l.MessageBurst) {
		wait = time.Nanosecond
	}
	if wait == 0 {
		t.session.Rate().Take(now, own, l.MessageBurst)
		return false
	}
	t.session.ParkFor(wait, &resumption{then: func(*turn) error { return nil }})
	return true
}

// classicFarewell appends what tells a classic client, or one of which nothing is known, why its session ends: the failure
// of its login while it is not logged in, and the text from the server's user. Native clients speak first and at once, so
// whoever says nothing waits for a person at a classic one; the text is left away for the sake of those that do not.
func (c *Chat) classicFarewell(dst []byte, s *session.Session, code codec.Code, text string) []byte {
	if s.Former() == session.Connected {
		dst = codec.Classic.Append(dst, &codec.LoginRes{Result: code})
	}
	if !s.Known() {
		return dst
	}
	return c.forms[s.Encoding()].Append(dst, &codec.SystemNotify{Code: code, Message: text})
}

// Refusal is what a connection hears that gets no session, and of which nothing is known: the answer to a classic login.
func Refusal(code codec.Code) []byte {
	return codec.Classic.Append(nil, &codec.LoginRes{Result: code})
}

// ByDialect returns a value for the sessions of each encoding.
func ByDialect[T any](native, classic T) (values [session.Encodings]T) {
	for e := range values {
		if values[e] = classic; DialectOf(session.Encoding(e)) == codec.Native {
			values[e] = native
		}
	}
	return values
}
