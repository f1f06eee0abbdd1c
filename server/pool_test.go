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
