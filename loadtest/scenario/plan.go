// Package scenario says what load is wanted: how many users, who of them speaks, how much and when. It opens no socket.
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

// Sizes is a distribution of message sizes in bytes.
type Sizes []Size

// Size is one part of the distribution: uniform from Min to Max, both included.
type Size struct {
	Weight   float64
	Min, Max int
}
