package server

import "strings"

// Phase is what the process is doing, from its first moment to its last.
type Phase uint8

// The phases, in the order in which they usually come. Only in Serving is the process ready.
const (
	Starting          Phase = iota
	OpeningDatabase         // it connects to the database
	StandingBy              // another server has the database, or it can't be reached
	MigratingDatabase       // it brings the tables up to date
	Serving
	Draining // no new sessions; those that are there are told and ended
	Stopping // the last messages are kept, the database is closed
	phases
)

var phaseNames = [phases]string{
	"starting", "opening the database", "standing by", "migrating the database", "serving", "draining", "stopping",
}

// String returns the phase for people.
func (p Phase) String() string { return phaseNames[p] }

// label returns the phase as a metric's label.
func (p Phase) label() string { return strings.ReplaceAll(p.String(), " ", "_") }
