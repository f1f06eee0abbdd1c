package session

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestPark: a parked strand brings nothing, not even the end of its connection, before it is resumed; then it goes on
// where it stood.
func TestPark(t *testing.T) {
	h := newTestHub(1)
	s, c := h.join(t, 0, 0, "alice")
	s.Receive([]byte("onetwo"))
	if e, ok := s.Take(); !ok || string(e.Packets) != "onetwo" {
		t.Fatalf("%+v, %v", e, ok)
	}
	s.PutBack(3)
	s.Park()
	s.Receive([]byte("three"))
	if s.Gone() {
		t.Error("gone before it is")
	}
	c.lane.Closed(s, ClientClosed)
	if !s.Gone() {
		t.Error("not gone")
	}
	if e, ok := s.Take(); ok || !s.Parked() {
		t.Fatalf("a parked strand takes %+v", e)
	}
	s.Resume("go on")
	for _, want := range []Event{{Resumed: "go on"}, {Packets: []byte("two")}, {Packets: []byte("three")}, {Closed: ClientClosed}} {
		e, ok := s.Take()
		if !ok || string(e.Packets) != string(want.Packets) || e.Resumed != want.Resumed || e.Closed != want.Closed {
			t.Errorf("%+v, %v; want %+v", e, ok, want)
		}
	}
	if e, ok := s.Take(); ok || s.Parked() {
		t.Errorf("then it takes %+v", e)
	}
	s.Leave()
	h.settleAll()
}

// TestResumeSchedules: whoever resumes a strand need not know whether a worker is still in its turn.
func TestResumeSchedules(t *testing.T) {
	for _, during := range []bool{true, false} {
		h := newTestHub(1)
		s, _ := h.join(t, 0, 0, "alice")
		s.Receive([]byte("one"))
		s.Take()
		s.Park()
		h.ready = nil
		if !during {
			s.Take() // the turn ends
		}
		s.Resume(true)
		if scheduled := len(h.ready) == 1; scheduled == during {
			t.Errorf("resumed during the turn: %v, scheduled: %v", during, scheduled)
		}
	}
}

// TestParkUntilWritten: a strand is resumed once the kernel has taken everything, or when it never will.
func TestParkUntilWritten(t *testing.T) {
	f := func(what string, stuck bool, then func(*testHub, *Session, *fakeConn), want bool) {
		t.Helper()
		h := newTestHub(1)
		s, c := h.join(t, 0, 0, "alice")
		c.stuck = stuck
		s.Receive([]byte("one"))
		s.Take()
		s.Send([]byte(strings.Repeat("x", 50)))
		s.ParkUntilWritten("written")
		for h.step() {
		}
		if then != nil {
			then(h, s, c)
		}
		c.lane.Tick(h.now)
		for h.step() {
		}
		if e, _ := s.Take(); (e.Resumed == "written") != want {
			t.Errorf("%s: %+v, want it resumed: %v", what, e, want)
		}
	}
	f("the kernel takes it", false, nil, true)
	f("the kernel takes nothing", true, nil, false)
	f("the kernel takes it later", true, func(_ *testHub, _ *Session, c *fakeConn) { c.unstick() }, true)
	f("the connection closes", true, func(_ *testHub, s *Session, c *fakeConn) { c.lane.Closed(s, ClientClosed) }, true)
	f("the session ends", true, func(_ *testHub, s *Session, _ *fakeConn) { s.End(IdleTimeout, "") }, true)
}

// TestEndAccount ends all sessions of an account, whatever their names, and no guest.
func TestEndAccount(t *testing.T) {
	h := newTestHub(2)
	a, _ := h.join(t, 0, 0, "alice")
	b, _ := h.join(t, 1, 0, "ally")
	guest, _ := h.join(t, 0, 0, "bob")
	spared, _ := h.join(t, 1, 0, "ann")
	a.account, a.owner = 7, 7
	b.owner = 7 // a guest's name
	spared.owner = 7
	if n := h.EndAccount(9, Kicked, "", Ref{}); n != 0 {
		t.Errorf("%d sessions of an account are ended that has none", n)
	}
	if n := h.EndAccount(7, Kicked, "spam", spared.Ref()); n != 2 {
		t.Errorf("%d sessions are ended, not 2", n)
	}
	h.settleAll()
	if a.Reason() != Kicked || b.Reason() != Kicked || guest.Reason() != None || spared.Reason() != None {
		t.Errorf("%s, %s, guest %s, spared %s", a.Reason(), b.Reason(), guest.Reason(), spared.Reason())
	}
	if a.Words() != "spam" || b.Words() != "spam" || guest.Words() != "" {
		t.Errorf("the words are %q, %q, guest %q", a.Words(), b.Words(), guest.Words())
	}
}

// mail is a whisper that notes how it was sequenced.
type mail struct {
	account int64
	name    string
	here    bool
	calls   int
}

func (m *mail) Sequence(account int64, name string, here bool) error {
	m.account, m.name, m.here = account, name, here
	m.calls++
	return nil
}

func (m *mail) Append(dst []byte, _ Encoding) []byte { return append(dst, "mail"...) }

// TestWhisperToTheAbsent: a name that nobody has is reached only where it is an account's.
func TestWhisperToTheAbsent(t *testing.T) {
	h := newTestHub(1)
	s, c := h.join(t, 0, 0, "alice")
	s.account, s.name = 3, "Alice" // whose key is alice
	f := func(name string, absent int64, found bool, want mail) {
		t.Helper()
		var m mail
		got, err := h.Whisper(nil, name, absent, &m)
		if err != nil || got != found || m != want {
			t.Errorf("%s: %v, %v, %+v; want %v, %+v", name, got, err, m, found, want)
		}
	}
	f("bob", 0, false, mail{})
	f("bob", 9, false, mail{account: 9, calls: 1})
	f("alice", 9, true, mail{account: 3, name: "Alice", here: true, calls: 1})
	h.settleAll()
	if !strings.HasSuffix(string(c.got), "mail") {
		t.Errorf("alice has got %q", c.got)
	}
}

// TestWhisperBesideLogout: somebody who logs out while a whisper waits for its turn is not there any more, so the whisper
// is the absent account's and not lost behind the farewell.
func TestWhisperBesideLogout(t *testing.T) {
	h := newTestHub(1)
	h.unchecked = true
	s, _ := h.join(t, 0, 0, "alice")
	s.account = 3
	sh := h.directory.shard("alice")
	h.seq.Lock()
	var m mail
	whispered := make(chan bool)
	go func() {
		found, _ := h.Whisper(nil, "alice", 3, &m)
		whispered <- found
	}()
	for sh.mu.TryLock() { // until the whisper has found her name
		sh.mu.Unlock()
		runtime.Gosched()
	}
	for range 1000 {
		runtime.Gosched()
	}
	s.Finish(LoggedOut, []byte("done"))
	h.seq.Unlock()
	if found := <-whispered; found || m != (mail{account: 3, calls: 1}) {
		t.Errorf("found: %v, %+v", found, m)
	}
	h.settleAll()
}

// TestIdleBeforeJoin: who has logged in and not joined yet must keep the heartbeat too, whether or not there was a time
// to log in.
func TestIdleBeforeJoin(t *testing.T) {
	for _, timeout := range []time.Duration{0, testLimits.LoginTimeouts[0]} {
		h := newTestHub(1)
		limits := testLimits
		limits.LoginTimeouts[0] = timeout
		h.SetLimits(limits)
		s, _ := h.open(t, 0, 0)
		h.Login(s, Login{Name: "alice", Later: true, Welcome: []byte("hello")})
		h.settleAll()
		for range 2 {
			h.now = h.now.Add(limits.IdleTimeout)
			h.lanes[0].Tick(h.now)
		}
		if s.Reason() != IdleTimeout {
			t.Errorf("with a login timeout of %v: %s", timeout, s.Reason())
		}
	}
}
