package server

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/panjf2000/ants/v2"

	"hubbub/session"
)

// pool runs the strands that have something to do on an ants pool. Ready strands wait in a queue, each at most once,
// and every worker takes one after the other, so that a burst of ready sessions costs a few ants tasks and a full pool
// makes strands wait instead of refusing them.
type pool struct {
	ants    *ants.PoolWithFuncGeneric[struct{}]
	turn    func(*session.Session) (again bool)
	defect  func(panicked any) // a turn panicked
	workers int

	busy atomic.Int64 // workers at work, for metrics

	// Guarded by mu.
	mu       sync.Mutex
	queue    []job
	head     int
	active   int  // workers that will look at the queue before they stop
	starting bool // one of them has not begun yet
}

// job is a strand that is ready, or a probe of whether the pool still works.
type job struct {
	session *session.Session
	probe   func()
}

func newPool(workers int, turn func(*session.Session) bool, defect func(panicked any)) (*pool, error) {
	if workers == 0 {
		workers = 16 * runtime.GOMAXPROCS(0)
	}
	p := &pool{turn: turn, defect: defect, workers: workers}
	var err error
	// Twice the workers: one that has just left the queue may not be idle yet in ants' eyes when the next one starts.
	p.ants, err = ants.NewPoolWithFuncGeneric(2*workers, func(struct{}) { p.work() },
		ants.WithNonblocking(true))
	return p, err
}

// schedule queues a session whose strand is ready. It never blocks. Anyone.
func (p *pool) schedule(s *session.Session) { p.add(job{session: s}) }

// probe has f called by a worker, when its turn comes. Anyone.
func (p *pool) probe(f func()) { p.add(job{probe: f}) }

// add queues a job. While the queue is never empty, next never begins anew, so what was taken is dropped here.
func (p *pool) add(j job) {
	p.mu.Lock()
	if len(p.queue) == cap(p.queue) && p.head > len(p.queue)/2 {
		left := copy(p.queue, p.queue[p.head:])
		clear(p.queue[left:])
		p.queue, p.head = p.queue[:left], 0
	}
	p.queue = append(p.queue, j)
	needed := p.needed()
	p.mu.Unlock()
	if needed {
		p.recruit()
	}
}

// needed reports whether one more worker is to be recruited: there is work and room for it, and nobody is on the way.
// Each worker that begins asks again, so that a burst of jobs which one worker gets through wakes two, not all, and
// while all who work wait for something there is always one more, up to the limit. mu is held.
func (p *pool) needed() bool {
	if p.starting || p.active == p.workers || p.head == len(p.queue) {
		return false
	}
	p.active++
	p.starting = true
	return true
}

// recruit starts the worker that is needed. ants refuses only in a moment when workers are about to stop; the next job
// makes up for it, or the next tick at the latest.
func (p *pool) recruit() {
	if p.ants.Invoke(struct{}{}) != nil {
		p.mu.Lock()
		p.active--
		p.starting = false
		p.mu.Unlock()
	}
}

// start recruits a worker if one is needed. Anyone.
func (p *pool) start() {
	p.mu.Lock()
	needed := p.needed()
	p.mu.Unlock()
	if needed {
		p.recruit()
	}
}

// work runs one turn after the other until nothing is ready.
func (p *pool) work() {
	p.busy.Add(1)
	defer p.busy.Add(-1)
	p.mu.Lock()
	p.starting = false
	p.mu.Unlock()
	for {
		j, ok := p.next()
		if !ok {
			return
		}
		if p.run(j) {
			p.add(j)
		}
	}
}

// run does a job, and reports whether it is to be done again. A panic that gets this far costs the session its place,
// which stays taken, but neither the worker nor the jobs behind it.
func (p *pool) run(j job) (again bool) {
	defer func() {
		if v := recover(); v != nil {
			p.defect(v)
		}
	}()
	if j.probe != nil {
		j.probe()
		return false
	}
	return p.turn(j.session)
}

// next takes a job, and has another worker look after the rest. Without a job the worker stops.
func (p *pool) next() (j job, ok bool) {
	p.mu.Lock()
	if p.head == len(p.queue) {
		p.active--
		p.mu.Unlock()
		return job{}, false
	}
	j = p.queue[p.head]
	p.queue[p.head] = job{}
	p.head++
	if p.head == len(p.queue) {
		if cap(p.queue) > queueKept {
			p.queue = nil
		}
		p.queue, p.head = p.queue[:0], 0
	}
	needed := p.needed()
	p.mu.Unlock()
	if needed {
		p.recruit()
	}
	return j, true
}

// queueKept is for how many jobs an empty queue keeps its memory.
const queueKept = 1 << 14

// depth returns how many strands are ready and wait. Anyone.
func (p *pool) depth() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue) - p.head
}

// close stops the workers once their turns are over.
func (p *pool) close() { p.ants.Release() }

// finish is close for a pool whose jobs need something that goes away then: it waits for those that run, but not for
// longer than that.
func (p *pool) finish(wait time.Duration) { _ = p.ants.ReleaseTimeout(wait) }
