package session

import "time"

// refusalWait is how long a connection that has no place may take to show which frames it reads: a client that speaks first
// does so at once, and one whose user types a name first is told in the form of those who say nothing.
const refusalWait = 2 * time.Second

// refusal is why a session has no place, or lost it.
type refusal struct {
	why    Reason
	detail string
}

// Refuse ends a session for which there is no place, with more words for the farewell where there are any, as soon as it is
// known which frames it reads, or within two seconds. Nothing that it sends is handled. Loop, after Open.
func (s *Session) Refuse(why Reason, detail string) {
	s.refusal = &refusal{why, detail}
	if s.known {
		s.End(why, detail)
		return
	}
	s.lane.schedule(s)
}

func (s *Session) refusalDetail() string {
	if s.refusal == nil {
		return ""
	}
	return s.refusal.detail
}
