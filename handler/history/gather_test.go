package history

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/codec"
)

// mutter adds messages that nobody waits for.
func (d *desk) mutter(ids ...codec.ID) {
	for _, id := range ids {
		d.Add(Message{ID: id, From: ann, Text: "hm"}, Receipt{})
	}
}

// TestGather: messages that nobody waits for wait for others, but not for long, not once they are many, and not when
// somebody comes to wait.
func TestGather(t *testing.T) {
	f := func(what string, after time.Duration, then func(*desk), want ...codec.ID) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, 0)
			synctest.Wait()
			d.mutter(1)
			<-time.After(after)
			d.mutter(2)
			then(d)
			synctest.Wait()
			t.Log(what)
			d.wantGroups(t, want...)
			if err := d.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	f("not yet", gather/2, func(*desk) {})
	f("in time", gather/2, func(*desk) { <-time.After(gather / 2) }, 1, 2)
	f("the first was too early", 2*gather, func(*desk) {}, 1, 1)
	f("a receipt", 0, func(d *desk) { d.say("well", 3) }, 1, 3)
	f("many", 0, func(d *desk) { d.mutter(through(3, blockLen)...) }, 1, blockLen)
	f("a flush", 0, func(d *desk) {
		begin := time.Now()
		if err := d.Flush(context.Background()); err != nil || time.Since(begin) != 0 {
			t.Errorf("Flush took %v: %v", time.Since(begin), err)
		}
	}, 1, 2)
}
