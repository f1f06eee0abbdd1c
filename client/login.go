package client

import (
	"fmt"
	"time"

	"hubbub/codec"
)

// earlyMax is how many packets may come before the answer to the login. They are handled after it.
const earlyMax = 1000

// login asks for the user's name and reads until the server has granted or refused it.
func (l *link) login(o Options, since codec.ID) error {
	op := "log in as " + o.User
	request := &codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: o.User, Password: o.Password, Since: since}
	if err := l.client.fits(op, codec.NameInvalid, o.User, o.Password); err != nil {
		return err
	}
	begin := time.Now()
	if _, err := l.conn.Write(codec.Native.Append(nil, request)); err != nil {
		return err
	}
	for {
		m, err := l.next()
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *codec.LoginResponse:
			if m.Result != codec.Success {
				return refused(op, m.Result)
			}
			l.user, l.session = m.User, m.Session
			l.heartbeat = time.Duration(m.Heartbeat) * time.Second
			l.client.rtt.Store(int64(time.Since(begin)))
			return nil
		case *codec.SystemNotify: // instead of an answer: no place, too busy, shutting down
			return &Error{Op: op, Code: m.Code, Text: m.Message}
		default:
			if l.early = append(l.early, m); len(l.early) > earlyMax {
				return fmt.Errorf("it has sent %d packets and none is the answer", earlyMax)
			}
		}
	}
}
