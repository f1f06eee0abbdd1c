package session

import (
	"container/heap"
	"time"
)

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
	case s.State() == Connected && s.refusal != nil:
		return s.opened + int64(refusalWait), s.refusal.why
	case s.State() == Connected:
		return l.loginDue(s)
	case s.State() == Authenticated && limits.IdleTimeout > 0 && l.hub.config.Heartbeat[s.form]:
		return s.seen + int64(limits.IdleTimeout), IdleTimeout
	}
	return 0, None
}

// loginDue is due for a session that is not logged in.
func (l *Lane) loginDue(s *Session) (at int64, why Reason) {
	limits := l.limits()
	timeout := limits.LoginTimeouts[s.form]
	if !s.known {
		if timeout = limits.silentLonger(); l.hub.crowded() {
			timeout = limits.silentShorter()
		}
	}
	if timeout == 0 {
		return 0, None
	}
	return s.opened + int64(timeout), LoginTimeout
}

// silentLonger is how long a connection may say nothing; 0: for ever. Which clients wait for a person to type a name first
// is not known before they speak, so it is the time that those have.
func (l *Limits) silentLonger() time.Duration {
	longest := time.Duration(0)
	for _, timeout := range l.LoginTimeouts {
		if timeout == 0 {
			return 0
		}
		longest = max(longest, timeout)
	}
	return longest
}

// silentShorter is the same while many connections are not logged in; 0: for ever.
func (l *Limits) silentShorter() time.Duration {
	shortest := time.Duration(0)
	for _, timeout := range l.LoginTimeouts {
		if timeout > 0 && (shortest == 0 || timeout < shortest) {
			shortest = timeout
		}
	}
	return shortest
}

// crowded reports whether more than half of the sessions that there may be are not logged in.
func (h *Hub) crowded() bool {
	n := int64(0)
	for e := range h.census[Connected] {
		n += h.census[Connected][e].Load()
	}
	return n > int64(h.limits.Load().SessionsMax)/2
}

// schedule puts the session where its state and limits want it. One that has said nothing is looked at earlier too: the
// time that it has depends on how many others there are.
func (l *Lane) schedule(s *Session) {
	at, _ := l.due(s)
	if !s.known && s.State() == Connected && s.refusal == nil {
		if shorter := l.limits().silentShorter(); shorter > 0 && (at == 0 || at > l.now+int64(shorter)) {
			at = l.now + int64(shorter)
		}
	}
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
		if s.endFrom(state, why, s.refusalDetail()) {
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
