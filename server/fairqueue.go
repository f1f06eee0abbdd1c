package server

import (
	"container/list"
	"net/netip"
	"sync"

	"hubbub/handler"
)

// fairQueue has a pool's workers run jobs in an order in which nobody's backlog keeps others waiting: the classes take
// turns, in each class the addresses, of each address the accounts, and an account's jobs come as they were queued. So a
// job waits for at most one job of each other address that has some, and behind one address for one of each account.
//
//	submit ──► class ─┬─ address ─┬─ account ─ job, job, job        pool: a ticket for each job
//	                  │           └─ account ─ job          ◄── run ──┘
//	                  └─ address ─── account ─ job, job
//
// A job whose client is gone is dropped when its turn comes, and costs nobody a turn. When the queue is full the longest
// backlog loses its newest job.
type fairQueue struct {
	pool          *pool
	jobsMax       int
	perAccountMax int // jobs of an account in a class; 0: no limit

	// Guarded by mu.
	mu       sync.Mutex
	jobs     int
	tickets  int // at the pool; at least as many as there are jobs
	class    int // whose turn it is
	classes  [handler.Classes]turns[netip.Addr, turns[string, []*queued]]
	accounts map[accountOf][]*queued
}

// accountOf is what perAccountMax counts by.
type accountOf struct {
	class   handler.Class
	account string
}

// queued is a job in the queue.
type queued struct {
	handler.Job
	dropped bool // it is to be passed over
}

// addressesSought is among how many addresses the longest backlog is looked for in a full queue. Where there are more no
// backlog is long.
const addressesSought = 1024

func newFairQueue(p *pool, jobsMax, perAccountMax int) *fairQueue {
	return &fairQueue{pool: p, jobsMax: jobsMax, perAccountMax: perAccountMax, accounts: make(map[accountOf][]*queued)}
}

// submit is a handler.Runner.
func (q *fairQueue) submit(job handler.Job) bool {
	ok, ticket, dropped := q.push(job)
	if ticket {
		q.pool.probe(q.run)
	}
	drop(dropped)
	return ok
}

// run runs the next job, on a worker.
func (q *fairQueue) run() {
	next, dropped := q.pop()
	drop(dropped)
	if next != nil {
		next.Run()
	}
}

// drop is called without the lock: it resumes sessions.
func drop(dropped []*queued) {
	for _, j := range dropped {
		j.Drop()
	}
}

// push queues a job, if it may be queued, and returns which others must go for it and whether a worker is to be told.
func (q *fairQueue) push(job handler.Job) (ok, ticket bool, dropped []*queued) {
	q.mu.Lock()
	defer q.mu.Unlock()
	by := accountOf{job.Class, job.Account}
	if q.perAccountMax > 0 && len(q.accounts[by]) >= q.perAccountMax {
		dropped = q.dropGone(q.accounts[by], nil)
		if len(q.accounts[by]) >= q.perAccountMax {
			return false, false, dropped
		}
	}
	if q.jobs >= q.jobsMax {
		var room bool
		if room, dropped = q.makeRoom(job, dropped); !room {
			return false, false, dropped
		}
	}
	j := &queued{Job: job}
	address := q.classes[job.Class].of(job.Address)
	address.weight++
	account := address.value.of(job.Account)
	account.weight++
	account.value = append(account.value, j)
	if q.perAccountMax > 0 {
		q.accounts[by] = append(q.accounts[by], j)
	}
	q.jobs++
	if q.tickets < q.jobs {
		q.tickets++
		ticket = true
	}
	return true, ticket, dropped
}

// pop takes the job whose turn it is, nil when there is none, and those before it whose clients are gone.
func (q *fairQueue) pop() (next *queued, dropped []*queued) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tickets--
	for q.jobs > 0 {
		c := &q.classes[q.class]
		if c.order.Len() == 0 {
			q.class = (q.class + 1) % handler.Classes
			continue
		}
		address := c.first()
		account := address.value.first()
		j := account.value[0]
		account.value[0] = nil
		account.value = account.value[1:]
		passed := j.dropped
		if !passed {
			account.weight--
			address.weight--
			q.forget(j)
		}
		gone := passed || j.Gone != nil && j.Gone()
		address.value.turn(len(account.value) > 0, !gone)
		c.turn(address.value.order.Len() > 0, !gone)
		switch {
		case passed:
		case gone:
			dropped = append(dropped, j)
		default:
			q.class = (q.class + 1) % handler.Classes
			return j, dropped
		}
	}
	q.clean()
	return nil, dropped
}

// forget takes a job out of the counts.
func (q *fairQueue) forget(j *queued) {
	q.jobs--
	if q.perAccountMax == 0 {
		return
	}
	by := accountOf{j.Class, j.Account}
	all := q.accounts[by]
	for i := range all {
		if all[i] == j {
			all = append(all[:i], all[i+1:]...)
			break
		}
	}
	if len(all) == 0 {
		delete(q.accounts, by)
		return
	}
	q.accounts[by] = all
}

// clean drops what is left of passed-over jobs once no other ones are there.
func (q *fairQueue) clean() {
	for i := range q.classes {
		q.classes[i] = turns[netip.Addr, turns[string, []*queued]]{}
	}
}

// drop takes a job out before its turn; what is left of it is passed over.
func (q *fairQueue) drop(j *queued) {
	j.dropped = true
	address := q.classes[j.Class].of(j.Address)
	address.weight--
	address.value.of(j.Account).weight--
	q.forget(j)
}

// dropGone takes out those of some jobs whose clients are gone, and appends them to dropped.
func (q *fairQueue) dropGone(of []*queued, dropped []*queued) []*queued {
	for _, j := range append([]*queued(nil), of...) { // drop changes it
		if !j.dropped && j.Gone != nil && j.Gone() {
			q.drop(j)
			dropped = append(dropped, j)
		}
	}
	return dropped
}

// makeRoom takes out what has the least right to wait: jobs whose clients are gone, or the newest one of the longest
// backlog. It reports false when that is the new job itself.
func (q *fairQueue) makeRoom(job handler.Job, dropped []*queued) (bool, []*queued) {
	longest, own := q.longestAddress(job)
	if longest == nil {
		return false, dropped
	}
	for e := longest.value.order.Front(); e != nil; e = e.Next() {
		dropped = q.dropGone(e.Value.(*turnOf[string, []*queued]).value, dropped)
	}
	if q.jobs < q.jobsMax {
		return true, dropped
	}
	var account *turnOf[string, []*queued]
	for e, n := longest.value.order.Front(), 0; e != nil && n < addressesSought; e, n = e.Next(), n+1 {
		if a := e.Value.(*turnOf[string, []*queued]); account == nil || a.weight > account.weight {
			account = a
		}
	}
	if own && account.weight <= longest.value.weightOf(job.Account)+1 {
		return false, dropped
	}
	for i := len(account.value) - 1; i >= 0; i-- {
		if j := account.value[i]; !j.dropped {
			q.drop(j)
			return true, append(dropped, j)
		}
	}
	return false, dropped
}

// longestAddress returns the address with the most jobs, and whether that is the new job's own, which counts. It may be
// nil when no backlog is long.
func (q *fairQueue) longestAddress(job handler.Job) (longest *turnOf[netip.Addr, turns[string, []*queued]], own bool) {
	most, sought := 1, 0
	if longest = q.classes[job.Class].byKey[job.Address]; longest != nil {
		most, own = longest.weight+1, true
	}
	for i := range q.classes {
		for e := q.classes[i].order.Front(); e != nil && sought < addressesSought; e = e.Next() {
			sought++
			if a := e.Value.(*turnOf[netip.Addr, turns[string, []*queued]]); a.weight > most {
				longest, most, own = a, a.weight, false
			}
		}
	}
	return longest, own
}

// depth returns how many jobs wait. Anyone.
func (q *fairQueue) depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.jobs
}

// turns are keys that take turns, each with what is its own.
type turns[K comparable, V any] struct {
	order list.List // of *turnOf[K, V], whose turn is next in front
	byKey map[K]*turnOf[K, V]
}

type turnOf[K comparable, V any] struct {
	key    K
	value  V
	weight int // jobs
}

// of returns a key's own. A new key's turn comes last.
func (t *turns[K, V]) of(key K) *turnOf[K, V] {
	if own, ok := t.byKey[key]; ok {
		return own
	}
	if t.byKey == nil {
		t.byKey = make(map[K]*turnOf[K, V])
	}
	own := &turnOf[K, V]{key: key}
	t.byKey[key] = own
	t.order.PushBack(own)
	return own
}

// first returns whose turn it is.
func (t *turns[K, V]) first() *turnOf[K, V] { return t.order.Front().Value.(*turnOf[K, V]) }

// turn ends the first one's turn, if it was one, or takes its key away unless it has more.
func (t *turns[K, V]) turn(more, over bool) {
	switch e := t.order.Front(); {
	case !more:
		delete(t.byKey, e.Value.(*turnOf[K, V]).key)
		t.order.Remove(e)
	case over:
		t.order.MoveToBack(e)
	}
}

// weightOf returns how many jobs a key has.
func (t *turns[K, V]) weightOf(key K) int {
	if own, ok := t.byKey[key]; ok {
		return own.weight
	}
	return 0
}
