package scenario

import "time"

// field is a field of a mapping of a scenario file.
type field struct {
	name     string
	value    value  // where it belongs in the plan
	unset    string // what it is where a file leaves it out
	required bool   // a file may not leave it out
}

// fields are the plan's own. Its sections, the lists of users and phases, are not among them.
func (p *Plan) fields() []field {
	return []field{
		{name: "name", value: (*line)(&p.Name), required: true},
		{name: "about", value: (*line)(&p.About)},
		{name: "connections", value: (*count)(&p.Connections), required: true},
		{name: "friends", value: (*count)(&p.Friends), unset: "8"},
		{name: "message-bytes", value: &p.Sizes, unset: "64"},
		{name: "arrivals", value: (*gaps)(&p.Poisson), unset: "even"},
	}
}

func (u *Users) fields() []field {
	return []field{
		{name: "name", value: (*line)(&u.Name), required: true},
		{name: "weight", value: weight(&u.Weight), unset: "1"},
		{name: "broadcast", value: weight(&u.Broadcast), unset: "0"},
		{name: "whisper", value: weight(&u.Whisper), unset: "0"},
	}
}

// phaseFields are those of phase i. What a file leaves out follows from the plan, the phase before and the fields
// before: everybody stays, and who comes or goes takes the whole phase for it.
func (p *Plan) phaseFields(i int) []field {
	ph, before, ramp := &p.Phases[i], 0, time.Duration(0)
	if i > 0 {
		before = p.Phases[i-1].Connections
	}
	if ph.Connections != before {
		ramp = ph.Duration
	}
	return []field{
		{name: "name", value: (*line)(&ph.Name), required: true},
		{name: "duration", value: (*duration)(&ph.Duration), required: true},
		{name: "connections", value: (*count)(&ph.Connections), unset: count(p.Connections).String()},
		{name: "ramp", value: (*duration)(&ph.Ramp), unset: duration(ramp).String()},
		{name: "broadcast", value: rate(&ph.Broadcast), unset: "0/s"},
		{name: "whisper", value: rate(&ph.Whisper), unset: "0/s"},
		{name: "churn", value: shareASecond(&ph.Churn), unset: "0%/s"},
		{name: "abrupt", value: share(&ph.Abrupt), unset: "0%"},
		{name: "frozen", value: share(&ph.Frozen), unset: "0%"},
		{name: "slow", value: share(&ph.Slow), unset: "0%"},
		{name: "slow-reads", value: (*bytesASecond)(&ph.SlowReads), unset: "0/s"},
	}
}

// Sections of a file.
const (
	usersSection  = "users"
	phasesSection = "phases"
)

// everyone are the users of a file that names none.
var everyone = Users{Name: "everyone", Weight: 1, Broadcast: 1, Whisper: 1}
