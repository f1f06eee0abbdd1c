package scenario

import "time"

// Plan is a load, complete and valid.
type Plan struct {
	Name        string
	About       string  // a sentence for `loadtest list`
	Connections int     // users; each has one connection at a time
	Friends     int     // whisper partners of every user: 1 to 16
	Sizes       Sizes   // of messages, in bytes
	Users       []Users // at least one kind
	Phases      []Phase // at least one
	Poisson     bool    // arrivals: exponential gaps instead of equal ones
}

// Users is a kind of user. Kinds share out the users by weight, and a phase's messages by weight times activity.
type Users struct {
	Name      string
	Weight    float64 // > 0
	Broadcast float64 // how often one of them is the sender of a broadcast, beside the other kinds; 0: never
	Whisper   float64 // likewise
}

// Phase is a stretch of time. Rates are those of all users together, shares are of all users.
type Phase struct {
	Name        string
	Duration    time.Duration
	Connections int           // logged in at its end; they grow or shrink evenly over Ramp
	Ramp        time.Duration // ≤ Duration
	Broadcast   float64       // messages a second; 0: none
	Whisper     float64
	Churn       float64 // share of the users that drop and log in again in every second
	Abrupt      float64 // share of those that drop without a logout
	Frozen      float64 // share of the users that read nothing during the phase
	Slow        float64 // share of the users that read SlowReads bytes a second
	SlowReads   int
}

// Duration returns how long the plan's phases take together.
func (p *Plan) Duration() time.Duration {
	var total time.Duration
	for i := range p.Phases {
		total += p.Phases[i].Duration
	}
	return total
}

// At returns the phase that holds t after the start, and how many users should be logged in then. Before the start that
// is the first phase's beginning; after the end the phase is len(p.Phases) and the users are those of the last one.
func (p *Plan) At(t time.Duration) (phase, connections int) {
	for i := range p.Phases {
		ph := &p.Phases[i]
		if t < ph.Duration {
			return i, ph.at(max(t, 0), connections)
		}
		t -= ph.Duration
		connections = ph.Connections
	}
	return len(p.Phases), connections
}

// at returns how many users should be logged in t after the phase's start, where there were some before it. Users come
// and go when they are due, never earlier.
func (ph *Phase) at(t time.Duration, before int) int {
	if t >= ph.Ramp {
		return ph.Connections
	}
	return before + int(float64(ph.Connections-before)*(float64(t)/float64(ph.Ramp)))
}
