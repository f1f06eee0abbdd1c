package session

// member is a session that is logged in, with what a broadcast needs of it most of the time. The sessions themselves lie
// scattered, and so do their connections: from one write to the next the kernel pushes them out of the processor's
// cache. This list lies in a row and costs a part of what they would.
type member struct {
	session    *Session
	epoch      uint32 // the last drain that dealt with it
	descriptor int32  // for Config.WriteDirect; -1: write through its Conn
	slow       bool   // it may have bytes that the kernel did not take: ask its Conn
}

// admit makes a session one of those whom broadcasts reach.
func (l *Lane) admit(s *Session) {
	m := member{session: s, epoch: l.epoch, descriptor: -1, slow: s.conn.OutboundBuffered() > 0}
	if l.hub.config.WriteDirect != nil {
		m.descriptor = s.conn.Descriptor()
	}
	s.member = int32(len(l.members[s.form]))
	l.members[s.form] = append(l.members[s.form], m)
	l.schedule(s)
}

// expel takes the session out of the members.
func (l *Lane) expel(s *Session) {
	if s.member < 0 {
		return
	}
	list := l.members[s.form]
	last := list[len(list)-1]
	list[s.member], last.session.member = last, s.member
	list[len(list)-1] = member{}
	l.members[s.form] = list[:len(list)-1]
	s.member = -1
}

// memberOf returns the session's entry, nil while it is not logged in. It is valid until somebody comes or goes.
func (l *Lane) memberOf(s *Session) *member {
	if s.member < 0 {
		return nil
	}
	return &l.members[s.form][s.member]
}

// everybody writes the shared frames to the members of one encoding that were not dealt with yet, and reports whether
// it came to the end within the budget.
func (l *Lane) everybody(e Encoding) bool {
	shared, frames := l.out.shared[e], l.out.frames[e]
	if len(shared) == 0 {
		return true
	}
	if l.place.member == unset {
		l.place.member = len(l.members[e])
	}
	l.chain = -1
	price := cost(len(shared))
	// Backwards, because a write that fails closes its connection underneath, which moves the last member into its
	// place. The epoch keeps one who was moved that way from being written to twice.
	for i := l.place.member - 1; i >= 0; i-- {
		if l.budget <= 0 {
			l.place.member = i + 1
			return false
		}
		if i >= len(l.members[e]) {
			continue
		}
		m := &l.members[e][i]
		if m.epoch == l.epoch {
			continue
		}
		m.epoch = l.epoch
		l.budget -= price
		l.current = m.session
		if rest := l.direct(m, shared); len(rest) == 0 || l.buffer(m.session, rest) {
			l.written.add(frames, len(shared))
		}
	}
	return true
}

// cost is what a write takes of a drain's budget. 32 KiB take about twice what the call itself does; a smaller unit made loops
// look at their sockets in the middle of a drain to 1,000, and so cut the next batches in half.
func cost(bytes int) int { return 1 + bytes>>15 }

// write hands a session its own batch.
func (l *Lane) write(s *Session, batch []byte, frames int) {
	rest := batch
	if m := l.memberOf(s); m != nil && len(rest) > 0 {
		rest = l.direct(m, batch)
	}
	if len(batch) > 0 && (len(rest) == 0 || l.buffer(s, rest)) {
		l.written.add(frames, len(batch))
	}
}

// direct writes to a member with nothing waiting, past its Conn, and returns what the kernel did not take.
func (l *Lane) direct(m *member, batch []byte) (rest []byte) {
	if m.slow || m.descriptor < 0 {
		return batch
	}
	return batch[l.hub.config.WriteDirect(m.descriptor, batch):]
}

// buffer writes to a session's Conn, which keeps what the kernel does not take, or ends the session when its outbox
// would overflow. It reports whether it wrote. One that has nothing waiting may get a batch of any size, which is
// bounded by the lane's inbox; that is also what lets the rest of a direct write always through.
func (l *Lane) buffer(s *Session, batch []byte) bool {
	if s.muted {
		return false
	}
	waiting := s.conn.OutboundBuffered()
	if waiting > 0 && s.held >= 0 {
		if s.conn.Flush() != nil { // nobody else does while the socket is not waited for
			return false
		}
		waiting = s.conn.OutboundBuffered()
	}
	if waiting > 0 && waiting+len(batch) > l.limits().OutboxBytes {
		s.muted = true
		s.End(SlowConsumer, "")
		return false
	}
	// An error has closed the connection, and Closed has been called: the session is no member any more.
	if _, err := s.conn.Write(batch); err == nil {
		waiting = s.conn.OutboundBuffered()
		if s.unread.Load() != int64(waiting) {
			s.unread.Store(int64(waiting))
		}
		if m := l.memberOf(s); m != nil {
			m.slow = waiting > 0
		}
		if waiting > 0 || s.outboxMemory > 0 {
			l.noteOutbox(s, waiting, 1)
		}
	}
	return true
}
