package swarm

import "hubbub/codec"

// send queues a packet; flush writes it.
func (l *loop) send(u *user, m codec.Message) {
	if u.out == nil {
		u.out = l.buffers.take()
	}
	u.out = l.swarm.Dialect.Append(u.out, m)
	u.spoke = l.now
	if !u.queued {
		u.queued = true
		l.dirty = append(l.dirty, u)
	}
}

// flush writes what is queued.
func (l *loop) flush() {
	for _, u := range l.dirty {
		u.queued = false
		if u.out != nil && !u.full {
			l.write(u)
		}
	}
	l.dirty = l.dirty[:0]
}

// write writes what a socket takes, and has the rest written when it takes more.
func (l *loop) write(u *user) {
	n, err := write(int(u.fd), u.out)
	if err != nil {
		l.lost(u, err)
		return
	}
	l.second.BytesOut += uint64(n)
	if n == len(u.out) {
		l.buffers.give(u.out)
		u.out = nil
		if u.full {
			u.full = false
			l.watch(u)
		}
		return
	}
	u.out = u.out[:copy(u.out, u.out[n:])]
	if !u.full {
		u.full = true
		l.watch(u)
	}
}

// watch tells the poller what is waited for on a user's connection.
func (l *loop) watch(u *user) {
	var events uint32
	if !u.frozen && !u.slow {
		events = readable
	}
	if u.full {
		events |= writable
	}
	if err := l.poll.watch(int(u.fd), l.token(u), events, false); err != nil {
		l.lost(u, err)
	}
}
