package session

import "container/heap"

// timers is a heap of sessions by the time at which their timeouts must be looked at again. A session that is heard of
// is not moved: when its time comes, its true deadline is computed anew, so a packet costs one store and a session
// one look for each timeout that passes.
type timers []*Session

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].deadline < t[j].deadline }

func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].timer, t[j].timer = int32(i), int32(j)
}

// Push implements heap.Interface.
func (t *timers) Push(x any) {
	s := x.(*Session)
	s.timer = int32(len(*t))
	*t = append(*t, s)
}

// Pop implements heap.Interface.
func (t *timers) Pop() any {
	old := *t
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*t = old[:len(old)-1]
	s.timer = -1
	return s
}

// due returns when the session times out, and why; 0 when it does not.
func (l *Lane) due(s *Session) (at int64, why Reason) {
	limits := l.limits()
	switch {
	case s.ending:
		return s.deadline, s.Reason()
	case s.State() == Connected && limits.LoginTimeout > 0:
		return s.opened + int64(limits.LoginTimeout), LoginTimeout
	case s.State() == Authenticated && limits.IdleTimeout > 0 && l.hub.config.Heartbeat[s.Encoding()]:
		return s.seen + int64(limits.IdleTimeout), IdleTimeout
	}
	return 0, None
}

// schedule puts the session where its state and limits want it.
func (l *Lane) schedule(s *Session) {
	at, _ := l.due(s)
	if at == 0 {
		l.unschedule(s)
		return
	}
	s.deadline = at
	if s.timer < 0 {
		heap.Push(&l.timers, s)
	} else {
		heap.Fix(&l.timers, int(s.timer))
	}
}

func (l *Lane) unschedule(s *Session) {
	if s.timer >= 0 {
		heap.Remove(&l.timers, int(s.timer))
	}
}

// timed is the state that a timeout ends.
var timed = map[Reason]State{LoginTimeout: Connected, IdleTimeout: Authenticated}

// expire ends the sessions whose time is over.
func (l *Lane) expire() {
	for len(l.timers) > 0 && l.timers[0].deadline <= l.now {
		s := l.timers[0]
		at, why := l.due(s)
		if at == 0 || at > l.now {
			l.schedule(s)
			continue
		}
		l.unschedule(s)
		if s.ending {
			l.closeLate(s)
			continue
		}
		state := timed[why]
		if why == IdleTimeout && s.held >= 0 {
			why = SlowConsumer // it was not listened to, because it does not read
		}
		// In the state that the timeout is of: one whose login comes at the same moment has it.
		if s.endFrom(state, why, "") {
			l.post(s.Ref(), opEnd, nil)
		} else {
			l.schedule(s)
		}
	}
}

// closeLate closes the connection of a session whose last bytes had their time.
func (l *Lane) closeLate(s *Session) {
	defer l.guard(s)
	_ = s.conn.Close()
}
