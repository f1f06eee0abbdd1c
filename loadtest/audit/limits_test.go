package audit

import (
	"testing"
	"time"

	"hubbub/codec"
)

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name, script, want string
		prepare            func(o *Outcomes)
	}{
		{"refused to nobody's harm", "+0 +1 0<1 0<3 1<1 1<3", "", func(o *Outcomes) { o.Broadcast(2, Refused) }},
		{"uncertain", "+0 +1 0<1 0<3 =2 1<1 1<3", "", func(o *Outcomes) { o.Broadcast(2, Uncertain) }},
		{"uncertain, and it came", "+0 +1 0<1 0<2 1<1 1<2", "", func(o *Outcomes) { o.Broadcast(2, Uncertain) }},
		{"uncertain, and it came to some", "+0 +1 0<1 0<2 0<3 1<1 1<3", "lost at 1", func(o *Outcomes) { o.Broadcast(2, Uncertain) }},
		{"uncertain, and one loop lacks it", "+0 0<1 0<2 | +1 1<1", "", func(o *Outcomes) { o.Broadcast(2, Uncertain) }},
		{"refused, and it came", "+0 +1 0<1 0<2 1<1 1<2", "contradicted at 0", func(o *Outcomes) { o.Broadcast(2, Refused) }},
		{"refused, and it came to some", "+0 +1 0<1 0<2 0<3 1<1 1<3", "contradicted at 0", func(o *Outcomes) { o.Broadcast(2, Refused) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var o Outcomes
			c.prepare(&o)
			if tally, got := play(t, codec.Native, c.script, &o); len(got) > 1 || c.want != "" && got[c.want] != 1 || c.want == "" && len(got) > 0 {
				t.Errorf("found %v, not %s: %+v", got, c.want, tally.Findings)
			}
		})
	}
	var o Outcomes
	o.Broadcast(1, Refused)
	o.Broadcast(1, Refused)
	o.Broadcast(1<<40, Uncertain)
	o.Whisper(1, 2, 3, Uncertain)
	if refused, uncertain := o.Counts(); refused != 1 || uncertain != 2 {
		t.Errorf("%d refused, %d uncertain", refused, uncertain)
	}
}

// TestMemoryIsBounded: one who reads nothing is given up on before he costs more than heldMax, and followed again from his
// next login on.
func TestMemoryIsBounded(t *testing.T) {
	c := newCrowd(3, 0, codec.Classic)
	frozen := &c.receivers[2]
	deliver := func(n uint64, to ...*Receiver) {
		text := Stamp{Run: testRun, Sender: 9, Number: n}.Append(nil, 64)
		packet := codec.Classic.Append(nil, &codec.BroadcastNotify{User: testName(9), Message: string(text)})
		for _, r := range to {
			if _, _, ok := c.ledger.Broadcast(r, packet, 0); !ok {
				t.Fatalf("number %d does not count", n)
			}
		}
	}
	deliver(1, &c.receivers[0], &c.receivers[1], frozen)
	sent := uint64(heldMax/1062 + 5000)
	for n := uint64(2); n <= sent; n++ {
		deliver(n, &c.receivers[0], &c.receivers[1])
		if n%5000 == 0 {
			c.ledger.Trim(time.Duration(n) * time.Millisecond)
		}
	}
	c.ledger.Trim(time.Hour)
	if frozen.state != untracked || c.ledger.held > heldMax {
		t.Fatalf("%d bytes are held; the frozen one is in state %d", c.ledger.held, frozen.state)
	}
	if !c.ledger.Settled(frozen, nil, nil) {
		t.Error("one who is owed nothing is not settled")
	}
	deliver(2, frozen)
	deliver(3, frozen)
	c.ledger.Trim(2 * time.Hour)
	if len(c.ledger.entries) > 0 || c.ledger.held != 0 {
		t.Errorf("%d entries and %d bytes are held for nobody", len(c.ledger.entries), c.ledger.held)
	}
	c.ledger.Join(frozen, 2, sent, nil)
	deliver(sent+1, &c.receivers[0], &c.receivers[1], frozen)
	deliver(sent+2, &c.receivers[0], &c.receivers[1])
	for i := range c.receivers {
		c.ledger.Finish(&c.receivers[i], nil)
	}
	tally := Merge(sent+2, nil, c.ledger)
	if tally.Untracked != 2 || tally.Counts[Lost] != 1 || len(tally.Counts) != 1 {
		t.Errorf("%d untracked, found %v", tally.Untracked, tally.Counts)
	}
}

// TestOneSpeaker: who alone speaks gets nothing, and does not keep the ledger from forgetting.
func TestOneSpeaker(t *testing.T) {
	c := newCrowd(2, 0, codec.Native)
	for n := uint64(1); n <= 1000; n++ {
		text := Stamp{Run: testRun, Sender: 0, Number: n}.Append(nil, 64)
		packet := codec.Native.Append(nil, &codec.BroadcastNotify{ID: codec.ID(n), User: testName(0), Message: string(text)})
		c.ledger.Broadcast(&c.receivers[1], packet, 0)
		c.ledger.Trim(time.Duration(n) * time.Second)
	}
	if n := len(c.ledger.entries); n > 10 {
		t.Errorf("%d entries are kept", n)
	}
}

// TestTrimAfterFinish: what is owed at the end stays owed, however long the others take.
func TestTrimAfterFinish(t *testing.T) {
	c := newCrowd(2, 2, codec.Native)
	c.ledger.Broadcast(&c.receivers[0], c.packets[0], 0)
	c.ledger.Finish(&c.receivers[0], nil)
	for _, packet := range c.packets {
		c.ledger.Broadcast(&c.receivers[1], packet, 0)
	}
	for n := range 20 {
		c.ledger.Trim(time.Duration(n) * time.Second)
	}
	c.ledger.Finish(&c.receivers[1], nil)
	if tally := Merge(2, nil, c.ledger); tally.Counts[Lost] != 1 || tally.Findings[0].Receiver != 0 {
		t.Errorf("%+v", tally)
	}
}

// TestForeignMessages: others may chat on the same server, and somebody may run a load test beside this one.
func TestForeignMessages(t *testing.T) {
	for dialect := range codec.Dialect(codec.Dialects) {
		c := newCrowd(2, 100, dialect)
		other := string(Stamp{Run: testRun + 1, Sender: 1, Number: 1}.Append(nil, 64))
		for i, packet := range c.packets {
			for r := range c.receivers {
				for _, text := range []string{"hello", other} {
					foreign := dialect.Append(nil, &codec.BroadcastNotify{ID: codec.ID(5000 + i), User: "somebody", Message: text})
					if _, _, ok := c.ledger.Broadcast(&c.receivers[r], foreign, time.Duration(i)*time.Second); ok {
						t.Error("it counts as delivered")
					}
				}
				c.ledger.Broadcast(&c.receivers[r], packet, 0)
			}
			c.ledger.Trim(time.Duration(i) * time.Second)
		}
		if len(c.ledger.strangers) > 50 {
			t.Errorf("%d foreign messages are remembered", len(c.ledger.strangers))
		}
		for r := range c.receivers {
			c.ledger.Finish(&c.receivers[r], nil)
		}
		if tally := Merge(100, nil, c.ledger); !tally.Clean() || tally.Checked != 200 {
			t.Errorf("%s: %+v", dialect, tally)
		}
	}
}

// TestBrokenPackets: whatever comes, nothing panics, and before a login nothing counts.
func TestBrokenPackets(t *testing.T) {
	for dialect := range codec.Dialect(codec.Dialects) {
		c := newCrowd(1, 1, dialect)
		var stranger Receiver
		for n := range c.packets[0] {
			c.ledger.Broadcast(&c.receivers[0], c.packets[0][:n], 0)
			c.ledger.Broadcast(&stranger, c.packets[0], 0)
		}
		c.ledger.Leave(&stranger)
		c.ledger.Finish(&stranger, nil)
		c.ledger.Whisper(&stranger, "", "", 0, 0)
		if c.ledger.seen.n != 0 {
			t.Errorf("%s: %d messages are seen", dialect, c.ledger.seen.n)
		}
	}
}

// TestFindingsAreCounted: the first of each kind are described, all are counted.
func TestFindingsAreCounted(t *testing.T) {
	var ledgers []*Ledger
	for range 3 {
		l := NewLedger(Rules{})
		for n := range uint64(90) {
			l.Note(Finding{Kind: Unanswered, Number: n})
			l.Note(Finding{Kind: Lost, Number: n})
		}
		ledgers = append(ledgers, l)
	}
	ledgers[0].tally.noteMany(Finding{Kind: Echoed}, 1000)
	tally := Merge(0, nil, ledgers...)
	if tally.Counts[Unanswered] != 270 || tally.Counts[Lost] != 270 || tally.Counts[Echoed] != 1000 || tally.Clean() {
		t.Errorf("counted %v", tally.Counts)
	}
	if len(tally.Findings) != 2*Located+1 {
		t.Errorf("%d findings are described", len(tally.Findings))
	}
	if empty := Merge(0, nil, NewLedger(Rules{})); !empty.Clean() || len(empty.Counts) > 0 {
		t.Errorf("nothing comes to %+v", empty)
	}
}
