package client

import "time"

// write sends what is in the outbox and keeps the heartbeat, until the connection ends. It is the writer's goroutine.
func (l *link) write() {
	beat := heartbeat{link: l}
	tick := time.NewTicker(l.interval())
	defer tick.Stop()
	var buf []byte
	for {
		select {
		case <-l.done:
			return
		case <-tick.C:
			if !beat.tick() {
				l.end(failed("connection to "+l.client.addr, ErrSilent))
			}
		case <-l.out.kick:
			buf = l.out.take(buf)
			l.conn.SetWriteDeadline(time.Now().Add(l.client.options.WriteTimeout))
			if _, err := l.conn.Write(buf); err != nil {
				l.endWriting(err)
				return
			}
		}
	}
}

// endWriting ends a connection that takes nothing any more. When the server closed it, it may have said why: the reader
// gets a moment to find that.
func (l *link) endWriting(err error) {
	grace := time.NewTimer(time.Second)
	defer grace.Stop()
	select {
	case <-l.done:
	case <-grace.C:
	}
	l.end(broken(l.client.addr, err))
}
