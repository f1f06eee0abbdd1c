package swarm

import (
	"container/heap"
	"math"
	"slices"
	"time"

	"hubbub/codec"
	"hubbub/loadtest/scenario"
)

// upkeep is what a loop does besides speaking and listening.
type upkeep struct {
	next      time.Duration // when the next tick is
	beat      int           // the next user whose silence is looked at
	heartbeat uint16        // seconds; the latest that the server has asked for
	churn     *scenario.Arrivals
	leaves    time.Duration // when the next user leaves
	abrupt    float64
	frozen    []*user
	slow      []*user
	reads     int // bytes a tick of a slow reader
}

// prepareChurn sets up who leaves in a phase.
func (l *loop) prepareChurn(p *scenario.Phase) {
	l.upkeep.churn, l.upkeep.leaves, l.upkeep.abrupt = nil, forever, p.Abrupt
	if rate := p.Churn * float64(l.wantedAtEnd()); rate > 0 {
		churn := scenario.NewArrivals(rate, l.swarm.Plan.Poisson, 0.5, l.rng)
		l.upkeep.churn = &churn
		l.upkeep.leaves = l.stage.start + l.upkeep.churn.Next()
	}
}

func (l *loop) wantedAtEnd() int { return share(l.stage.to, l.index, l.swarm.Loops) }

// churnDue lets users leave whose time has come, and returns when the next leaves.
func (l *loop) churnDue() time.Duration {
	k := &l.upkeep
	if k.churn == nil {
		return forever
	}
	for ; k.leaves <= l.now; k.leaves = l.stage.start + k.churn.Next() {
		if l.wanted == 0 {
			continue
		}
		if u := &l.users[l.rng.IntN(l.wanted)]; u.state == on && !u.frozen && !u.slow {
			l.end(u, l.rng.Float64() < k.abrupt)
		}
	}
	return k.leaves
}

// backAfter is how long a user who left stays away at most.
const backAfter = time.Second

// end lets a user leave: abruptly, or with a logout, whose answer comes behind those of all requests before.
func (l *loop) end(u *user, abrupt bool) {
	if abrupt || u.state != on {
		l.second.Left++
		l.drop(u)
		if l.isWanted(u) {
			l.comeBack(u)
		}
		return
	}
	l.leave(u)
	u.state = leaving
	if l.swarm.Dialect == codec.Native {
		u.ref++
		l.send(u, &codec.LogoutRequest{Asked: codec.Asked{Ref: u.ref}})
		return
	}
	if u.out != nil {
		l.write(u)
	}
	if u.state == leaving {
		stopWrite(int(u.fd))
	}
}

// comeBack has a user log in again after a while.
func (l *loop) comeBack(u *user) {
	u.retries = 1
	l.returns.add(l.now+time.Duration(l.rng.Float64()*float64(backAfter)), u)
}

// freeze picks the users who read nothing, or little, during a phase.
func (l *loop) freeze(p *scenario.Phase) {
	count := func(part float64) int {
		return share(int(math.Round(part*float64(l.stage.to))), l.index, l.swarm.Loops)
	}
	l.upkeep.reads = max(1, p.SlowReads/int(time.Second/tick))
	l.stall(count(p.Frozen), func(u *user) { u.frozen = true; l.upkeep.frozen = append(l.upkeep.frozen, u) })
	l.stall(count(p.Slow), func(u *user) { u.slow = true; l.upkeep.slow = append(l.upkeep.slow, u) })
}

func (l *loop) stall(count int, mark func(*user)) {
	for tries := 0; count > 0 && tries < 20*len(l.users); tries++ {
		u := &l.users[l.rng.IntN(len(l.users))]
		if u.state != on || u.frozen || u.slow {
			continue
		}
		mark(u)
		l.voices.remove(u)
		l.watch(u)
		count--
	}
}

// thaw has everybody read again.
func (l *loop) thaw() {
	stalled := append(l.upkeep.frozen, l.upkeep.slow...)
	l.upkeep.frozen, l.upkeep.slow = nil, nil
	for _, u := range stalled {
		u.thawed = u.frozen || u.slow
		u.frozen, u.slow = false, false
		if u.state == on {
			l.voices.add(u)
		}
		if u.state != away {
			l.watch(u)
		}
	}
}

// readSlowly reads a little from each slow reader.
func (l *loop) readSlowly() {
	for _, u := range slices.Clone(l.upkeep.slow) {
		if u.slow && u.state == on {
			l.receive(u, l.upkeep.reads)
		}
	}
}

// forget takes a user whose connection ends out of the lists.
func (k *upkeep) forget(u *user) {
	is := func(other *user) bool { return other == u }
	if u.frozen {
		k.frozen = slices.DeleteFunc(k.frozen, is)
	}
	if u.slow {
		k.slow = slices.DeleteFunc(k.slow, is)
	}
}

// returns are the users who will connect again, earliest first.
type returns struct{ queue returnQueue }

type returning struct {
	at   time.Duration
	user *user
	life uint32
}

func (r *returns) add(at time.Duration, u *user) {
	heap.Push(&r.queue, returning{at, u, u.life})
}

// due connects those whose time has come and are still wanted, and returns when the next is due.
func (r *returns) due(l *loop) time.Duration {
	for len(r.queue) > 0 && r.queue[0].at <= l.now {
		next := heap.Pop(&r.queue).(returning)
		if u := next.user; u.life == next.life && u.state == away && l.isWanted(u) {
			l.connect(u, next.at)
		}
	}
	if len(r.queue) == 0 {
		return forever
	}
	return r.queue[0].at
}

// returnQueue implements heap.Interface.
type returnQueue []returning

func (q returnQueue) Len() int           { return len(q) }
func (q returnQueue) Less(i, j int) bool { return q[i].at < q[j].at }
func (q returnQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *returnQueue) Push(x any)        { *q = append(*q, x.(returning)) }
func (q *returnQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// beat sends a PING for whoever has been silent for long. A round over all users takes some ticks, and no longer than
// the rest of the heartbeat.
func (l *loop) beat() {
	round := beatRound
	if h := l.upkeep.heartbeat; h > 0 {
		round = min(round, max(1, int((1-heartbeatMargin)*float64(h)*float64(time.Second/tick))))
	}
	count := (len(l.users) + round - 1) / round
	for range count {
		u := &l.users[l.upkeep.beat]
		l.upkeep.beat = (l.upkeep.beat + 1) % len(l.users)
		silence := time.Duration(float64(u.heartbeat) * heartbeatMargin * float64(time.Second))
		if u.state == on && u.heartbeat > 0 && l.now-u.spoke > silence {
			l.send(u, &codec.Ping{})
		}
	}
}

// heartbeatMargin is how much of the heartbeat may pass in silence, beatRound how many ticks a round takes at most.
const (
	heartbeatMargin = 0.6
	beatRound       = 20
)
