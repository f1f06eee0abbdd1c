package session

// place is where a drain goes on after a pause: first the special sessions, then everybody else by encoding.
type place struct {
	special  int
	encoding int
	member   int // members below this index are still to be written to
}

// writesPerSlice is Lane.slice, in writes of up to 32 KiB: some 5 ms of a busy core, 15 when they are that long.
const writesPerSlice = 1024

// Drain sends everything that was posted since the last drain, at most one write a session. It reports true when it
// stopped short, because as many writes as one look at the sockets allows are done: then Resume must be called once the
// loop has looked at its sockets, and until then Drain does nothing. What counts are all writes since that look, so that
// small drains which follow each other without end can't keep the loop from reading either. Loop.
func (l *Lane) Drain() (paused bool) {
	if l.paused || !l.draining && !l.armed.Load() {
		return false
	}
	if l.budget <= 0 {
		l.paused = true
		return true
	}
	if !l.draining && !l.begin() {
		return false
	}
	defer l.publish()
	for {
		if paused, ok := l.goOn(); ok {
			return paused
		}
	}
}

// goOn goes on with the drain until it is done or the budget is used up. When a session makes it panic, that session is
// dealt with and ok is false: there may be more to do.
func (l *Lane) goOn() (paused, ok bool) {
	defer func() {
		if value := recover(); value != nil {
			l.skip(value)
		}
	}()
	for l.place.special < len(l.specials) {
		if l.budget <= 0 {
			l.paused = true
			return true, true
		}
		s := l.specials[l.place.special]
		l.place.special++
		l.settle(s)
		l.budget -= cost(len(l.own))
	}
	for ; l.place.encoding < Encodings; l.place.encoding++ {
		if !l.everybody(Encoding(l.place.encoding)) {
			l.paused = true
			return true, true
		}
		l.place.member = unset
	}
	l.current = nil
	l.finish()
	return false, true
}

// Resume goes on with a drain that paused, and then takes what was posted meanwhile, whose wakes came to nothing. It
// reports what Drain does. Loop, after it has looked at its sockets.
func (l *Lane) Resume() (paused bool) {
	l.paused, l.budget = false, l.slice
	if l.Drain() {
		return true
	}
	return l.Drain()
}

// unset is place.member before an encoding was begun.
const unset = -1

// begin takes what was posted and sorts it by session. It reports whether there was anything.
func (l *Lane) begin() bool {
	// Disarm first: whoever posts from here on wakes the loop again, whether this drain takes it or the next.
	l.armed.Store(false)
	l.stepEviction()
	l.mu.Lock()
	l.out, l.inbox = l.inbox, l.out
	l.mu.Unlock()
	if l.out.empty() {
		return false
	}
	taken, posted := 0, len(l.out.ops)
	for e := range l.out.shared {
		taken += len(l.out.shared[e])
		posted += l.out.frames[e]
	}
	l.shared.Add(-int64(taken))
	l.room.Wake()
	l.hub.room.Wake()
	l.draining = true
	l.epoch++
	l.place = place{member: unset}
	for i := range l.out.ops {
		l.link(int32(i))
	}
	l.stats.drained(posted)
	return true
}

// link appends an operation to its session's chain. The operation of a stale Ref is for nobody.
func (l *Lane) link(i int32) {
	o := &l.out.ops[i]
	s := o.ref.session
	if s.generation != o.ref.generation {
		return
	}
	if s.opFirst < 0 {
		s.opFirst = i
		l.specials = append(l.specials, s)
	} else {
		l.out.ops[s.opLast].next = i
	}
	s.opLast = i
}

// finish ends the drain.
func (l *Lane) finish() {
	l.out.reset()
	clear(l.specials)
	l.specials = kept(l.specials, batchKept/8)
	l.own = kept(l.own, batchKept)
	l.draining = false
	l.resumeWritten()
}

// settle does what is to be done for one session, in order, and writes what it gets: its own frames and, while it is a
// member, the shared frames between them.
func (l *Lane) settle(s *Session) {
	t := tally{own: l.own[:0], shared: l.out.shared[s.form], member: s.member >= 0}
	first := s.opFirst
	s.opFirst, s.opLast = -1, -1
	l.current, l.chain = s, first
	if m := l.memberOf(s); m != nil {
		m.epoch = l.epoch
	}
	for i := first; i >= 0; i = l.out.ops[i].next {
		o := &l.out.ops[i]
		if t.ended && o.kind < opWritten {
			continue // what its strand had not heard of its end still posted
		}
		switch o.kind {
		case opSend, opAnswer:
			t.upTo(o.at, o.frames)
			t.private(l.out.private[o.start:o.end])
			if o.kind == opAnswer {
				t.answers += o.end - o.start
			}
		case opSkip:
			t.upTo(o.start, o.frames)
			t.cursor, t.passed = o.end, o.frames+1
		case opJoin:
			t.upTo(o.at, o.frames)
			t.private(l.out.private[o.start:o.end])
			t.member = true
		case opRecode:
			l.settleRecode(s, &t, o)
		case opKick:
			if !l.kick(s, o) {
				continue // it has ended already, and its opEnd is behind this or was before
			}
			fallthrough
		case opEnd:
			t.upTo(o.at, o.frames)
			t.last(l.out.private[o.start:o.end])
			l.own = t.own
			l.part(s, &t)
			t = tally{ended: true}
		case opWritten:
			s.resumes = s.awaiting
			l.awaited = append(l.awaited, s)
		case opSleep:
			l.sleepers = append(l.sleepers, sleeper{s, l.now + int64(s.sleep), s.awaiting})
		case opRead:
			if !s.full() {
				l.readAgain(s)
			}
		case opFree:
			l.slab.put(s)
			return
		}
	}
	if t.ended || s.conn == nil || s.ending {
		return
	}
	t.upTo(int32(len(t.shared)), int32(l.out.frames[s.form]))
	switch {
	case t.member && s.member < 0:
		l.admit(s)
	case s.timer < 0:
		l.schedule(s) // it may have logged in and not joined yet
	}
	l.own = t.own
	l.write(s, t.own, t.frames)
	if t.answers > 0 {
		s.drained.Add(int64(t.answers))
	}
}

// kick ends a session as somebody else's Ref.End says, and reports whether it did.
func (l *Lane) kick(s *Session, o *op) bool {
	if !s.end(o.why, "") {
		return false
	}
	if o.start < o.end {
		s.refusal = &refusal{o.why, string(l.out.private[o.start:o.end])}
		o.start = o.end // they are words, and no frame
	}
	return true
}

// tally is one special session's batch in the making.
type tally struct {
	own     []byte
	shared  []byte
	cursor  int32 // how many bytes of shared are dealt with
	passed  int32 // how many shared frames those are
	frames  int   // in own
	answers int32 // bytes of own that the session was owed
	member  bool
	ended   bool
}

// upTo brings the shared frames before at, if the session is a member.
func (t *tally) upTo(at, frames int32) {
	if t.member && at > t.cursor {
		t.own = append(t.own, t.shared[t.cursor:at]...)
		t.frames += int(frames - t.passed)
	}
	t.cursor, t.passed = max(t.cursor, at), max(t.passed, frames)
}

// last is private for a frame that may be empty.
func (t *tally) last(frame []byte) {
	if len(frame) > 0 {
		t.private(frame)
	}
}

func (t *tally) private(frame []byte) {
	t.own = append(t.own, frame...)
	t.frames++
}

// part writes a session's last batch and its farewell, and lets its connection close once the kernel has taken them.
func (l *Lane) part(s *Session, t *tally) {
	l.expel(s)
	if s.conn == nil || s.ending {
		return
	}
	l.readAgain(s) // what it sends is thrown away; or its own end would never be heard of
	s.ending = true
	if s.muted {
		t.own, t.frames = t.own[:0], 0 // frames are missing in between: nothing but the farewell may follow
	}
	before := len(t.own)
	t.own = l.hub.config.Farewell(t.own, s)
	l.own = t.own
	if len(t.own) > before {
		t.frames++
	}
	s.deadline = l.now + int64(l.limits().Linger)
	l.schedule(s)
	if len(t.own) > 0 {
		l.written.add(t.frames, len(t.own))
		if _, err := s.conn.Write(t.own); err != nil {
			return
		}
		if waiting := s.conn.OutboundBuffered(); waiting > 0 {
			l.noteOutbox(s, waiting, 1)
		}
	}
	if !l.parted(s) {
		l.lingers = append(l.lingers, s.Ref())
	}
}
