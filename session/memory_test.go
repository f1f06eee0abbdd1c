package session

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// memoryHall is a hub with sessions that use memory in every way there is, and what closes the connections that the hub
// wants closed.
type memoryHall struct {
	*testHub
	t        rapid.TB
	sessions []*Session
	conns    []*fakeConn
	evicted  int   // sessions, as Config.Evicted was told
	bytes    int64 // of those
}

func newMemoryHall(t rapid.TB, limit int64) *memoryHall {
	h := &memoryHall{testHub: newTestHub(2), t: t}
	h.config.SendBufferBytes, h.config.ReceiveBufferBytes = 3<<10, 1<<10
	h.config.Evicted = func(sessions int, bytes int64) { h.evicted += sessions; h.bytes += bytes }
	h.limit(limit)
	return h
}

func (h *memoryHall) limit(bytes int64) {
	limits := testLimits
	limits.OutboxBytes, limits.StrandBytes, limits.MemoryBytes = 1<<18, 1<<18, bytes
	h.SetLimits(limits)
}

// come lets a session in.
func (h *memoryHall) come(lane int) *Session {
	l := h.lanes[lane]
	c := &fakeConn{lane: l}
	s, why := l.Open(c, testAddress, None, 0)
	if why != None {
		h.t.Fatal(why)
	}
	c.session = s
	s.SetEncoding(0)
	h.sessions, h.conns = append(h.sessions, s), append(h.conns, c)
	return s
}

// request has a session send packets that its strand does not come to.
func (h *memoryHall) request(s *Session, bytes int) {
	if s.State() != Disconnecting && !s.Receive(make([]byte, bytes)) {
		s.End(Overloaded, "")
	}
}

// leave has a session not read what it is sent.
func (h *memoryHall) leave(s *Session, bytes int) {
	if s.conn != nil && s.State() != Disconnecting {
		s.conn.(*fakeConn).stuck = true
		s.Send(make([]byte, bytes))
	}
}

// loops runs the loops, and closes what they want closed, but no strands.
func (h *memoryHall) loops() {
	for more := true; more; {
		for more = false; h.step(); more = true {
		}
		for i, c := range h.conns {
			if s := h.sessions[i]; c.closed && s.conn == Conn(c) {
				c.lane.Closed(s, ClientClosed)
				more = true
			}
		}
	}
}

func (h *memoryHall) tick() {
	for _, l := range h.lanes {
		l.Tick(h.now)
	}
	h.loops()
}

// counted holds the counters against what the sessions use.
func (h *memoryHall) counted() {
	h.t.Helper()
	var want, got [MemoryKinds]int64
	var evicted, wantEvicted int64
	for _, l := range h.lanes {
		for slot := range l.slab.slots() {
			s := l.slab.at(slot)
			want[MemoryInput] += int64(s.inputMemory)
			want[MemoryOutboxes] += int64(s.outboxMemory)
			want[MemoryRequests] += int64(runMemory(s.run) + runMemory(s.inbox.packets))
			if s.outboxMemory > 0 {
				want[MemoryKernel] += int64(h.config.SendBufferBytes)
			}
			if s.held >= 0 {
				want[MemoryKernel] += int64(h.config.ReceiveBufferBytes)
			}
			wantEvicted += s.evicted
		}
		evicted += l.memory.evicted.Load()
	}
	for _, k := range []MemoryKind{MemoryInput, MemoryOutboxes, MemoryRequests, MemoryKernel} {
		if got[k] = h.MemoryUsed(k); got[k] != want[k] {
			h.t.Fatalf("%d bytes are counted for %s, and sessions use %d", got[k], k, want[k])
		}
	}
	if evicted != wantEvicted {
		h.t.Fatalf("%d bytes are counted as evicted, and sessions say %d", evicted, wantEvicted)
	}
}

// largest returns the most that a session uses that was not evicted.
func (h *memoryHall) largest() (most int64) {
	for _, l := range h.lanes {
		for _, u := range l.usages(evictMost) {
			most = max(most, u.bytes)
		}
	}
	return most
}

// TestMemoryIsCounted runs random programs: whatever sessions send, leave unread or half-send, however they end, what is
// counted is what they use, and nothing is left in the end. The limit is kept to between two Ticks within a quarter and a
// step for each loop, and exactly after some Ticks, unless nobody is left who uses much.
func TestMemoryIsCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(200<<10, 1<<20).Draw(t, "limit")
		h := newMemoryHall(t, limit)
		pick := func(t *rapid.T) *Session {
			if len(h.sessions) < 8 || rapid.IntRange(0, 9).Draw(t, "new") == 0 && len(h.sessions) < 14 {
				return h.come(rapid.IntRange(0, 1).Draw(t, "lane"))
			}
			return rapid.SampledFrom(h.sessions).Draw(t, "session")
		}
		bytes := func(t *rapid.T) int { return rapid.IntRange(1, 1<<16).Draw(t, "bytes") }
		gone := func(s *Session) bool { return s.conn == nil }
		t.Repeat(map[string]func(*rapid.T){
			"request": func(t *rapid.T) {
				if s := pick(t); !gone(s) {
					h.request(s, bytes(t))
				}
			},
			"leave": func(t *rapid.T) { h.leave(pick(t), bytes(t)) },
			"half-send": func(t *rapid.T) {
				if s := pick(t); !gone(s) {
					s.lane.SetInput(s, bytes(t)/16)
				}
			},
			"read": func(t *rapid.T) {
				if s := pick(t); !gone(s) {
					s.conn.(*fakeConn).unstick()
				}
			},
			"close": func(t *rapid.T) {
				if s := pick(t); !gone(s) {
					s.lane.Closed(s, ClientClosed)
				}
			},
			"loops":   func(*rapid.T) { h.loops() },
			"strands": func(*rapid.T) { h.settleStrands(); h.loops(); h.counted() },
			"tick": func(t *rapid.T) {
				for range 4 { // until farewells that nobody reads are written and counted
					h.tick()
					h.settleStrands()
				}
				h.counted()
				if used := h.memoryInUse(); used > limit && h.largest() >= evictMin {
					t.Fatalf("after a tick %d bytes are in use, more than %d, and somebody uses %d", used, limit, h.largest())
				}
			},
			"": func(t *rapid.T) {
				// What a loop was not told of yet may come on top: the last piece of each.
				if used, most := h.memoryInUse(), limit+limit/4+2*(memoryStep+1<<17); used > most && h.largest() >= evictMin {
					t.Fatalf("%d bytes are in use, more than %d", used, most)
				}
			},
		})
		h.limit(0)
		for _, s := range h.sessions {
			if !gone(s) {
				s.lane.Closed(s, ClientClosed)
			}
		}
		h.settleAll()
		h.tick()
		h.counted()
		for k := MemoryInput; k <= MemoryKernel; k++ {
			if n := h.MemoryUsed(k); n != 0 {
				t.Fatalf("nobody is there, and %d bytes are counted for %s", n, k)
			}
		}
	})
}

// TestLargestAreEvicted holds an eviction against the plain list of what sessions use: the largest are ended, over all
// loops, until an eighth of the limit is free; of equal ones the one with the lower number goes first. Who has read
// everything hears why; whose kernel is full is reset.
func TestLargestAreEvicted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newMemoryHall(t, 0)
		var given []int
		for range rapid.IntRange(1, 30).Draw(t, "sessions") {
			s := h.come(rapid.IntRange(0, 1).Draw(t, "lane"))
			bytes := rapid.SampledFrom([]int{0, 100, 3000, 3000, 10_000, 50_000}).Draw(t, "bytes")
			switch rapid.SampledFrom([]string{"requests", "outbox", "input"}).Draw(t, "kind") {
			case "requests":
				h.request(s, bytes)
			case "outbox":
				h.leave(s, bytes)
			case "input":
				s.lane.SetInput(s, bytes)
			}
			given = append(given, bytes)
		}
		h.tick()
		h.tick() // now the lanes' own memory is counted as it stays
		for i, s := range h.sessions {
			if n := s.lane.usage(s); given[i] > runBytes && n < int64(given[i]) {
				t.Fatalf("of %d bytes %d are counted", given[i], n)
			}
		}
		var list []usage
		for _, l := range h.lanes {
			list = append(list, l.usages(evictMost)...)
		}
		slices.SortFunc(list, func(a, b usage) int {
			if a.bytes == b.bytes {
				return cmp.Compare(a.id, b.id)
			}
			return cmp.Compare(b.bytes, a.bytes)
		})
		used := h.memoryInUse()
		limit := used - used/rapid.Int64Range(6, 20).Draw(t, "excess")
		want := map[*Session]bool{}
		for free := used - (limit - limit/8); free > 0 && len(list) > 0; list = list[1:] {
			free -= list[0].bytes
			want[list[0].session.session] = true
		}
		h.limit(limit)
		h.tick()
		for i, s := range h.sessions {
			why, c := s.Reason(), h.conns[i]
			if evicted := why == MemoryBudget; evicted != want[s] {
				t.Fatalf("session %d is ended: %v, which is to be %v", i, why, want[s])
			}
			heard := string(c.got) == "<bye:memory_budget>"
			if want[s] && !heard && !c.aborted || heard && c.aborted {
				t.Fatalf("session %d heard %q; reset: %v", i, c.got, c.aborted)
			}
		}
		if h.evicted != len(want) || int(h.Ended(MemoryBudget)) != len(want) {
			t.Fatalf("%d are told of and %d counted, not %d", h.evicted, h.Ended(MemoryBudget), len(want))
		}
	})
}

// TestNoLoopAnswers: where the other loops do not come to an eviction, the loop whose sessions use more and more ends its
// own largest ones, so that the limit is exceeded by a quarter at most.
func TestNoLoopAnswers(t *testing.T) {
	const limit = 1 << 20
	h := newMemoryHall(t, limit)
	small := h.come(0)
	h.request(small, 4<<10)
	for range 200 {
		s := h.come(0)
		h.request(s, 100<<10) // and nobody runs a loop
		if used := h.memoryInUse(); used > limit+limit/4+memoryStep+128<<10 {
			t.Fatalf("%d bytes are in use, more than %d by more than a quarter", used, limit)
		}
		h.loopsOf(0)
	}
	if small.Reason() != None {
		t.Errorf("the smallest is ended: %v", small.Reason())
	}
}

// loopsOf lets one loop handle the ends of its sessions, but not the others theirs.
func (h *memoryHall) loopsOf(lane int) {
	for i, c := range h.conns {
		if s := h.sessions[i]; s.lane == h.lanes[lane] && s.Reason() != None && s.conn == Conn(c) {
			s.lane.Closed(s, ClientClosed)
		}
	}
}

// TestEvictedAfterItsConnection: what a client that is gone has sent counts until its strand comes to it, so it can be
// evicted as well: else coming and going again would use memory without end.
func TestEvictedAfterItsConnection(t *testing.T) {
	h := newMemoryHall(t, 0)
	s := h.come(0)
	s.Receive(make([]byte, 10))
	s.Take()
	s.Park() // it waits for the database
	h.request(s, 100<<10)
	s.lane.Closed(s, ClientClosed)
	h.limit(h.memoryInUse() - 1)
	h.tick()
	if n := h.MemoryUsed(MemoryRequests); n != 0 {
		t.Errorf("%d bytes wait for a strand whose client is gone", n)
	}
	s.Resume(true)
	h.settleAll()
	h.counted()
}

// TestMemoryExceeded: whoever decides who is let in learns that the limit is exceeded by what others use, too.
func TestMemoryExceeded(t *testing.T) {
	h := newMemoryHall(t, 100<<10)
	h.come(0)
	if h.MemoryExceeded() {
		t.Error("one session is too much")
	}
	if h.SetOtherMemory(106 << 10); !h.MemoryExceeded() {
		t.Error("the limit is not exceeded")
	}
	h.tick()
	if h.sessions[0].Reason() != None {
		t.Error("a session is ended that uses nothing")
	}
}
