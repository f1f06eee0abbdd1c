package session

import (
	"fmt"
	"testing"
	"time"
)

// defectives is a hub on which one session of six makes its lane panic, and what its server was told of that.
type defectives struct {
	*testHub
	bad      *Session
	badConn  *fakeConn
	good     []*fakeConn
	panicked int
}

func newDefectives(t *testing.T, where string) *defectives {
	d := &defectives{testHub: newTestHub(1)}
	farewell := d.config.Farewell
	d.config.Panicked = func(s *Session, value any) {
		d.panicked++
		if s != d.bad || value != "a defect in "+where {
			t.Errorf("%s: session %d panicked: %v", where, s.slot, value)
		}
	}
	d.config.Farewell = func(dst []byte, s *Session) []byte {
		if s == d.bad {
			d.badConn.defect("Farewell")
		}
		return farewell(dst, s)
	}
	for i := range 6 {
		s, c := d.join(t, 0, 0, fmt.Sprint(i))
		if i == 2 {
			d.bad, d.badConn = s, c
		} else {
			d.good = append(d.good, c)
		}
	}
	d.badConn.defects = map[string]bool{where: true}
	return d
}

// run does something as the server's loop does, which keeps panics from ending the process.
func (d *defectives) run(f func()) {
	defer func() { _ = recover() }()
	f()
}

// TestADefectIsOneSessions: a session that makes the loop panic ends, at once where it can't be told why; all others get
// what is sent, and their timeouts come.
func TestADefectIsOneSessions(t *testing.T) {
	private := func(d *defectives) { d.bad.Send([]byte("private")) }
	public := func(*defectives) {}
	end := func(d *defectives) { d.bad.End(Kicked, "") }
	stuck := func(d *defectives) {
		d.badConn.stuck = true
		d.bad.Send([]byte("x"))
		for d.step() {
		}
		d.bad.ParkUntilWritten("written")
	}
	f := func(where string, direct bool, do func(*defectives)) {
		t.Helper()
		d := newDefectives(t, where)
		if !direct {
			d.lanes[0].memberOf(d.bad).descriptor = -1
		}
		do(d)
		for _, b := range []text{"a", "b", "c"} {
			broadcast(t, d.testHub, b)
			for range 10 {
				d.run(d.settleAll)
			}
			for range 3 { // for the farewell, for the time that it has, and for the client's
				d.now = d.now.Add(testLimits.Linger)
				d.run(func() { d.lanes[0].Tick(d.now) })
				d.run(d.settleAll)
			}
		}
		for i, c := range d.good {
			if string(c.got) != "a0b0c0" {
				t.Errorf("%s: connection %d got %q", where, i, c.got)
			}
		}
		if d.bad.State() != Disconnecting || d.panicked == 0 || d.panicked > 2 || !d.badConn.closed && where != "Close" {
			t.Errorf("%s: the session is %s for %s after %d panics; closed: %v", where, d.bad.State(), d.bad.Reason(),
				d.panicked, d.badConn.closed)
		}
		if d.bad.Take(); d.bad.parked {
			t.Errorf("%s: its strand stands still for ever", where)
		}
		if len(d.lanes[0].lingers) > 0 || len(d.lanes[0].awaited) > 0 {
			t.Errorf("%s: the lane still waits for it", where)
		}
		d.now = d.now.Add(time.Hour)
		d.run(func() { d.lanes[0].Tick(d.now) })
		d.run(d.settleAll)
		for _, c := range d.good {
			if c.session.Reason() != IdleTimeout {
				t.Errorf("%s: somebody else's timeout never came", where)
			}
		}
	}
	f("Write", false, private)
	f("Write", false, public)
	f("Write", false, end)
	f("Write", false, func(d *defectives) { d.bad.Send([]byte("x")); d.bad.ParkUntilWritten("written") })
	f("Farewell", true, end)
	f("Farewell", false, end)
	f("OutboundBuffered", true, stuck)
	f("OutboundBuffered", true, end)
	f("CloseWrite", true, end)
	f("Close", true, end)
}
