package audit

import "sync"

// Outcome is what became of a message that is not sure to arrive.
type Outcome uint8

// The outcomes.
const (
	// Refused: the server turned the message down. It is owed to nobody, and must not arrive.
	Refused Outcome = iota
	// Uncertain: the sender was cut off before the answer. The message may have been accepted or not.
	Uncertain

	outcomes
)

// Outcomes is what became of messages that are not sure to arrive. The zero value is ready. Any goroutine may call its
// methods. It takes a bit for each message of a dense range, some hundred bytes for a lonely one.
type Outcomes struct {
	mu         sync.Mutex
	broadcasts [outcomes]set // by ordinal
	whispers   [outcomes]set // by whisperKey
}

// Broadcast notes what became of the broadcast with this ordinal.
func (o *Outcomes) Broadcast(ordinal uint64, is Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.broadcasts[is].add(ordinal)
}

// Whisper notes what became of the whisper that the sender of the slot sent to the receiver, a user number below 1<<28.
func (o *Outcomes) Whisper(receiver uint32, slot int, sequence uint32, is Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.whispers[is].add(whisperKey(receiver, slot, sequence))
}

// Counts returns how many messages were noted as refused and as uncertain.
func (o *Outcomes) Counts() (refused, uncertain uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.broadcasts[Refused].n + o.whispers[Refused].n, o.broadcasts[Uncertain].n + o.whispers[Uncertain].n
}

// word returns which of the broadcasts from 64*i to 64*i+63 were noted, a bit each.
func (o *Outcomes) word(i uint64) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.broadcasts[Refused].word(i) | o.broadcasts[Uncertain].word(i)
}

// sure reports whether the server must have taken the whisper.
func (o *Outcomes) sure(receiver uint32, slot int, sequence uint32) bool {
	if o == nil {
		return true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	key := whisperKey(receiver, slot, sequence)
	return !o.whispers[Refused].has(key) && !o.whispers[Uncertain].has(key)
}

// whisperKey: a receiver has one sender a slot, so the two and the sequence are one whisper.
func whisperKey(receiver uint32, slot int, sequence uint32) uint64 {
	return uint64(receiver)<<36 | uint64(slot)<<32 | uint64(sequence)
}
