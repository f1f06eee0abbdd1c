package handler

import "hubbub/codec"

// ping answers with a PONG of the same ref, before and after login.
func (t *turn) ping(m *codec.Ping) error {
	t.echo = codec.Pong{Asked: m.Asked}
	t.out = t.dialect.Append(t.out[:0], &t.echo)
	t.send()
	return nil
}

// pong says that what was sent before its PING has arrived.
func (t *turn) pong(m *codec.Pong) error {
	if m.Ref == confirmRef && t.session.Account() != 0 {
		t.confirmed()
	}
	return nil
}
