package audit

import (
	"testing"

	"hubbub/codec"
)

// TestComplete: what must still come is waited for, and nothing else is.
func TestComplete(t *testing.T) {
	var o Outcomes
	var alice, bob Receiver
	l := NewLedger(Rules{Run: testRun, Name: testName})
	wants := func(sent uint64, complete bool, when string) {
		t.Helper()
		if got := l.Complete(sent, &o); got != complete {
			t.Errorf("%s: Complete(%d) is %t", when, sent, got)
		}
	}
	hear := func(r *Receiver, sender uint32, ordinal uint64) {
		t.Helper()
		text := Stamp{Run: testRun, Sender: sender, Number: ordinal}.Append(nil, StampBytes)
		packet := codec.Native.Append(nil, &codec.BroadcastNotify{ID: codec.ID(ordinal), User: testName(sender), Message: string(text)})
		if _, _, ok := l.Broadcast(r, packet, 0); !ok {
			t.Errorf("number %d does not count", ordinal)
		}
	}

	wants(70, true, "nobody is there")
	l.Join(&alice, 1, 70, nil)
	l.Spoke(71)
	wants(71, true, "alice does not hear herself")
	wants(72, false, "alice has not got what another ledger's user sent")
	hear(&alice, 5, 72)
	wants(72, true, "alice has it")

	l.Join(&bob, 2, 72, nil)
	l.Spoke(73)
	wants(73, false, "one of the two must get what the other sent")
	hear(&bob, 1, 73)
	o.Broadcast(73, Uncertain)
	wants(73, true, "bob has it, uncertain as it was")
	wants(74, false, "what is certain and has come nowhere is missing")
	o.Broadcast(74, Refused)
	wants(74, true, "it was refused")

	for ordinal := uint64(75); ordinal <= 200; ordinal++ {
		wants(ordinal, false, "not yet")
		hear(&alice, 2, ordinal)
	}
	wants(200, true, "all have come")
	l.Leave(&bob)
	wants(201, false, "alice is owed what comes")
	l.Leave(&alice)
	wants(300, true, "nobody is left")
}
