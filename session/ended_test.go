package session

import (
	"strings"
	"sync"
	"testing"
)

// A worker that has not heard of the end goes on posting; one drain may find all of it.
func TestWhatIsPostedBehindAnEndReachesNobody(t *testing.T) {
	h := newTestHub(1)
	s, conn := h.open(t, 0, 0)
	// The loop ends the session while its strand is between the two halves of a login.
	if !s.move(Connected, Authenticated, None) {
		t.Fatal("not connected")
	}
	s.End(ShuttingDown, "")
	s.name = "alice"
	h.Hub.join(s, []byte("welcome"))
	if err := h.Broadcast(nil, text("to all")); err != nil {
		t.Fatal(err)
	}
	s.Send([]byte("an answer"))
	h.settleAll()
	if got := string(conn.got); got != "<bye:shutting_down>" {
		t.Errorf("%q was written, want the farewell only", got)
	}
	h.lanes[0].Closed(s, ClientClosed)
	h.settleAll()
	if h.Names() != 0 || h.Open() != 0 || h.population[0] != 0 {
		t.Errorf("left behind: %d names, %d sessions, population %d", h.Names(), h.Open(), h.population[0])
	}
}

func TestAnEndedSessionsNameIsFree(t *testing.T) {
	h := newTestHub(1)
	first, _ := h.open(t, 0, 0)
	second, _ := h.open(t, 0, 0)
	h.Login(first, Login{Name: "alice"})
	if h.Login(second, Login{Name: "alice"}) == Claimed {
		t.Error("a name was given twice")
	}
	first.End(IdleTimeout, "")
	if _, ok := h.Lookup("alice"); ok {
		t.Error("a session that has ended is found")
	}
	if h.Login(second, Login{Name: "alice"}) != Claimed {
		t.Error("the name of a session that has ended is not free")
	}
	h.lanes[0].Closed(first, ClientClosed)
	h.settleAll()
	if ref, ok := h.Lookup("alice"); !ok || ref != second.Ref() {
		t.Error("a late close took the new owner's name")
	}
}

// The new session has ended when it asks for the name, so it must not take it from anybody.
func TestALoginThatDiedTakesNothing(t *testing.T) {
	h := newTestHub(1)
	first, _ := h.open(t, 0, 0)
	second, _ := h.open(t, 0, 0)
	h.Login(first, Login{Name: "alice"})
	second.End(LoginTimeout, "")
	if claim := h.Login(second, Login{Name: "alice", Replace: true}); claim != Gone {
		t.Fatalf("claim %v", claim)
	}
	h.settleAll()
	if ref, ok := h.Lookup("alice"); !ok || ref != first.Ref() || first.State() != Authenticated {
		t.Errorf("found %t, the first session is %s for %s", ok, first.State(), first.Reason())
	}
}

// Whoever finds a name may write to it at once, so nobody may find it before its welcome is on its way.
func TestNothingComesBeforeTheWelcome(t *testing.T) {
	h := newTestHub(1)
	h.unchecked = true
	for range 200 {
		s, conn := h.open(t, 0, 0)
		stop := make(chan struct{})
		var whisperer sync.WaitGroup
		whisperer.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				_, _ = h.Whisper(nil, "alice", 0, private("psst"))
			}
		})
		h.Login(s, Login{Name: "alice", Welcome: []byte("welcome")})
		close(stop)
		whisperer.Wait()
		h.settleAll()
		if got := string(conn.got); !strings.HasPrefix(got, "welcome") {
			t.Fatalf("%q was written first", got)
		}
		h.lanes[0].Closed(s, ClientClosed)
		h.settleAll()
	}
}

func TestTheLastFrameIsTheLastOne(t *testing.T) {
	h := newTestHub(1)
	s, conn := h.open(t, 0, 0)
	h.Login(s, Login{Name: "alice"})
	s.Finish(LoggedOut, []byte("done"))
	if err := h.Broadcast(nil, text("to all")); err != nil {
		t.Fatal(err)
	}
	h.settleAll()
	if got := string(conn.got); got != "done<bye:logged_out>" {
		t.Errorf("%q was written", got)
	}
}

// A session whose connection has closed is kicked by the loop while its strand reads why it ended. It ends once, for one of
// the two reasons, without words, and nothing is left of it. The race detector must be content, too.
func TestAKickBesideTheLastEvent(t *testing.T) {
	h := newTestHub(1)
	l := h.lanes[0]
	const rounds = 100
	for range rounds {
		s, _ := h.open(t, 0, 0)
		s.Ref().End(Replaced, "")
		l.Closed(s, ClientClosed)
		var detail string
		var why Reason
		var strand sync.WaitGroup
		strand.Go(func() {
			s.Conclude(ClientClosed)
			detail, why = s.Detail(), s.Reason()
		})
		l.Drain()
		strand.Wait()
		if detail != "" || why != Replaced && why != ClientClosed || s.Reason() != why {
			t.Fatalf("it ended for %s with %q, and then for %s", why, detail, s.Reason())
		}
		s.Leave()
		l.Drain()
		h.wakes, h.ready = nil, nil
	}
	if n := h.ended[Replaced].Load() + h.ended[ClientClosed].Load(); n != rounds {
		t.Errorf("%d sessions ended %d times", rounds, n)
	}
	if n := h.Census(Disconnecting, 0); n != 0 || h.Open() != 0 {
		t.Errorf("left behind: %d sessions that have ended, %d connections", n, h.Open())
	}
}
