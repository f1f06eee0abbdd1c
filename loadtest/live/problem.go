package live

import (
	"maps"
	"slices"

	"hubbub/loadtest/audit"
)

// problem is a kind of thing that went wrong, and how often it has since the start of the run.
type problem struct {
	what  string
	count uint64
}

func (p problem) String() string { return comma(p.count) + " " + p.what }

// problemsOf lists what has gone wrong until now: what the audit found, in its order, then the rest, each by name.
func problemsOf(u Update) []problem {
	var list []problem
	for _, kind := range audit.Kinds {
		list = note(list, string(kind), u.Audit[kind])
	}
	list = noteAll(list, "refused: ", u.Total.Refused)
	list = noteAll(list, "logins failed: ", u.Total.LoginRefused)
	return noteAll(list, "disconnected: ", u.Total.Disconnects)
}

func noteAll(list []problem, what string, counts map[string]uint64) []problem {
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		list = note(list, what+key, counts[key])
	}
	return list
}

func note(list []problem, what string, count uint64) []problem {
	if count == 0 {
		return list
	}
	return append(list, problem{what, count})
}
