package live

import (
	"maps"
	"math"
	"time"

	"hubbub/loadtest/report"
)

// historyMax is how many seconds the charts reach back: as many as the widest frame has room for.
const historyMax = 200

// messages are the flows that a user thinks of when he asks for the latency, the first of them first. Logins are told
// only until one of these has come.
var messages = []report.Flow{report.Broadcast, report.Whisper, report.Answer}

// state is what a frame tells. It keeps nothing of the updates that it was made from.
type state struct {
	at, duration time.Duration
	phase, step  string
	progress     float64
	ending       bool

	wanted, open, loggedIn int

	counts    counts
	span      float64 // seconds in which these were counted
	now, run  map[report.Flow]report.Latency
	generator report.Usage
	server    *report.Usage
	problems  []problem

	deliveries []float64                 // a second each, the latest last
	p99        map[report.Flow][]float64 // in milliseconds; NaN: nothing was measured in that second
}

// counts are the events whose rates are shown.
type counts struct {
	intended, sent map[report.Flow]uint64
	logins         uint64
	deliveries     uint64
	in, out        uint64 // bytes
}

func countsOf(t report.Totals) counts {
	return counts{
		intended:   maps.Clone(t.Intended),
		sent:       maps.Clone(t.Sent),
		logins:     t.Logins,
		deliveries: t.Delivered[report.Broadcast] + t.Delivered[report.Whisper],
		in:         t.BytesIn,
		out:        t.BytesOut,
	}
}

// add takes in the next second.
func (s *state) add(u Update) {
	at := seconds(u.Second.At)
	s.span = max(0, (at - s.at).Seconds())
	s.at, s.duration = at, u.Duration
	s.phase, s.step, s.progress, s.ending = u.Second.Phase, u.Step, u.Progress, u.Ending
	s.wanted, s.open, s.loggedIn = u.Wanted, u.Second.Connections, u.Second.LoggedIn
	s.counts = countsOf(u.Second.Totals)
	s.now, s.run = maps.Clone(u.Second.Totals.Latency), maps.Clone(u.Total.Latency)
	s.generator, s.server = u.Second.Generator, nil
	if u.Second.Server != nil {
		usage := *u.Second.Server
		s.server = &usage
	}
	s.problems = problemsOf(u)

	s.deliveries = remember(s.deliveries, rate(s.counts.deliveries, s.span))
	if s.p99 == nil {
		s.p99 = map[report.Flow][]float64{}
	}
	for _, flow := range report.Flows {
		value := math.NaN()
		if l := s.now[flow]; l.Count > 0 {
			value = l.P99
		}
		s.p99[flow] = remember(s.p99[flow], value)
	}
}

// remember appends a second to a history and forgets the oldest one.
func remember(history []float64, value float64) []float64 {
	if len(history) == historyMax {
		history = history[:copy(history, history[1:])]
	}
	return append(history, value)
}

// flow is the flow that is told where there is room for one: broadcasts if any came in this run, else whispers, else
// answers, and logins while there is nothing else.
func (s *state) flow() report.Flow {
	for _, flow := range messages {
		if s.run[flow].Count > 0 || s.now[flow].Count > 0 {
			return flow
		}
	}
	return report.Login
}

// rate is a count as one of a second; 0 where no time has passed.
func rate(n uint64, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return float64(n) / seconds
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
