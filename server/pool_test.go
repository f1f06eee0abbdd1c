package server

import "testing"

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
