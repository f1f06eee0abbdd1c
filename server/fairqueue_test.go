package server

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"hubbub/handler"
)

// host returns one of many addresses.
func host(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }

// trial is a queue whose workers are the test.
type trial struct {
	t       testing.TB
	queue   *fairQueue
	ran     string
	dropped []string
	gone    map[string]bool
}

func newTrial(t testing.TB, jobsMax, perAccountMax int) *trial {
	return &trial{t: t, queue: newFairQueue(&pool{}, jobsMax, perAccountMax), gone: map[string]bool{}}
}

// add queues a job that is told apart by its name.
func (r *trial) add(class handler.Class, from netip.Addr, account, name string) bool {
	return r.queue.submit(handler.Job{
		Class: class, Address: from, Account: account, Gone: func() bool { return r.gone[name] },
		Run:  func() { r.ran = name },
		Drop: func() { r.dropped = append(r.dropped, name) },
	})
}

// next returns the name of the job whose turn it is, "" for none.
func (r *trial) next() string {
	r.ran = ""
	r.queue.run()
	return r.ran
}

// until returns how many other jobs come before one.
func (r *trial) until(name string) (others int) {
	r.t.Helper()
	for got := r.next(); got != name; got = r.next() {
		if others++; got == "" {
			r.t.Fatalf("%s never came", name)
		}
	}
	return others
}

// TestOneAccountKeepsNobodyWaiting: whatever waits for one account, from one address or from many, one behind it is next
// but one or, at the worst, behind as many as may wait for an account.
func TestOneAccountKeepsNobodyWaiting(t *testing.T) {
	f := func(what string, most int, from func(i int) netip.Addr, account func(i int) string, victim netip.Addr) {
		t.Helper()
		r := newTrial(t, 500, hashingPerAccount)
		for i := range 450 {
			r.add(handler.ForLogin, from(i), account(i), fmt.Sprint("attack", i))
		}
		if !r.add(handler.ForLogin, victim, "alice", "alice") {
			t.Errorf("%s: there is no room", what)
			return
		}
		if n := r.until("alice"); n > most {
			t.Errorf("%s: %d came before", what, n)
		}
	}
	one := func(int) netip.Addr { return host(0) }
	mallory, each := func(int) string { return "mallory" }, func(i int) string { return fmt.Sprint("account", i) }
	f("one account, one address", 1, one, mallory, host(1))
	f("one account, many addresses", hashingPerAccount, host, mallory, host(1000))
	f("many accounts, one address", 1, one, each, host(1))
	f("one account, the same address", 1, one, mallory, host(0))
}

// TestAFullQueue: the longest backlog loses its newest job to whoever has less, and nobody else does.
func TestAFullQueue(t *testing.T) {
	r := newTrial(t, 10, 0)
	for i := range 8 {
		r.add(handler.ForLogin, host(0), "mallory", fmt.Sprint("attack", i))
	}
	r.add(handler.ForLogin, host(1), "alice", "alice")
	r.add(handler.ForSession, host(2), "bob", "bob")
	if r.add(handler.ForLogin, host(0), "mallory", "more") {
		t.Error("the longest backlog grew")
	}
	for i, account := range []string{"carol", "dave", "erin"} {
		if !r.add(handler.ForLogin, host(3+i), account, account) {
			t.Errorf("there is no room for %s", account)
		}
	}
	if !r.add(handler.ForLogin, host(0), "frank", "frank") { // who shares the address, not the account
		t.Error("there is no room for another account of the address")
	}
	if want := []string{"attack7", "attack6", "attack5", "attack4"}; !slices.Equal(r.dropped, want) {
		t.Errorf("%v had to go, want %v", r.dropped, want)
	}
	var got []string
	for name := r.next(); name != ""; name = r.next() {
		got = append(got, name)
	}
	if len(got) != 10 || r.queue.depth() != 0 {
		t.Errorf("then came %v; %d are left", got, r.queue.depth())
	}
}

// TestWhoIsGoneCostsNobodyATurn: jobs whose clients are gone are dropped when their turn comes, and don't count against
// those that share their account or their address.
func TestWhoIsGoneCostsNobodyATurn(t *testing.T) {
	r := newTrial(t, 400, hashingPerAccount)
	for i := range 400 {
		name := fmt.Sprint("attack", i)
		if !r.add(handler.ForLogin, host(i%4), fmt.Sprint("account", i), name) {
			t.Fatal("there is no room")
		}
		r.gone[name] = true
	}
	for i := range hashingPerAccount {
		name := fmt.Sprint("guess", i)
		if !r.add(handler.ForLogin, host(0), "alice", name) {
			t.Fatalf("there is no room for %s", name)
		}
		r.gone[name] = true
	}
	if !r.add(handler.ForLogin, host(0), "alice", "alice") {
		t.Fatal("the account has no room")
	}
	if n := r.until("alice"); n != 0 {
		t.Errorf("%d came before", n)
	}
	if r.next() != "" || len(r.dropped) != 400+hashingPerAccount || r.queue.depth() != 0 {
		t.Errorf("%d were dropped, %d are left", len(r.dropped), r.queue.depth())
	}
}

// TestClassesTakeTurns: what somebody who is logged in asks for keeps no login waiting.
func TestClassesTakeTurns(t *testing.T) {
	r := newTrial(t, 100_000, 0)
	for i := range 10_000 {
		r.add(handler.ForSession, host(i%1000), fmt.Sprint("reader", i), "page")
	}
	r.add(handler.ForLogin, host(0), "alice", "alice")
	if n := r.until("alice"); n > 1 {
		t.Errorf("%d came before", n)
	}
}

// TestFairness holds random programs to the promise: between two jobs of an account there is one of every other address of
// its class that waited meanwhile, and no job is lost, done twice, or both done and dropped.
func TestFairness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newTrial(nil, 20, 4)
		waits := map[string]netip.Addr{} // those of one class
		skipped := map[string]map[netip.Addr]int{}
		ended := map[string]int{}
		added := 0
		settle := func() {
			for _, name := range r.dropped {
				ended[name]++
				delete(waits, name)
			}
			r.dropped = nil
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				name := fmt.Sprint(added)
				from := host(rapid.IntRange(0, 3).Draw(t, "address"))
				ok := r.add(handler.ForLogin, from, rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "account"), name)
				settle()
				if ok {
					added++
					waits[name], skipped[name] = from, map[netip.Addr]int{}
				}
			},
			"go": func(t *rapid.T) {
				if added > 0 {
					r.gone[fmt.Sprint(rapid.IntRange(0, added-1).Draw(t, "who"))] = true
				}
			},
			"next": func(t *rapid.T) {
				name := r.next()
				settle()
				if name == "" {
					if r.queue.depth() != 0 || len(waits) != 0 {
						t.Fatalf("%d wait", len(waits))
					}
					return
				}
				if r.gone[name] {
					t.Fatalf("%s was done for nobody", name)
				}
				ended[name]++
				from := waits[name]
				delete(waits, name)
				for other, at := range waits {
					if at == from {
						clear(skipped[other])
						continue
					}
					if skipped[other][from]++; skipped[other][from] > 1 && !r.gone[other] {
						t.Fatalf("an address had two turns while another one waited")
					}
				}
			},
		})
		for name := r.next(); name != ""; name = r.next() {
			ended[name]++
		}
		settle()
		for i := range added {
			if n := ended[fmt.Sprint(i)]; n != 1 {
				t.Fatalf("job %d ended %d times", i, n)
			}
		}
		if len(r.queue.accounts) != 0 || r.queue.depth() != 0 || r.queue.classes[0].order.Len() != 0 {
			t.Fatalf("left: %v, %d", r.queue.accounts, r.queue.depth())
		}
	})
}

// TestTicketsDontPileUp: a flood whose jobs are dropped leaves no more tickets with the pool than the queue has places.
func TestTicketsDontPileUp(t *testing.T) {
	r := newTrial(t, 50, 0)
	for i := range 10_000 {
		name := fmt.Sprint(i)
		r.add(handler.ForLogin, host(i%100), name, name)
		r.gone[name] = true
	}
	if n := r.queue.pool.depth(); n > 50 {
		t.Errorf("%d tickets", n)
	}
}

// TestFairQueueRuns: with real workers, and submitters beside each other, every job is run or dropped.
func TestFairQueueRuns(t *testing.T) {
	const submitters, each = 8, 500
	p, err := newPool(4, nil, func(any) {})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	q := newFairQueue(p, 100, 16)
	var ended, all sync.WaitGroup
	for s := range submitters {
		all.Go(func() {
			for i := range each {
				ended.Add(1)
				job := handler.Job{
					Address: host(s % 3), Account: fmt.Sprint(i % 20), Gone: func() bool { return i%7 == 0 },
					Run: ended.Done, Drop: ended.Done,
				}
				if !q.submit(job) {
					ended.Done()
				}
			}
		})
	}
	all.Wait()
	ended.Wait()
	if q.depth() != 0 {
		t.Errorf("%d are left", q.depth())
	}
}

// BenchmarkFairQueue is a job's way through a queue in which a thousand addresses have jobs.
func BenchmarkFairQueue(b *testing.B) {
	q := newFairQueue(&pool{}, 1<<20, 0)
	job := handler.Job{Account: "alice", Run: func() {}, Drop: func() {}}
	for i := range 1000 {
		job.Address = host(i)
		q.submit(job)
	}
	for i := 0; b.Loop(); i++ {
		job.Address = host(i % 1000)
		q.push(job)
		q.pop()
	}
}
