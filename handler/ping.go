package handler

import "hubbub/codec"

// ping answers with a PONG of the same ref, before and after login.
func (t *turn) ping(m *codec.Ping) error {
	t.echo = codec.Pong{Asked: m.Asked}
	t.out = t.dialect.Append(t.out[:0], &t.echo)
	t.send()
	return nil
}

// pong is news only in that something arrived, which the loop has noted.
func (t *turn) pong(*codec.Pong) error { return nil }
