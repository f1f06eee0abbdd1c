package handler

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/handler/history"
	"hubbub/session"
)

// attempt is a login whose name is to be proved. Its steps run one after the other, while the session's strand is parked:
//
//	knownFree        do the names in memory show that there is no such account? Then a guest is let in
//	lookUp   Fetch   is there such an account? A guest needs nothing else, and so never waits for a hasher
//	verify   Hash    is the password the account's? Nobody's takes the same work
//	finish   Fetch   what else the database has to say to who is let in
type attempt struct {
	request codec.LoginRequest

	// What the login says.
	name     account.Name // in the chat
	look     session.Look // the name's
	account  account.Name // without a key for a text that can't be an account's name
	password string
	address  netip.Addr
	open     bool // a name that is nobody's account may be had without one
	lenient  bool // and with a password that is nobody's: the original's clients always send one

	// What was found out.
	known      uint64 // Chat.revocations before anything was asked
	registered uint64 // Hub.Registered then
	found      account.Account
	unknown    bool // there is no such account
	guest      bool // the login needs no account
	rehashed   string
	removed    codec.ID // the newest message that is not kept any more
}

// identify finds out whether a session may have the name that it asks for, and lets it in.
func (t *turn) identify(m *codec.LoginRequest, name account.Name) error {
	a := &attempt{
		request: *m, name: name, look: lookOf(name), account: name, password: m.Password, address: t.session.Address().Addr(),
		open: !t.limits.AccountsOnly, lenient: !t.limits.AccountsOnly && t.dialect == codec.Classic,
	}
	if m.Account != "" {
		given, _ := account.ParseName(m.Account) // else without a key, which no query may contain in its place
		a.account = cloned(given)                // the throttle remembers it
	}
	switch {
	case a.password == "" && !a.open:
		return codec.AuthFailed
	case a.password != "" && !a.lenient:
		if err := t.chat.throttled(a.account.Key, a.address); err != nil {
			return err
		}
	}
	if t.knownFree(a) {
		return t.enterGuest(a)
	}
	return t.lookUp(a)
}

// lookUp asks for the account, and lets guests in.
func (t *turn) lookUp(a *attempt) error {
	c := t.chat
	return t.await(errand{
		run: c.config.Fetch, class: ForLogin, account: a.account.Key, request: &a.request, kept: true,
		job: func(ctx context.Context) func(*turn) error {
			err := c.lookUp(ctx, a)
			return func(t *turn) error {
				switch {
				case err != nil:
					return err
				case a.guest:
					return t.enter(a)
				}
				return t.verify(a)
			}
		},
	})
}

// lookUp finds the account that an attempt claims, and what a guest needs. The error is a Code.
func (c *Chat) lookUp(ctx context.Context, a *attempt) (err error) {
	a.known, a.registered = c.revocations.Load(), c.Hub.Registered(a.name.Key, a.look)
	a.unknown = a.account.Key == ""
	if !a.unknown {
		a.found, err = c.config.Accounts.Find(ctx, a.account)
		a.unknown = errors.Is(err, account.ErrUnknown)
	}
	switch {
	case err != nil && !a.unknown:
		return c.unavailable("accounts", err)
	case a.password != "" && !(a.unknown && a.lenient):
		return nil // whatever was found, its password must be hashed
	case !a.unknown || !a.open:
		return codec.AuthFailed
	}
	a.guest = true
	return c.finish(ctx, a)
}

// verify has the password checked.
func (t *turn) verify(a *attempt) error {
	c := t.chat
	if err := c.throttled(a.account.Key, a.address); err != nil {
		return err
	}
	class := ForLogin
	if c.throttle.Familiar(t.elapsed, a.account.Key, a.address) {
		class = ForFamiliar
	}
	return t.await(errand{
		run: c.config.Hash, class: class, account: a.account.Key, request: &a.request,
		job: func(context.Context) func(*turn) error {
			err := c.verify(a)
			return func(t *turn) error {
				switch {
				case err != nil:
					return err
				case t.limits.AccountsOnly && a.name.Key != a.account.Key:
					// Nobody is a guest, and under another name an account is one.
					return &refusal{code: codec.PermissionDenied, detail: "accounts come in under their own names only"}
				case a.name.Key == a.account.Key && a.rehashed == "" && !t.asksForBounds(a):
					return t.enter(a)
				}
				return t.finish(a)
			}
		},
	})
}

// verify checks the password of an attempt. An account that there is not takes as long as a password that is wrong, and
// has the same answer. The error is a Code.
func (c *Chat) verify(a *attempt) error {
	if err := c.throttled(a.account.Key, a.address); err != nil {
		return err // those who waited with it were wrong
	}
	c.hashed.Add(1)
	if a.unknown {
		c.hasher.VerifyNobody(a.password)
		return c.deny(a.account.Key, a.address)
	}
	right, stale, err := c.hasher.Verify(a.found.Hash, a.password)
	switch {
	case err != nil:
		return c.unavailable("the password of "+a.found.Name, err)
	case !right:
		return c.deny(a.account.Key, a.address)
	}
	c.throttle.Succeeded(c.elapsed(), a.account.Key, a.address)
	if a.found.Ban.Holds(c.config.Now()) {
		return &refusal{code: codec.PermissionDenied, detail: a.found.Ban.String()}
	}
	if stale {
		c.hashed.Add(1)
		a.rehashed, err = c.hasher.Hash(a.password)
		_ = c.unavailable("the new hash of "+a.found.Name, err)
	}
	return nil
}

// throttled returns RateLimited for a login, or a change of the password, that comes too soon after others. What it tells is the same for an account that
// there is not.
func (c *Chat) throttled(account string, address netip.Addr) error {
	wait := c.throttle.Allow(c.elapsed(), account, address)
	if wait == 0 {
		return nil
	}
	c.denied.Add(1)
	return &refusal{code: codec.RateLimited, wait: wait, detail: "too many logins or wrong passwords"}
}

// deny notes a wrong password.
func (c *Chat) deny(account string, address netip.Addr) error {
	c.denied.Add(1)
	c.throttle.Failed(c.elapsed(), account, address)
	return codec.AuthFailed
}

// finish has the database do what is left to do for a login to an account, and lets it in.
func (t *turn) finish(a *attempt) error {
	c := t.chat
	return t.await(errand{
		run: c.config.Fetch, class: ForLogin, account: a.account.Key, request: &a.request,
		job: func(ctx context.Context) func(*turn) error {
			err := c.finish(ctx, a)
			return func(t *turn) error {
				if err != nil {
					return err
				}
				return t.enter(a)
			}
		},
	})
}

// finish returns AuthFailed for a name in the chat that is the account of somebody else, NameInvalid or NameTaken for one
// that no guest may have. Otherwise it notes what has been
// removed, and replaces a hash that was made with other parameters than today's; that this fails is no reason to refuse
// a login. The error is a Code.
func (c *Chat) finish(ctx context.Context, a *attempt) error {
	if a.name.Key != a.account.Key {
		a.registered = c.Hub.Registered(a.name.Key, a.look)
		switch _, err := c.config.Accounts.Find(ctx, a.name); {
		case err == nil:
			return codec.AuthFailed
		case !errors.Is(err, account.ErrUnknown):
			return c.unavailable("accounts", err)
		}
	}
	if a.party().Account == 0 {
		if err := c.guestMayHave(ctx, a.name); err != nil {
			return err
		}
	}
	if a.rehashed != "" {
		err := c.config.Accounts.Rehash(ctx, a.found.ID, a.found.Hash, a.rehashed)
		_ = c.unavailable("the new hash of "+a.found.Name, err)
	}
	if a.request.Since == 0 || c.config.History == nil {
		return nil
	}
	var err error
	_, a.removed, err = c.config.History.Bounds(ctx)
	return c.unavailable("the history", err)
}

// asksForBounds reports whether a login must be told what has been removed of what it missed.
func (t *turn) asksForBounds(a *attempt) bool {
	return a.request.Since != 0 && t.chat.config.History != nil
}

// party returns who the session will be: the account, under its own name alone, or a guest.
func (a *attempt) party() history.Party {
	if a.found.ID != 0 && a.name.Key == a.account.Key {
		return history.Named(a.found.ID, a.found.Name, a.found.Key)
	}
	return history.Named(0, a.name.Display, a.name.Key)
}

// guestMayHave returns why a name that is no account's may not be a guest's. The error is a Code.
func (c *Chat) guestMayHave(ctx context.Context, name account.Name) error {
	if err := name.CheckNew(); err != nil {
		return codec.NameInvalid
	}
	alike, err := c.config.Accounts.Alike(ctx, name)
	switch {
	case err != nil:
		return c.unavailable("accounts", err)
	case alike:
		return codec.NameTaken
	}
	return nil
}

// unavailable reports what the database could not do, and returns what a client hears of that; nil for nil.
func (c *Chat) unavailable(what string, err error) error {
	if err == nil {
		return nil
	}
	c.config.Unavailable(what, err)
	return codec.ServerBusy
}

// elapsed is the time since the start. Anyone.
func (c *Chat) elapsed() time.Duration { return c.config.Now().Sub(c.begun) }
