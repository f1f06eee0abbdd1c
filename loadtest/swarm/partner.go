package swarm

// local is a user's place in the loop.
func (l *loop) local(u *user) int { return int(u.number) / l.swarm.Loops }

// slots is how many partners a user whispers to.
func (l *loop) slots() int {
	for _, p := range l.swarm.Plan.Phases {
		if p.Whisper > 0 {
			return min(l.swarm.Plan.Friends, len(l.users)-1)
		}
	}
	return 0
}

// partner is the user, by place in the loop, to whom a sender whispers in a slot. Every user is as many others' partner
// as they have partners.
func (l *loop) partner(sender, slot int) int { return (sender + l.distance(slot)) % len(l.users) }

func (l *loop) distance(slot int) int {
	return 1 + slot*(len(l.users)-1)/max(1, l.slotCount)
}

// pickSlot draws a partner who is logged in, or returns -1.
func (l *loop) pickSlot(u *user) int {
	if l.slotCount == 0 {
		return -1
	}
	first := l.rng.IntN(l.slotCount)
	for i := range l.slotCount {
		slot := (first + i) % l.slotCount
		if to := &l.users[l.partner(l.local(u), slot)]; to.state == on && !to.frozen {
			return slot
		}
	}
	return -1
}

// owed returns, for each slot, the number that the next whisper to u from there has. It is reused by the next call.
func (l *loop) owed(u *user) []uint32 {
	l.sequences = l.sequences[:0]
	for slot := range l.slotCount {
		from := (l.local(u) - l.distance(slot) + len(l.users)) % len(l.users)
		l.sequences = append(l.sequences, l.users[from].next[slot])
	}
	return l.sequences
}
