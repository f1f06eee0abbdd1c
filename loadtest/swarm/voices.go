package swarm

import "hubbub/loadtest/scenario"

// kindOf deals the kinds of users out by weight, so that every stretch of numbers has its share of each.
func kindOf(kinds []scenario.Users, number int) uint8 {
	total := 0.0
	for _, k := range kinds {
		total += k.Weight
	}
	// The golden ratio spreads consecutive numbers evenly over 0 to 1 (a Kronecker sequence).
	const golden = 0.618033988749895
	at := float64(number) * golden
	at = (at - float64(int(at))) * total
	for i, k := range kinds {
		if at -= k.Weight; at < 0 {
			return uint8(i)
		}
	}
	return uint8(len(kinds) - 1)
}

// voices are the users of a loop who are logged in and not frozen, by kind.
type voices struct {
	kinds []scenario.Users
	ready [][]*user
}

func newVoices(kinds []scenario.Users) voices {
	return voices{kinds: kinds, ready: make([][]*user, len(kinds))}
}

func (v *voices) add(u *user) {
	u.place = int32(len(v.ready[u.kind]))
	v.ready[u.kind] = append(v.ready[u.kind], u)
}

func (v *voices) remove(u *user) {
	if u.place < 0 {
		return
	}
	list := v.ready[u.kind]
	last := list[len(list)-1]
	list[u.place], last.place = last, u.place
	v.ready[u.kind] = list[:len(list)-1]
	u.place = -1
}

// pick draws a user by how much their kind has to say, or returns nil when nobody is there to say it.
func (v *voices) pick(l *loop, f Flow) *user {
	total := 0.0
	for i := range v.kinds {
		total += v.activity(i, f)
	}
	if total == 0 {
		return nil
	}
	at := l.rng.Float64() * total
	for i := range v.kinds {
		activity := v.activity(i, f)
		if at -= activity; at < 0 && activity > 0 {
			return v.ready[i][l.rng.IntN(len(v.ready[i]))]
		}
	}
	return nil
}

// activity is how much those of a kind who are ready have to say together, beside the other kinds.
func (v *voices) activity(kind int, f Flow) float64 {
	each := v.kinds[kind].Broadcast
	if f == Whisper {
		each = v.kinds[kind].Whisper
	}
	return each * float64(len(v.ready[kind]))
}
