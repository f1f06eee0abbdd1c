package swarm

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"hubbub/codec"
	"hubbub/loadtest/audit"
)

// Flow is a kind of latency. Broadcast and Whisper count at receivers, Answer and Login at the one who asked.
type Flow int

// The flows.
const (
	Broadcast Flow = iota
	Whisper
	Answer
	Login
	flows
)

func (f Flow) String() string { return [...]string{"broadcast", "whisper", "answer", "login"}[f] }

// Flows lists the flows.
func Flows() []Flow { return []Flow{Broadcast, Whisper, Answer, Login} }

// The range of latencies that are told apart, in microseconds: up to ten minutes, to three figures.
const (
	shortest = 1
	longest  = int64(10 * time.Minute / time.Microsecond)
	figures  = 3
)

// Counts is what happened in a stretch of time.
type Counts struct {
	Intended, Sent, Delivered [flows]uint64 // messages wanted, messages sent, copies that arrived
	Answered                  uint64
	Refused                   map[codec.Code]uint64
	Logins                    uint64
	LoginRefused              map[string]uint64 // by code or by the error of connect
	Disconnects               map[string]uint64 // against the plan, by reason
	Left                      uint64            // connections that the plan ended, or that it froze until the server did
	BytesIn, BytesOut         uint64
}

// Second is what happened in about a second, or in the rest of one at the end of a phase.
type Second struct {
	Counts
	At          time.Duration // its end, since the start
	Index       int           // of its phase, counted from 0
	Phase       string        // its phase's name; empty: what is under way is waited for
	Wanted      int           // users that should be logged in
	Connections int           // open, at its end
	LoggedIn    int
	Latency     [flows]*hdrhistogram.Histogram // in µs, from the intended moment
	Raw         [flows]*hdrhistogram.Histogram // in µs, from the moment of sending; nothing in a closed loop
	Lag         *hdrhistogram.Histogram        // in µs: how late messages were sent
	Found       map[audit.Kind]uint64          // by the audit, in the whole run so far
	Busy        float64                        // share of the time in which the busiest loop was not waiting

	loop int  // whose it is, until they are added up
	open bool // the loop is
}

// NewSecond returns one in which nothing has happened yet.
func NewSecond() *Second {
	s := &Second{Lag: newHistogram(), Found: map[audit.Kind]uint64{}}
	for f := range flows {
		s.Latency[f], s.Raw[f] = newHistogram(), newHistogram()
	}
	s.Counts.reset()
	return s
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(shortest, longest, figures) }

func (c *Counts) reset() {
	*c = Counts{Refused: map[codec.Code]uint64{}, LoginRefused: map[string]uint64{}, Disconnects: map[string]uint64{}}
}

func (s *Second) reset() {
	s.Counts.reset()
	clear(s.Found)
	s.Wanted, s.Connections, s.LoggedIn, s.Busy = 0, 0, 0, 0
	s.Lag.Reset()
	for f := range flows {
		s.Latency[f].Reset()
		s.Raw[f].Reset()
	}
}

// join adds what another loop did in the same second.
func (s *Second) join(o *Second) {
	s.At = max(s.At, o.At)
	s.Wanted += o.Wanted
	s.Connections += o.Connections
	s.LoggedIn += o.LoggedIn
	s.Busy = max(s.Busy, o.Busy)
	addInto(s.Found, o.Found)
	s.Add(o)
}

// Add adds another second's counts and latencies; the rest of s stays as it is.
func (s *Second) Add(o *Second) {
	s.Counts.Add(&o.Counts)
	s.Lag.Merge(o.Lag)
	for f := range flows {
		s.Latency[f].Merge(o.Latency[f])
		s.Raw[f].Merge(o.Raw[f])
	}
}

// Add adds another stretch of time, or what others did in the same one.
func (c *Counts) Add(o *Counts) {
	for f := range flows {
		c.Intended[f] += o.Intended[f]
		c.Sent[f] += o.Sent[f]
		c.Delivered[f] += o.Delivered[f]
	}
	c.Answered += o.Answered
	c.Logins += o.Logins
	c.Left += o.Left
	c.BytesIn += o.BytesIn
	c.BytesOut += o.BytesOut
	addInto(c.Refused, o.Refused)
	addInto(c.LoginRefused, o.LoginRefused)
	addInto(c.Disconnects, o.Disconnects)
}

func addInto[K comparable](sum, more map[K]uint64) {
	for k, n := range more {
		sum[k] += n
	}
}

// measure records what so many messages of a flow took. In a closed loop nothing is intended before it is sent.
func (s *Second) measure(f Flow, now, intended, sent time.Duration, messages int) {
	s.Latency[f].RecordValues(microseconds(now-intended), int64(messages))
	if s.open {
		s.Raw[f].RecordValues(microseconds(now-sent), int64(messages))
	}
}

// microseconds bounds a time to what a histogram holds: RecordValue drops what lies outside.
func microseconds(d time.Duration) int64 { return min(max(int64(d/time.Microsecond), 0), longest) }
