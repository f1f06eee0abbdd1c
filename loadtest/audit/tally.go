package audit

import "time"

// Kind is something that must not happen to a message.
type Kind string

// The kinds. Each counts deliveries: one message that a thousand receivers miss is lost a thousand times.
const (
	Lost       Kind = "lost"       // owed to a receiver and never seen there
	Duplicated Kind = "duplicated" // seen twice at a receiver
	Reordered  Kind = "reordered"  // behind a later message of the same sender
	Disordered Kind = "disordered" // in another order than at the other receivers
	Altered    Kind = "altered"    // not what was sent, or not what the other receivers saw
	Echoed     Kind = "echoed"     // came back to its sender
	Misrouted  Kind = "misrouted"  // a whisper at somebody else
	Unanswered Kind = "unanswered" // a request without its response
)

// Kinds lists the kinds in the order in which they are told.
var Kinds = []Kind{Lost, Duplicated, Reordered, Disordered, Altered, Echoed, Misrouted, Unanswered}

// Located is how many findings of a kind are described; all are counted.
const Located = 100

// Finding is one thing that must not happen, and where it did.
type Finding struct {
	Kind     Kind          `json:"kind"`
	Receiver uint32        `json:"receiver"` // user number
	Sender   uint32        `json:"sender"`
	Number   uint64        `json:"number"` // of the message: a broadcast's ordinal, or a whisper's number within its pair
	ID       uint64        `json:"id"`     // the server's id of the message; 0: not known
	At       time.Duration `json:"at_ns"`  // since the start of the run
	Note     string        `json:"note"`   // a sentence for the reader
}

// Tally is what an audit came to.
type Tally struct {
	Checked   uint64          `json:"checked"`   // deliveries that were compared
	Untracked uint64          `json:"untracked"` // deliveries to readers too far behind to be compared
	Counts    map[Kind]uint64 `json:"counts"`    // without the kinds that did not occur
	Findings  []Finding       `json:"findings"`  // the first ones of each kind
}

// Clean reports whether nothing was found.
func (t *Tally) Clean() bool { return len(t.Counts) == 0 }
