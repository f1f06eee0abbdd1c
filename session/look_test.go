package session

import (
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// Two names that look alike, and one that looks like neither.
var (
	latinCoco    = Look{[2]uint64{1}, 10}
	cyrillicCoco = Look{[2]uint64{2, 1}, 20}
	otherLatin   = Look{[2]uint64{2}, 20}
)

// TestLooksAreClaimedOnce: of guests whose names look alike one gets in, whoever comes at the same moment.
func TestLooksAreClaimedOnce(t *testing.T) {
	for range 200 {
		h := newTestHub(2)
		h.unchecked = true
		a, _ := h.open(t, 0, 0)
		b, _ := h.open(t, 1, 0)
		var first, second Claim
		var both sync.WaitGroup
		both.Go(func() { first = h.Login(a, Login{Name: "coco", Look: latinCoco}) })
		both.Go(func() { second = h.Login(b, Login{Name: "сосо", Look: cyrillicCoco}) })
		both.Wait()
		if first+second != Claimed+LookInUse || first == second {
			t.Fatalf("the claims are %v and %v", first, second)
		}
	}
}

// TestLooksAreClaimedInOneOrder: of two who have both shapes in common, in whatever order each names them, one gets in,
// though each would have its first shape before the other one looks at it.
func TestLooksAreClaimedInOneOrder(t *testing.T) {
	var k looks
	first, second := &k.shard(1).mu, &k.shard(2).mu
	results := make(chan bool, 2)
	claim := func(l Look) {
		_, added := k.add(&l, false)
		results <- added
	}
	first.Lock()
	second.Lock()
	go claim(Look{[2]uint64{1, 2}, 10})
	go claim(Look{[2]uint64{2, 1}, 20})
	until(t, func() bool { return blocked() == 2 })
	first.Unlock()
	until(t, func() bool { // one has it
		first.Lock()
		if k.shard(1).holders[1].count == 1 {
			return true
		}
		first.Unlock()
		return false
	})
	second.Unlock()
	until(t, func() bool { return len(results) > 0 || blocked() == 2 })
	first.Unlock()
	if a, b := <-results, <-results; a == b {
		t.Errorf("the claims are %v and %v", a, b)
	}
}

// until waits for something that no event tells.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for giveUp := time.Now().Add(time.Minute); !done(); runtime.Gosched() {
		if time.Now().After(giveUp) {
			t.Fatal("it does not come to that")
		}
	}
}

// blocked returns how many goroutines wait for the lock of a look's shard.
func blocked() (n int) {
	stacks := make([]byte, 1<<20)
	for goroutine := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(goroutine, "[sync.Mutex.Lock") && strings.Contains(goroutine, "(*lookShard).") {
			n++
		}
	}
	return n
}

// TestLooksOfTheRefusedAreFree: who is refused for the second shape gives the first one back.
func TestLooksOfTheRefusedAreFree(t *testing.T) {
	var k looks
	if _, added := k.add(&Look{[2]uint64{2}, 10}, false); !added {
		t.Fatal("the first one does not get in")
	}
	if _, added := k.add(&Look{[2]uint64{1, 2}, 20}, false); added {
		t.Error("who looks like the first one gets in")
	}
	if _, added := k.add(&Look{[2]uint64{1}, 30}, false); !added {
		t.Error("a shape that nobody has is kept")
	}
}

// TestLooks: a look is free once its session is gone, one script keeps nobody out, and an account gets its name anyway.
func TestLooks(t *testing.T) {
	h := newTestHub(1)
	guest, _ := h.open(t, 0, 0)
	rival, _ := h.open(t, 0, 0)
	same, _ := h.open(t, 0, 0)
	if h.Login(guest, Login{Name: "coco", Look: latinCoco}) != Claimed || h.Login(same, Login{Name: "c0c0", Look: latinCoco}) != Claimed {
		t.Error("two of one script keep each other out")
	}
	if claim := h.Login(rival, Login{Name: "сосо", Look: cyrillicCoco}); claim != LookInUse {
		t.Errorf("who looks like somebody else is told %v", claim)
	}
	if h.Reserve(rival, "сосо", cyrillicCoco) {
		t.Error("a name was reserved that looks like somebody's")
	}
	if h.Login(rival, Login{Name: "сосо", Look: cyrillicCoco, Account: 5}) != Claimed {
		t.Error("an account does not get its name")
	}
	for _, s := range []*Session{guest, same, rival} {
		h.lanes[0].Closed(s, ClientClosed)
	}
	h.settleAll()
	last, _ := h.open(t, 0, 0)
	if claim := h.Login(last, Login{Name: "сосо", Look: cyrillicCoco}); claim != Claimed {
		t.Errorf("a look that nobody has any more: %v", claim)
	}
}

// TestLooksOfRegistrations: no guest comes in who looks like a name that is being registered, or has been since the guest
// asked for its own; and who has such a name is ended when an operator makes it an account's.
func TestLooksOfRegistrations(t *testing.T) {
	h := newTestHub(1)
	s, _ := h.open(t, 0, 0)
	guest, _ := h.open(t, 0, 0)
	before := h.Registered("сосо", cyrillicCoco)
	if !h.Reserve(s, "coco", latinCoco) {
		t.Fatal("a free name can't be reserved")
	}
	if claim := h.Login(guest, Login{Name: "сосо", Look: cyrillicCoco}); claim != LookInUse {
		t.Errorf("beside a registration: %v", claim)
	}
	h.SettleReservation(s, "coco", latinCoco, 7)
	if claim := h.Login(guest, Login{Name: "сосо", Look: cyrillicCoco, Registered: before}); claim != NameInUse {
		t.Errorf("who asked before the registration: %v", claim)
	}
	now := h.Registered("сосо", cyrillicCoco)
	if claim := h.Login(guest, Login{Name: "сосо", Look: cyrillicCoco, Registered: now}); claim != Claimed {
		t.Errorf("who asked after it: %v", claim)
	}
	other, _ := h.open(t, 0, 0)
	if h.Login(other, Login{Name: "x", Look: otherLatin, Registered: h.Registered("x", otherLatin)}) != Claimed {
		t.Fatal("the other one did not get in")
	}
	if !h.MarkRegistered("coco", latinCoco) {
		t.Error("nobody looks like it")
	}
	h.settleAll()
	if guest.Reason() != NameRegistered || other.Reason() != None {
		t.Errorf("the guest has ended: %v, the other one: %v", guest.Reason(), other.Reason())
	}
}
