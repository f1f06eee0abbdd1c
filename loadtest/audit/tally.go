package audit

import "time"

// Kind is something that must not happen to a message.
type Kind string

// The kinds. All but the last two count deliveries: one message that a thousand receivers miss is lost a thousand times.
const (
	Lost       Kind = "lost"       // owed to a receiver and never seen there
	Duplicated Kind = "duplicated" // seen twice at a receiver
	Reordered  Kind = "reordered"  // behind a later message of the same sender
	Disordered Kind = "disordered" // in another order than at the other receivers
	Altered    Kind = "altered"    // not what was sent, or not what the other receivers saw
	Echoed     Kind = "echoed"     // came back to its sender
	Misrouted  Kind = "misrouted"  // a whisper at somebody else
	Unanswered Kind = "unanswered" // a request without its response
	// Contradicted counts messages, whoever saw them.
	Contradicted Kind = "contradicted" // delivered although its sender was told that it is refused
)

// Kinds lists the kinds in the order in which they are told.
var Kinds = []Kind{Lost, Duplicated, Reordered, Disordered, Altered, Echoed, Misrouted, Unanswered, Contradicted}

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

// note counts a finding, and describes it while there is room.
func (t *Tally) note(f Finding) { t.noteMany(f, 1) }

// noteMany counts n findings of which f describes one.
func (t *Tally) noteMany(f Finding, n uint64) {
	if n == 0 {
		return
	}
	if t.Counts == nil {
		t.Counts = make(map[Kind]uint64)
	}
	if t.Counts[f.Kind] < Located {
		t.Findings = append(t.Findings, f)
	}
	t.Counts[f.Kind] += n
}

// add adds what another tally counts.
func (t *Tally) add(other *Tally) {
	t.Checked += other.Checked
	t.Untracked += other.Untracked
	described := make(map[Kind]uint64)
	for _, f := range other.Findings {
		t.note(f)
		described[f.Kind]++
	}
	for kind, n := range other.Counts {
		if n > described[kind] { // then there is one that was described, and so counted here
			t.Counts[kind] += n - described[kind]
		}
	}
}
