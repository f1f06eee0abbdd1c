package session

// A panic while a lane deals with one session is a defect, but the lane's other sessions have no part in it: the drain or
// the tick goes on with the next one. So that it doesn't happen again at the next drain, the session ends.

// guard is deferred by what deals with one session: it keeps a panic from going further, and ends the session. Loop.
func (l *Lane) guard(s *Session) {
	if value := recover(); value != nil {
		l.fail(s, value)
	}
}

// skip deals with a panic that a drain's current session caused.
func (l *Lane) skip(value any) {
	s, chain := l.current, l.chain
	if s == nil {
		panic(value) // no session's
	}
	l.current, l.chain = nil, -1
	l.fail(s, value)
	// Whatever else was to be done is lost, but neither its strand nor its slot may be.
	for i := chain; i >= 0; i = l.out.ops[i].next {
		switch l.out.ops[i].kind {
		case opWritten:
			s.resumes = s.awaiting // it may have come that far; that it is in the list twice does no harm
			l.awaited = append(l.awaited, s)
		case opSleep:
			l.sleepers = append(l.sleepers, sleeper{s, l.now, s.awaiting})
		case opFree:
			l.slab.put(s)
			return
		}
	}
}

// fail ends a session that made the loop panic: first as any other, with a farewell, and if that panics too, at once.
func (l *Lane) fail(s *Session, value any) {
	if report := l.hub.config.Panicked; report != nil {
		report(s, value)
	}
	s.muted = true // frames may be missing: nothing but the farewell may follow
	if s.conn == nil || s.End(ServerError, "") {
		return
	}
	defer func() {
		if value := recover(); value != nil && l.hub.config.Panicked != nil {
			l.hub.config.Panicked(s, value)
		}
	}()
	s.ending = true
	l.expel(s)
	l.unschedule(s)
	_ = s.conn.Close()
}
