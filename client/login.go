package client

import (
	"fmt"
	"time"

	"hubbub/codec"
)

// earlyMax is how many packets may come before the answer to the first request. They are handled after it.
const earlyMax = 1000

// login asks for the user's name and reads until the server has granted or refused it.
func (l *link) login(user, password string, since codec.ID) error {
	op := "log in as " + user
	request := &codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: user, Password: password, Since: since}
	if err := l.client.fits(op, codec.NameInvalid, user, password); err != nil {
		return err
	}
	begin := time.Now()
	answer, err := first[*codec.LoginResponse](l, op, request)
	if err != nil {
		return err
	}
	l.user, l.session = answer.User, answer.Session
	l.heartbeat = time.Duration(answer.Heartbeat) * time.Second
	l.gap = Gap{Since: since, Upto: answer.Gap}
	l.client.limits.Store(&Limits{MessageBytes: int(answer.MaxMessage), PacketBytes: int(answer.MaxPacket),
		Rate: int(answer.Rate), Burst: int(answer.Burst)})
	l.client.online.Store(int64(answer.Online))
	if since == 0 { // else what comes up to Latest is still to come
		l.client.last.Store(uint64(answer.Latest))
	}
	l.client.rtt.Store(int64(time.Since(begin)))
	return nil
}

// first makes the first request of a connection, and reads until an R answers it.
func first[R codec.Response](l *link, op string, request codec.Request) (none R, err error) {
	if _, err := l.conn.Write(codec.Native.Append(nil, request)); err != nil {
		return none, err
	}
	for {
		m, err := l.next()
		if err != nil {
			return none, err
		}
		switch m := m.(type) {
		case R:
			if _, result := m.Outcome(); result != codec.Success {
				return none, refused(op, m)
			}
			return m, nil
		case *codec.SystemNotify: // instead of an answer: no place, too busy, shutting down
			return none, &Error{Op: op, Code: m.Code, Text: m.Message}
		default:
			if l.early = append(l.early, m); len(l.early) > earlyMax {
				return none, fmt.Errorf("it has sent %d packets and none is the answer", earlyMax)
			}
		}
	}
}
