package session

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// TestStrandOrder shows that a strand gives packets, then a fault, then the end, and that packets which were received in
// pieces come as one.
func TestStrandOrder(t *testing.T) {
	h := newTestHub(1)
	s, _ := h.open(t, 0, 0)
	broken := errors.New("no packet")
	s.Receive([]byte("one"))
	s.Receive([]byte("two"))
	s.Fault(broken)
	h.lanes[0].Closed(s, ClientClosed)
	if len(h.ready) != 1 {
		t.Errorf("the strand was scheduled %d times", len(h.ready))
	}
	if e, _ := s.Take(); string(e.Packets) != "onetwo" {
		t.Errorf("Take = %+v", e)
	}
	if e, _ := s.Take(); !errors.Is(e.Fault, broken) || e.Packets != nil {
		t.Errorf("Take = %+v", e)
	}
	if e, _ := s.Take(); e.Closed != ClientClosed || e.Fault != nil {
		t.Errorf("Take = %+v", e)
	}
	if e, ok := s.Take(); ok {
		t.Errorf("Take at the end = %+v", e)
	}
}

// TestStrandKeepsEveryByte has a loop receive runs of any size and a worker take them and put parts of them back: what
// is handled is what was received, and packets don't change while they are held.
func TestStrandKeepsEveryByte(outer *testing.T) {
	h := newTestHub(1)
	limits := testLimits
	limits.StrandBytes = 1 << 20
	h.SetLimits(limits)
	sizes := rapid.SampledFrom([]int{1, 90, runBytes / 2, runBytes, runBytes + 1, 3 * runBytes})
	rapid.Check(outer, func(t *rapid.T) {
		s, _ := h.open(outer, 0, 0)
		var waits, held []byte // what was received and not taken; what was taken and not handled
		handle := func(n int) {
			if !bytes.Equal(held[:n], waits[:n]) {
				t.Fatalf("the worker handles bytes that were not received")
			}
			held, waits = held[n:], waits[n:]
		}
		t.Repeat(map[string]func(*rapid.T){
			"receive": func(t *rapid.T) {
				run := bytes.Repeat([]byte{rapid.Byte().Draw(t, "value")}, sizes.Draw(t, "bytes"))
				if !s.Receive(run) {
					t.Fatal("refused")
				}
				waits = append(waits, run...)
				clear(run) // the loop's buffer is its own again
			},
			"take": func(t *rapid.T) {
				handle(len(held))
				e, ok := s.Take()
				if held = e.Packets; ok != (len(waits) > 0) {
					t.Fatalf("Take reports %t while %d bytes wait", ok, len(waits))
				}
			},
			"put back": func(t *rapid.T) {
				if len(held) > 0 {
					handle(rapid.IntRange(0, len(held)-1).Draw(t, "handled"))
					s.PutBack(len(held))
					held = nil
				}
			},
		})
	})
}

// TestAnIdleStrandHoldsNoMemory shows that a session which has nothing to do costs its slot and nothing more.
func TestAnIdleStrandHoldsNoMemory(t *testing.T) {
	h := newTestHub(1)
	s, _ := h.open(t, 0, 0)
	for _, size := range []int{1, runBytes, 2 * runBytes} {
		s.Receive(make([]byte, size))
		h.settleStrands()
		if s.run != nil || s.inbox.packets != nil || s.inbox.held != 0 {
			t.Errorf("after %d bytes it holds %d and %d, and counts %d", size, cap(s.run), cap(s.inbox.packets), s.inbox.held)
		}
	}
}

// TestStrandCountsWhatAWorkerHolds shows that the limit is one of all that is in memory: a worker's packets too.
func TestStrandCountsWhatAWorkerHolds(t *testing.T) {
	h := newTestHub(1)
	s, c := h.open(t, 0, 0)
	c.deaf = true
	full := make([]byte, testLimits.StrandBytes)
	s.Receive(full)
	s.Take()
	if s.Receive([]byte("x")) {
		t.Error("a strand whose worker holds all that it may took more")
	}
	s.Take()
	if !s.Receive(full) {
		t.Error("a strand whose worker is through took nothing")
	}
}
