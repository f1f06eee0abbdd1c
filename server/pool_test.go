package server

import (
	"sync"
	"testing"
	"time"

	"hubbub/session"
)

// Under steady load the queue is never empty; it must not keep room for all that ever went through it.
func TestABusyQueueStaysSmall(t *testing.T) {
	p := &pool{} // no workers: the test takes the jobs
	p.add(job{probe: func() {}})
	for range 100_000 {
		p.add(job{probe: func() {}})
		if j, ok := p.next(); !ok || j.probe == nil {
			t.Fatal("a job is missing")
		}
	}
	if p.depth() != 1 {
		t.Errorf("%d jobs wait, want 1", p.depth())
	}
	if cap(p.queue) > 64 {
		t.Errorf("the queue has room for %d jobs", cap(p.queue))
	}
}

// A turn that panics costs neither its worker nor the strands behind it.
func TestAPanickingTurn(t *testing.T) {
	const workers = 2
	var wait sync.WaitGroup
	p, err := newPool(workers, func(s *session.Session) bool {
		defer wait.Done()
		panic("a defect")
	}, func(any) {})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for range 10 * workers {
		wait.Add(1)
		p.schedule(nil)
	}
	done := make(chan struct{})
	go func() { wait.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatalf("%d strands wait and no worker is left", p.depth())
	}
	answered := make(chan struct{})
	p.probe(func() { close(answered) })
	<-answered
}

// While workers wait for something, the jobs behind them find others, up to the limit.
func TestWaitingWorkersLeaveRoom(t *testing.T) {
	const workers = 4
	p, err := newPool(workers, func(*session.Session) bool { return false }, func(any) {})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for range 100 {
		var all sync.WaitGroup
		all.Add(workers)
		done := make(chan struct{}, workers)
		for range workers {
			p.probe(func() {
				all.Done()
				all.Wait() // for the others, who are behind in the queue
				done <- struct{}{}
			})
		}
		for range workers {
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				t.Fatalf("%d jobs wait for a worker", p.depth())
			}
		}
	}
}

// One worker at a time is on its way, so that a burst does not wake them all.
func TestRecruiting(t *testing.T) {
	p := &pool{workers: 2}
	f := func(when string, want bool) {
		t.Helper()
		if p.needed() != want {
			t.Errorf("%s, a worker is needed: %t", when, !want)
		}
	}
	f("without a job", false)
	p.queue = make([]job, 10)
	f("with ten jobs", true)
	f("with a worker on its way", false)
	p.starting = false
	f("when the first one works", true)
	p.starting = false
	f("when all work", false)
}

// A job whose worker ants refused is done after the next tick, in each of the pools.
func TestTickMakesUpForARefusal(t *testing.T) {
	var s Server
	s.ready = make(chan struct{})
	close(s.ready)
	s.loops.Store(&[]*loop{})
	for _, p := range []**pool{&s.pool, &s.hashing, &s.reading} {
		var err error
		if *p, err = newPool(1, nil, func(any) {}); err != nil {
			t.Fatal(err)
		}
		defer (*p).close()
	}
	var done sync.WaitGroup
	for _, p := range []*pool{s.pool, s.hashing, s.reading} {
		done.Add(1)
		p.queue = append(p.queue, job{probe: done.Done}) // as add leaves it then
	}
	s.tick()
	done.Wait()
}
