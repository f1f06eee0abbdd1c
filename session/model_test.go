package session

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Programs long enough for rare meetings, such as a broadcast between the moment when a kernel has room again and the
// moment when what waited for it has left. The command line may say otherwise.
func init() {
	for name, value := range map[string]string{"rapid.checks": "3000", "rapid.steps": "100"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
}

// modelSession is what a session must get, written down in the plainest way: one string.
type modelSession struct {
	session *Session
	conn    *fakeConn
	ref     Ref
	name    string
	want    strings.Builder
	missed  strings.Builder // what came between a login and its Join
	member  bool
	later   bool // logged in, not joined
	ended   bool
	gone    bool
}

// model runs random programs on a hub with two lanes and holds every session's output against the plain list of what
// was sent to it. Drains are sliced after a few writes, so that they are interrupted anywhere.
type model struct {
	t        *rapid.T
	hub      *testHub
	sessions []*modelSession
	frames   int
	names    map[string]*modelSession
}

// live picks a session that is open, or returns nil.
func (m *model) live() *modelSession {
	var open []*modelSession
	for _, s := range m.sessions {
		if !s.gone {
			open = append(open, s)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return rapid.SampledFrom(open).Draw(m.t, "session")
}

func (m *model) frame() string {
	m.frames++
	return fmt.Sprintf("<%d>", m.frames)
}

func (m *model) open(t *rapid.T) {
	lane, e := rapid.IntRange(0, 1).Draw(t, "lane"), Encoding(rapid.IntRange(0, Encodings-1).Draw(t, "encoding"))
	l := m.hub.lanes[lane]
	c := &fakeConn{lane: l, takes: rapid.IntRange(0, 9).Draw(t, "takes")}
	if rapid.Bool().Draw(t, "direct") {
		c.hub = m.hub
	}
	s, why := l.Open(c, testAddress, None, 0)
	if why != None {
		t.Fatal(why)
	}
	c.session = s
	s.SetEncoding(e)
	m.sessions = append(m.sessions, &modelSession{session: s, conn: c, ref: s.Ref()})
}

func (m *model) login(t *rapid.T) {
	s := m.live()
	if s == nil || s.ended || s.member || s.later {
		return
	}
	later := rapid.Bool().Draw(t, "later")
	name, replace := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "name"), rapid.Bool().Draw(t, "replace")
	holder := m.names[name]
	if holder != nil && holder.ended {
		holder = nil // the name of a session that has ended is free
	}
	// A name is one account's, and whoever has another account, or none, is a guest under it.
	account, owner := rapid.Int64Range(0, 1).Draw(t, "account"), rapid.Int64Range(0, 3).Draw(t, "owner")
	welcome := m.frame()
	claim := m.hub.Login(s.session, Login{
		Name: name + " displayed", Key: name, Look: modelLooks[name], Account: account, Owner: owner, Replace: replace,
		Welcome: []byte(welcome), Later: later,
	})
	if holder != nil {
		switch mine, its := account != 0, holder.session.Account() != 0; {
		case mine != its:
			replace = mine
		case !mine && owner != 0:
			replace = replace && owner == holder.session.Owner()
		}
	}
	want := Claimed
	switch {
	case holder != nil && !replace:
		want = NameInUse
	case account == 0 && m.alike(name):
		want = LookInUse
	}
	if claim != want {
		t.Fatalf("claim of %s (held: %v, replace: %v): %v, want %v", name, holder != nil, replace, claim, want)
	}
	if claim != Claimed {
		return
	}
	if holder != nil {
		m.settle() // the end of the holder is asked for by its Ref, so it comes with the drain
		holder.end("replaced")
	}
	m.names[name], s.name = s, name
	s.member, s.later = !later, later
	s.want.WriteString(welcome)
}

// modelLooks are such that a and d look alike, and e looks like b and c, which don't look like each other.
var modelLooks = map[string]Look{
	"a": {[2]uint64{7}, 1}, "d": {[2]uint64{9, 7}, 2},
	"b": {[2]uint64{70}, 1}, "c": {[2]uint64{71}, 1}, "e": {[2]uint64{70, 71}, 3},
}

// alike reports whether a name is in use that looks like another one.
func (m *model) alike(name string) bool {
	look := modelLooks[name]
	for _, s := range m.sessions {
		if other := modelLooks[s.name]; !s.gone && look.like(&other) {
			return true
		}
	}
	return false
}

// join lets a session in that has logged in for later, with what it missed in between, or leaves it outside.
func (m *model) join(t *rapid.T) {
	s := m.live()
	if s == nil || s.ended || !s.later {
		return
	}
	ready := rapid.Bool().Draw(t, "ready")
	joined := m.hub.Join(s.session, func(dst []byte) ([]byte, bool) { return append(dst, s.missed.String()...), ready })
	if joined != ready {
		t.Fatalf("joined: %v, ready: %v", joined, ready)
	}
	if ready {
		s.want.WriteString(s.missed.String())
		s.member, s.later = true, false
	}
}

// reach notes a frame for one who is logged in.
func (s *modelSession) reach(f string) {
	into := &s.want
	if s.later {
		into = &s.missed
	}
	fmt.Fprintf(into, "%s%d", f, s.ref.Encoding())
}

func (s *modelSession) end(why string) {
	if !s.ended && !s.gone {
		fmt.Fprintf(&s.want, "<bye:%s>", why)
		s.ended, s.member, s.later = true, false, false
	}
}

func (m *model) broadcast(t *rapid.T) {
	from := m.live()
	if from == nil || !from.member {
		return
	}
	f := m.frame()
	if err := m.hub.Broadcast(from.session, text(f)); err != nil {
		t.Fatal(err)
	}
	for _, s := range m.sessions {
		if s != from && (s.member || s.later) {
			s.reach(f)
		}
	}
}

func (m *model) whisper(t *rapid.T) {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "name")
	f := m.frame()
	found, err := m.hub.Whisper(nil, name, 0, private(f))
	to := m.names[name]
	if there := to != nil && !to.ended && (to.member || to.session.Account() != 0); err != nil || found != there {
		t.Fatalf("a whisper to %s: %v, %v", name, found, err)
	}
	if found {
		to.reach(f)
	}
}

// report answers any session there ever was: a Ref to one that is gone must reach nobody, whoever has its slot.
func (m *model) report(t *rapid.T) {
	if len(m.sessions) == 0 {
		return
	}
	to := rapid.SampledFrom(m.sessions).Draw(t, "to")
	f := m.frame()
	to.ref.Answer([]byte(f))
	if !to.ended && !to.gone {
		to.want.WriteString(f)
	}
}

func (m *model) answer(*rapid.T) {
	if s := m.live(); s != nil && !s.ended {
		f := m.frame()
		s.session.Send([]byte(f))
		s.want.WriteString(f)
	}
}

// recode changes the form of all that a session gets from now on.
func (m *model) recode(t *rapid.T) {
	if s := m.live(); s != nil && !s.ended {
		s.session.Recode(Encoding(rapid.IntRange(0, Encodings-1).Draw(t, "encoding")))
	}
}

func (m *model) end(t *rapid.T) {
	if s := m.live(); s != nil {
		if won := s.session.End(IdleTimeout, ""); won == s.ended {
			t.Fatalf("End of a session that had ended: %v, and this one won: %v", s.ended, won)
		}
		s.end("idle_timeout")
	}
}

// close is the peer's doing, so it comes between drains or between their slices. What was not written then is lost.
func (m *model) close(t *rapid.T) {
	s := m.live()
	if s == nil {
		return
	}
	s.conn.lane.Closed(s.session, ClientClosed)
	s.gone, s.member, s.later = true, false, false
	if m.names[s.name] == s {
		delete(m.names, s.name)
	}
	if !strings.HasPrefix(s.want.String(), string(s.conn.got)) {
		t.Fatalf("a closed session has got\n%s\nwhich does not begin\n%s", s.conn.got, s.want.String())
	}
	m.strands()
}

// strands lets every strand that is ready run, without draining lanes.
func (m *model) strands() {
	wakes := m.hub.wakes
	m.hub.wakes = nil
	m.hub.settleStrands()
	m.hub.wakes = append(wakes, m.hub.wakes...)
}

// stick has a connection's kernel take nothing, or something again. What waits then goes out later, by itself, and
// nothing may overtake it.
func (m *model) stick(*rapid.T) {
	if s := m.live(); s != nil {
		s.conn.stuck = !s.conn.stuck
	}
}

// step drains one slice of one lane.
func (m *model) step(*rapid.T) { m.hub.step() }

func (m *model) settle() { m.hub.settleAll() }

func (m *model) check(t *rapid.T) {
	m.settle()
	members := 0
	for i, s := range m.sessions {
		if !s.gone {
			s.conn.unstick()
		}
		if !s.gone && string(s.conn.got) != s.want.String() {
			t.Fatalf("session %d has got\n%s\nand not\n%s", i, s.conn.got, s.want.String())
		}
		if s.member || s.later {
			members++
		}
		s.conn.lane.Tick(m.hub.now)
		if s.ended && !s.gone && !s.conn.halfClosed {
			t.Fatalf("session %d has ended and its connection stays open", i)
		}
	}
	if got := m.hub.counted(Authenticated); got != members {
		t.Fatalf("%d sessions are counted as logged in, not %d", got, members)
	}
	if m.hub.Names() != len(m.names) {
		t.Fatalf("%d names are in use, not %d", m.hub.Names(), len(m.names))
	}
}

// counted is the census of a state. No encoding's part of it may be negative.
func (h *testHub) counted(state State) (n int) {
	for e := range Encoding(Encodings) {
		one := h.Census(state, e)
		if one < 0 {
			panic(fmt.Sprintf("%d sessions are counted as %s in encoding %d", one, state, e))
		}
		n += one
	}
	return n
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{t: t, hub: newTestHub(2), names: map[string]*modelSession{}}
		limits := testLimits
		limits.OutboxBytes = 1 << 20
		m.hub.SetLimits(limits)
		for _, l := range m.hub.lanes {
			l.slice = rapid.IntRange(1, 5).Draw(t, "slice")
			l.budget = l.slice
		}
		t.Repeat(map[string]func(*rapid.T){
			"open": m.open, "open again": m.open, "login": m.login, "login again": m.login,
			"broadcast": m.broadcast, "broadcast again": m.broadcast, "whisper": m.whisper, "answer": m.answer, "report": m.report, "join": m.join, "recode": m.recode,
			"end": m.end, "close": m.close, "stick": m.stick, "step": m.step, "settle": m.check,
		})
		m.check(t)
		for _, s := range m.sessions {
			if !s.gone {
				s.conn.lane.Closed(s.session, ClientClosed)
			}
		}
		m.settle()
		for i := range m.hub.directory.looks.shards {
			if sh := &m.hub.directory.looks.shards[i]; len(sh.holders) != 0 {
				t.Fatalf("looks are left: %v", sh.holders)
			}
		}
		if open, names := m.hub.Open(), m.hub.Names(); open != 0 || names != 0 {
			t.Fatalf("%d sessions and %d names are left", open, names)
		}
		for state := range State(States) {
			if n := m.hub.counted(state); n != 0 {
				t.Fatalf("%d sessions are still counted as %s", n, state)
			}
		}
	})
}
