package scenario

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Override is what a command line says about the load; nil: nothing.
type Override struct {
	Connections  *int
	Ramp         *time.Duration // of all ramps together
	Broadcast    *Rate          // of the phase with the most
	Whisper      *Rate
	MessageBytes Sizes
	Duration     *time.Duration // of all phases together, without their ramps
}

// The rates of a load without a scenario and without rates, a second: with the logins and PINGs of a thousand users they
// stay below what a server lets through from one address unless told otherwise, 200 requests.
const (
	DefaultBroadcast Rate = 10
	DefaultWhisper   Rate = 100
)

// Simple returns the load of a command line without a scenario: users who come over a ramp and then stay, each of whom
// sends and receives. Without flags a thousand come within 10 s, stay for 60 s, and send 10 broadcasts and 100 whispers a
// second; with a rate for one of these the other has none. Check it.
func Simple(o Override) *Plan {
	p := &Plan{
		Name: "simple", About: "Everybody comes, then everybody speaks.",
		Connections: or(o.Connections, 1000), Friends: 8, Sizes: Sizes{{Weight: 1, Min: 64, Max: 64}}, Users: []Users{everyone},
	}
	if o.MessageBytes != nil {
		p.Sizes = o.MessageBytes
	}
	if ramp := or(o.Ramp, 10*time.Second); ramp != 0 {
		p.Phases = append(p.Phases, Phase{Name: "ramp", Duration: ramp, Ramp: ramp, Connections: p.Connections})
	}
	broadcast, whisper := or(o.Broadcast, 0), or(o.Whisper, 0)
	if o.Broadcast == nil && o.Whisper == nil {
		broadcast, whisper = DefaultBroadcast, DefaultWhisper
	}
	p.Phases = append(p.Phases, Phase{
		Name: "steady", Duration: or(o.Duration, time.Minute), Connections: p.Connections,
		Broadcast: float64(broadcast), Whisper: float64(whisper),
	})
	return p
}

func or[T any](given *T, unset T) T {
	if given == nil {
		return unset
	}
	return *given
}

// With changes a valid plan as a command line wants it, in proportion: connections in every phase; rates so that the
// largest of any phase becomes the one that is given; durations so that all ramps, and all that isn't ramp, take the time
// that is given. A phase of which nothing is left is left out. With an error the plan stays as it was.
func (p *Plan) With(o Override) error {
	q := *p
	q.Phases = slices.Clone(p.Phases)
	if o.Connections != nil {
		q.scaleConnections(*o.Connections)
	}
	if o.MessageBytes != nil {
		q.Sizes = o.MessageBytes
	}
	if err := errors.Join(
		q.scaleRate("broadcast", o.Broadcast, func(ph *Phase) *float64 { return &ph.Broadcast }),
		q.scaleRate("whisper", o.Whisper, func(ph *Phase) *float64 { return &ph.Whisper }),
		q.scaleTime(o.Ramp, o.Duration),
	); err != nil {
		return fmt.Errorf("scenario %s: %w", p.Name, err)
	}
	if err := q.Check(1); err != nil {
		return fmt.Errorf("scenario %s doesn't go with the flags: %w", p.Name, err)
	}
	*p = q
	return nil
}

// scaleConnections keeps phases in which somebody is there from losing everybody.
func (p *Plan) scaleConnections(n int) {
	for i := range p.Phases {
		ph := &p.Phases[i]
		if ph.Connections > 0 {
			ph.Connections = max(1, int(math.Round(float64(ph.Connections)*(float64(n)/float64(p.Connections)))))
		}
	}
	p.Connections = n
}

func (p *Plan) scaleRate(flag string, wanted *Rate, of func(*Phase) *float64) error {
	if wanted == nil {
		return nil
	}
	largest := 0.0
	for i := range p.Phases {
		largest = max(largest, *of(&p.Phases[i]))
	}
	if largest == 0 && *wanted != 0 {
		return fmt.Errorf("--%s %s: none of its phases has a rate of %ss that could be scaled; give one of them one", flag, *wanted, flag)
	}
	for i := range p.Phases {
		if rate := of(&p.Phases[i]); *rate != 0 {
			*rate = float64(*wanted) * (*rate / largest)
		}
	}
	return nil
}

func (p *Plan) scaleTime(ramp, stay *time.Duration) error {
	ramps, stays := make([]time.Duration, len(p.Phases)), make([]time.Duration, len(p.Phases))
	for i, ph := range p.Phases {
		ramps[i], stays[i] = ph.Ramp, ph.Duration-ph.Ramp
	}
	if !scale(ramps, ramp) {
		return fmt.Errorf("--ramp %s: it has no ramp that could be scaled", duration(*ramp))
	}
	if !scale(stays, stay) {
		return fmt.Errorf("--duration %s: it is nothing but ramps, which --ramp scales", duration(*stay))
	}
	for i := range p.Phases {
		p.Phases[i].Ramp, p.Phases[i].Duration = ramps[i], ramps[i]+stays[i]
	}
	p.Phases = slices.DeleteFunc(p.Phases, func(ph Phase) bool { return ph.Duration == 0 })
	return nil
}

// scale makes parts take as long as wanted together, and reports false where there is nothing that it could scale. It
// scales their sums, so that rounding loses nothing.
func scale(parts []time.Duration, wanted *time.Duration) bool {
	if wanted == nil {
		return true
	}
	var total, sum, scaled time.Duration
	for _, part := range parts {
		total += part
	}
	if total == 0 {
		return *wanted == 0
	}
	for i, part := range parts {
		sum += part
		end := time.Duration(math.Round(float64(sum) / float64(total) * float64(*wanted)))
		parts[i], scaled = end-scaled, end
	}
	return true
}
