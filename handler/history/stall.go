package history

import "time"

// stallAfter is how long the Store may take nothing while senders wait for room, before they hear SERVER_BUSY instead: a
// failover of PostgreSQL or a checkpoint of SQLite takes less, and a client that hears nothing for longer can't tell a
// busy server from a dead one. It is looked at that often, so it may come to twice as much.
const stallAfter = 5 * time.Second

// watchStore has somebody look whether the Store takes anything, while senders wait for that.
func (j *Journal) watchStore() {
	j.mu.Lock()
	stalled := j.stalled && !j.closed
	if j.watch == nil && !j.closed && !j.stalled {
		commits := j.stats.Commits
		j.watch = time.AfterFunc(stallAfter, func() { j.look(commits) })
	}
	j.mu.Unlock()
	if stalled { // this one found the queue full before that was known, and came into the line after the others were told
		j.room.WakeAll()
	}
}

// look lets those who wait hear that the Store is stuck, if it has taken nothing since it was looked at before.
func (j *Journal) look(commits uint64) {
	j.mu.Lock()
	j.watch = nil
	stuck := j.stats.Commits == commits
	if stuck && j.room.Waiting() > 0 {
		j.stalled = true
	}
	j.mu.Unlock()
	switch {
	case j.room.Waiting() == 0:
	case stuck:
		j.room.WakeAll()
	default:
		j.watchStore()
	}
}

func (j *Journal) isStalled() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stalled
}
