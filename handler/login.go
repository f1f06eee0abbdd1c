package handler

import (
	"strings"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/handler/history"
	"hubbub/session"
)

// login gives a session the name that it asks for, once it is known that it may have it: an account's name needs the
// account's password, any other is given to a guest. With ReplaceLogin a name that is in use changes hands and the
// session that had it ends.
func (t *turn) login(m *codec.LoginRequest) error {
	if t.session.State() == session.Authenticated {
		return codec.AlreadyLoggedIn
	}
	if t.chat.draining.Load() {
		return codec.ShuttingDown
	}
	if t.chat.Hub.MemoryExceeded() {
		return codec.ServerBusy
	}
	name, err := account.ParseName(m.User)
	if err != nil || name.Spaced() && t.dialect == codec.Native && m.Password == "" {
		return codec.NameInvalid
	}
	name = cloned(name) // it outlives the packet
	if t.chat.config.Accounts == nil {
		if err := name.CheckNew(); err != nil {
			return codec.NameInvalid
		}
		return t.enter(&attempt{request: *m, name: name, look: lookOf(name), guest: true})
	}
	return t.identify(m, name)
}

// cloned returns a name that shares no memory with a packet.
func cloned(name account.Name) account.Name {
	if name.Key == name.Display {
		name.Display = strings.Clone(name.Display)
		name.Key = name.Display
		return name
	}
	return account.Name{Display: strings.Clone(name.Display), Key: strings.Clone(name.Key)}
}

// lookOf returns what a name looks like, as the hub compares it.
func lookOf(name account.Name) (look session.Look) {
	look.Shapes, look.Script = name.Numbers()
	return look
}

// enter lets a session in whose login was found to be right.
func (t *turn) enter(a *attempt) error {
	c, m, who := t.chat, &a.request, a.party()
	switch {
	case c.draining.Load():
		return codec.ShuttingDown // since it was asked for
	case a.guest && t.limits.AccountsOnly && c.config.Accounts != nil:
		return codec.AuthFailed
	}
	later := c.journal != nil && (m.Since != 0 || who.Account != 0)
	// A login is always answered: the session's number and the heartbeat are news even to who asked with ref 0.
	response := codec.LoginResponse{
		Answer:    codec.Answer{Ref: m.Ref},
		Session:   t.session.ID(),
		User:      who.Name,
		Heartbeat: uint16(t.limits.Heartbeat / time.Second),
	}
	floor := c.lastID()
	if c.journal != nil {
		response.Latest = floor
	}
	removed := a.removed
	if c.config.History == nil {
		removed = floor
	}
	if m.Since != 0 && m.Since < removed {
		response.Gap = removed
	}
	t.limits.tell(&response)
	// Whoever proves to be the account and goes on where it stopped is no second user: what is still open under the
	// name is the connection that was lost. Unless it is this one, whose login took so long that another came first.
	replace := (t.limits.ReplaceLogin || who.Account != 0 && m.Since != 0) && !t.session.Gone()
	response.Online = uint32(c.online(who, replace || who.Account != 0))
	t.out = t.form.Append(t.out[:0], &response)
	look := a.look
	if who.Account != 0 { // it may be registered in another case than it was typed in
		look = lookOf(account.Name{Display: who.Name, Key: who.Compared()})
	}
	claim := c.Hub.Login(t.session, session.Login{
		Name: who.Name, Key: who.Compared(), Look: look, Account: who.Account, Owner: a.found.ID, Registered: a.registered,
		Welcome: t.out,
		Replace: replace,
		Later:   later,
	})
	switch claim {
	case session.LookInUse:
		return codec.NameTaken
	case session.NameInUse:
		return t.refused(a, who)
	case session.Gone:
		return nil // it has heard why
	}
	if why, revoked := c.revokedSince(a.found.ID, a.known); revoked { // no guest is: account 0 never
		t.session.End(session.Kicked, why)
		return nil
	}
	if later {
		r := replay{reader: who, latest: floor, from: min(m.Since, floor)} // nobody has seen what was not said yet
		if m.Since == 0 {
			r.from = floor // it has no part in what was said before
		}
		r.gone = response.Gap
		return r.begin(t)
	}
	return nil
}

// online returns how many users are logged in once this one is. replaces: it may take its name over from a session that
// has it, which is counted still. Any goroutine: it reads a counter of each encoding, and one shard where replaces.
func (c *Chat) online(who history.Party, replaces bool) int {
	n := 0
	for e := range session.Encoding(session.Encodings) {
		n += c.Hub.Census(session.Authenticated, e)
	}
	if replaces {
		if _, taken := c.Hub.Lookup(who.Compared()); taken {
			return max(1, n)
		}
	}
	return n + 1
}

// refused is what a login hears that did not get its name. A guest whose name may have become an account's since it was
// looked up has it looked up again.
func (t *turn) refused(a *attempt, who history.Party) error {
	switch {
	case who.Account != 0 || a.registered == t.chat.Hub.Registered(a.name.Key, a.look):
		return codec.LoginUserAlready
	case a.guest:
		return t.lookUp(a)
	}
	return t.finish(a)
}
