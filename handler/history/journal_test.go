package history

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/codec"
)

var (
	ann = Party{Account: 1, Name: "ann"}
	bob = Party{Account: 2, Name: "bob"}
)

// desk is a Journal over a shelf, with what it called back.
type desk struct {
	*Journal
	shelf    *shelf
	failures []error
	answered []Receipt
}

// newDesk returns one whose Run is started. Its test is in a bubble and looks at it when that is at rest.
func newDesk(t testing.TB, newest codec.ID) *desk {
	d := &desk{shelf: &shelf{}}
	d.Journal = New(Config{
		Store: d.shelf, Newest: newest,
		Answer:   func(r []Receipt) { d.answered = append(d.answered, r...) },
		Failed:   func(err error) { d.failures = append(d.failures, err) },
		Appended: func(int, time.Duration) {},
	})
	go d.Run()
	t.Cleanup(func() {
		if err := d.shelf.fault(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// say adds public messages of ann's.
func (d *desk) say(text string, ids ...codec.ID) {
	for _, id := range ids {
		d.Add(Message{ID: id, From: ann, Text: text}, Receipt{Ref: uint32(id)})
	}
}

// through returns the numbers from one to another.
func through(from, to codec.ID) (ids []codec.ID) {
	for id := from; id <= to; id++ {
		ids = append(ids, id)
	}
	return ids
}

// wantGroups holds the first and the last ids of the groups that were appended against a list.
func (d *desk) wantGroups(t *testing.T, want ...codec.ID) {
	t.Helper()
	var got []codec.ID
	for _, g := range d.shelf.appended() {
		got = append(got, g.first, g.last)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the groups are %v, want %v", got, want)
	}
}

// What is added while a group is written is the next group, and nothing else delays it.
func TestGroupsCollectMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, 0)
		begin := time.Now()
		d.shelf.be(works, 10*time.Millisecond)
		synctest.Wait() // until Run has nothing to do
		d.say("first", 1)
		synctest.Wait()
		d.say("others", 2, 3, 4)
		if err := d.Flush(t.Context()); err != nil || time.Since(begin) != 20*time.Millisecond {
			t.Errorf("two groups took %v: %v", time.Since(begin), err)
		}
		d.wantGroups(t, 1, 1, 2, 4)
		d.say("last", 5)
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
		d.wantGroups(t, 1, 1, 2, 4, 5, 5)
	})
}

// A group is as large as it may be, in messages and in bytes.
func TestGroupLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, 0)
		d.shelf.be(works, 10*time.Millisecond)
		d.say("first", 1)
		synctest.Wait()
		d.say("many", through(2, 2*blockLen)...)
		d.say(strings.Repeat("x", groupBytes/4-MessageBytes-len(ann.Name)), through(3001, 3005)...)
		d.say(strings.Repeat("x", groupBytes), 3006, 3007)
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
		d.wantGroups(t, 1, 1, 2, blockLen, blockLen+1, 2*blockLen, 3001, 3004, 3005, 3005, 3006, 3006, 3007, 3007)
	})
}

// A group that fails is tried again, the same, with growing waits; one failure is told, and its end. Nothing is answered
// before.
func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, 0)
		begin := time.Now()
		d.shelf.be(refuses, 0)
		d.say("hello", 1, 2)
		<-time.After(4 * time.Second)
		d.say("more", 3)
		var waits []time.Duration
		for _, g := range d.shelf.appended() {
			waits = append(waits, g.at.Sub(begin)/time.Millisecond)
			if g.first != 1 || g.last != 2 {
				t.Errorf("a group of %d to %d", g.first, g.last)
			}
		}
		if want := []time.Duration{0, 10, 30, 70, 150, 310, 630, 1270, 2270, 3270}; !slices.Equal(waits, want) {
			t.Errorf("Appends at %v ms, want %v", waits, want)
		}
		if len(d.failures) != 1 || d.failures[0] != errShelf || d.Err() != errShelf || len(d.answered) != 0 || d.Kept() != 0 {
			t.Errorf("told %v, err %v, answered %v, kept up to %d", d.failures, d.Err(), d.answered, d.Kept())
		}
		if s := d.Stats(); s.Failures != 10 || s.Queued != 3 || s.Commits != 0 {
			t.Errorf("%+v", s)
		}
		d.shelf.be(works, 0)
		if err := d.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if len(d.failures) != 2 || d.failures[1] != nil || d.Err() != nil || len(d.answered) != 3 || d.Kept() != 3 {
			t.Errorf("told %v, err %v, answered %v, kept up to %d", d.failures, d.Err(), d.answered, d.Kept())
		}
		d.Close(t.Context())
	})
}

// An Append that does not return is given up after a while and repeated, whatever became of it.
func TestUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, 0)
		begin := time.Now()
		d.shelf.be(confuses, 0)
		d.say("hello", 1)
		synctest.Wait()
		d.shelf.be(works, 0)
		d.say("more", 2)
		if err := d.Flush(t.Context()); err != nil || time.Since(begin) != appendTimeout+retryMin {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		d.wantGroups(t, 1, 1, 1, 1, 2, 2)
		if got := ids(d.shelf.kept()); !slices.Equal(got, []codec.ID{1, 2}) {
			t.Errorf("kept %v", got)
		}
		d.Close(t.Context())
	})
}

// What is remembered is bounded, in messages and in bytes, and a burst's memory is given back.
func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, 0)
		d.say("short", through(1, 50_000)...)
		d.Flush(t.Context())
		if s := d.Stats(); s.Remembered != rememberedMessages || len(d.messages.blocks) > 6 || len(d.receipts.blocks) > 1 {
			t.Errorf("%+v in %d blocks, receipts in %d", s, len(d.messages.blocks), len(d.receipts.blocks))
		}
		d.say(strings.Repeat("x", rememberedBytes/8), through(50_001, 50_020)...)
		d.Close(t.Context())
		if s := d.Stats(); s.Remembered != 7 || s.QueuedBytes != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Tail gives those that a reader would have got, oldest first, whether they wait or were kept.
func TestTail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, 100)
		d.remember.messages = 3
		d.say("forgotten", 110, 120)
		d.Add(Message{ID: 130, From: bob, Text: "mine"}, Receipt{})
		d.Add(Message{ID: 140, From: ann, To: bob, Text: "to me"}, Receipt{})
		d.Add(Message{ID: 150, From: ann, To: Party{Name: "bob"}, Text: "to a guest"}, Receipt{})
		d.Flush(t.Context())
		d.shelf.be(refuses, 0)
		d.say("waits", 160, 170)
		f := func(reader Party, after codec.ID, limit int, want string) {
			t.Helper()
			dst := []Message{{ID: 1}}
			tail, complete, more := d.Tail(dst, reader, after, limit)
			if got := fmt.Sprint(ids(tail), complete, more); got != want {
				t.Errorf("%s after %d, at most %d: %s, want %s", reader.Name, after, limit, got, want)
			}
		}
		f(bob, 0, 9, "[1] false false")
		f(bob, 119, 9, "[1] false false")
		f(bob, 120, 9, "[1 140 160 170] true false")
		f(bob, 120, 3, "[1 140 160 170] true false")
		f(bob, 120, 2, "[1 140 160] true true")
		f(bob, 140, 1, "[1 160] true true")
		f(bob, 160, 1, "[1 170] true false")
		f(bob, 165, 1, "[1 170] true false")
		f(bob, 170, 1, "[1] true false")
		f(bob, 999, 1, "[1] true false")
		f(Party{Name: "bob"}, 120, 9, "[1 160 170] true false")
		f(Party{Name: "cat"}, 120, 9, "[1 130 160 170] true false")
		f(ann, 120, 9, "[1 130] true false")
		d.shelf.be(works, 0)
		d.Close(t.Context())
	})
}

// Before anything was added, what the Store has is not complete in memory, and nothing is missing above it.
func TestTailOfEmpty(t *testing.T) {
	j := New(Config{Newest: 100})
	for after, want := range map[codec.ID]bool{0: false, 99: false, 100: true, 101: true} {
		if tail, complete, more := j.Tail(nil, ann, after, 1); len(tail) > 0 || complete != want || more || j.Kept() != 100 {
			t.Errorf("after %d: %v, complete %v, more %v", after, tail, complete, more)
		}
	}
}

// A queue has room for what fits, and for one message of any size.
func TestFull(t *testing.T) {
	j := New(Config{})
	if j.Full(QueueBytes * 2) {
		t.Error("an empty queue is full")
	}
	j.SetQueueBytes(1000)
	if j.Full(2000) {
		t.Error("an empty queue is full")
	}
	j.Add(Message{ID: 1, From: ann, To: bob, Text: strings.Repeat("x", 94)}, Receipt{}) // 100 with the names
	room := 1000 - (100 + MessageBytes) - MessageBytes
	if j.Full(room) || !j.Full(room+1) {
		t.Errorf("%d bytes are too many: %v, %d are not: %v", room, j.Full(room), room+1, !j.Full(room+1))
	}
}

// A message costs no allocation of its own.
func TestAddAllocates(t *testing.T) {
	j := New(Config{})
	id := codec.ID(0)
	if n := testing.AllocsPerRun(10*blockLen, func() {
		id++
		j.Add(Message{ID: id, From: ann, Text: "hello"}, Receipt{Ref: 1})
	}); n != 0 {
		t.Errorf("%v allocations for each message", n)
	}
}
