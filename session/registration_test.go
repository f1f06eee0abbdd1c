package session

import "testing"

// registrationHub has a guest called alice and a newcomer.
func registrationHub(t *testing.T) (h *testHub, alice, other *Session) {
	h = newTestHub(1)
	alice, _ = h.join(t, 0, 0, "alice")
	other, _ = h.open(t, 0, 0)
	return h, alice, other
}

func (h *testHub) claims(s *Session, login Login) bool {
	return h.Login(s, login) == Claimed
}

// TestMarkRegistered: a guest whose name becomes an account's is nobody from that step on, and who looked the name up
// before it does not get it.
func TestMarkRegistered(t *testing.T) {
	h, alice, other := registrationHub(t)
	bob, _ := h.join(t, 0, 0, "bob")
	before := h.Registered("alice", Look{})
	if !h.MarkRegistered("alice", Look{}) {
		t.Error("nobody had the name")
	}
	if _, found := h.Lookup("alice"); found || alice.Reason() != NameRegistered || bob.Reason() != None {
		t.Errorf("alice is found: %v, ended: %s; bob ended: %s", found, alice.Reason(), bob.Reason())
	}
	var m mail
	if found, err := h.Whisper(nil, "alice", 0, &m); found || err != nil || m.calls != 0 {
		t.Errorf("a whisper was delivered: %v, %v, %+v", found, err, m)
	}
	if h.claims(other, Login{Name: "alice", Registered: before}) || h.claims(other, Login{Name: "alice", Registered: before, Replace: true}) {
		t.Error("a guest came in who had looked the name up before")
	}
	if h.MarkRegistered("alice", Look{}) {
		t.Error("who has ended already was ended again")
	}
	if !h.claims(other, Login{Name: "alice", Account: 1, Registered: before}) {
		t.Error("the account did not get its name")
	}
	h.settleAll()
	if h.MarkRegistered("alice", Look{}) || other.Reason() != None {
		t.Errorf("the account was ended: %s", other.Reason())
	}
}

// TestReserve: while a name is being registered no guest gets it, and the guest who registers it is the account in the
// same step.
func TestReserve(t *testing.T) {
	h, alice, other := registrationHub(t)
	if h.Reserve(other, "alice", Look{}) {
		t.Error("somebody else's name was reserved")
	}
	if !h.Reserve(alice, "alice", Look{}) || !h.Reserve(other, "carol", Look{}) {
		t.Error("the own name and a free one can't be reserved")
	}
	if h.claims(other, Login{Name: "alice", Replace: true}) || h.claims(other, Login{Name: "carol"}) {
		t.Error("a guest got a name that is being registered")
	}
	if h.MarkRegistered("alice", Look{}) || alice.Reason() != None { // the registration's own mark, by way of the database
		t.Errorf("who registers the own name was ended: %s", alice.Reason())
	}
	before := h.Registered("carol", Look{})
	h.SettleReservation(alice, "alice", Look{}, 7)
	h.SettleReservation(other, "carol", Look{}, 0)
	if alice.Account() != 7 || alice.Owner() != 7 || alice.Reason() != None || other.Account() != 0 {
		t.Errorf("alice is account %d, ended: %s; the other one %d", alice.Account(), alice.Reason(), other.Account())
	}
	if !h.claims(other, Login{Name: "carol", Registered: before}) {
		t.Error("a name whose registration failed is not free")
	}
}

// TestRegisteredByAnotherWay: a guest who registers the own name, and comes second, does not keep it.
func TestRegisteredByAnotherWay(t *testing.T) {
	h, alice, _ := registrationHub(t)
	h.Reserve(alice, "alice", Look{})
	h.MarkRegistered("alice", Look{})
	h.SettleReservation(alice, "alice", Look{}, 0)
	if alice.Reason() != NameRegistered {
		t.Errorf("the guest has ended: %s", alice.Reason())
	}
}

// TestTwoRegistrations: the name stays reserved until both have ended, and the account may come in before that.
func TestTwoRegistrations(t *testing.T) {
	h := newTestHub(1)
	a, _ := h.open(t, 0, 0)
	b, _ := h.open(t, 0, 0)
	guest, _ := h.open(t, 0, 0)
	h.Reserve(a, "alice", Look{})
	h.Reserve(b, "alice", Look{})
	h.SettleReservation(a, "alice", Look{}, 7)
	if h.claims(guest, Login{Name: "alice", Registered: h.Registered("alice", Look{})}) {
		t.Error("a guest got the name beside a registration")
	}
	if !h.claims(a, Login{Name: "alice", Account: 7}) {
		t.Error("the account did not get its name")
	}
	h.SettleReservation(b, "alice", Look{}, 0)
	h.settleAll()
	if a.Reason() != None {
		t.Errorf("the account was ended: %s", a.Reason())
	}
	if sh := h.directory.shard("alice"); len(sh.reserved) != 0 {
		t.Errorf("%d reservations are left", len(sh.reserved))
	}
}

// TestTakesOnlyItsOwn: who takes a name from whom.
func TestTakesOnlyItsOwn(t *testing.T) {
	f := func(what string, holder, login Login, want bool) {
		t.Helper()
		h := newTestHub(1)
		first, _ := h.open(t, 0, 0)
		second, _ := h.open(t, 0, 0)
		holder.Name, login.Name = "bob", "bob"
		h.Login(first, holder)
		if got := h.claims(second, login); got != want {
			t.Errorf("%s: %v", what, got)
		}
	}
	guest, account := Login{}, Login{Account: 1, Owner: 1}
	mallory := Login{Owner: 2} // an account of another name
	replacing := func(l Login) Login { l.Replace = true; return l }
	f("a guest from a guest", guest, guest, false)
	f("a guest from a guest, replacing", guest, replacing(guest), true)
	f("a guest from the account, replacing", account, replacing(guest), false)
	f("the account from a guest", guest, account, true)
	f("the account from another account", mallory, account, true)
	f("the account from itself", account, account, false)
	f("the account from itself, replacing", account, replacing(account), true)
	f("another account from a guest", guest, mallory, false)
	f("another account from a guest, replacing", guest, replacing(mallory), false)
	f("another account from the account, replacing", account, replacing(mallory), false)
	f("another account from itself", mallory, mallory, false)
	f("another account from itself, replacing", mallory, replacing(mallory), true)
	f("another account from a third one, replacing", Login{Owner: 3}, replacing(mallory), false)
	f("a guest from another account, replacing", mallory, replacing(guest), true)
}
