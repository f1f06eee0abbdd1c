package handler

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/handler/history"
)

// claim is what a login says about who it is.
type claim struct {
	name     string // in the chat, canonical
	account  string // canonical, or what can't be one
	password string
	address  netip.Addr
	guest    bool // a name that is nobody's account may be had without one
	lenient  bool // and with a password that is nobody's: the original's clients always send one
}

// identify finds out whether a session may have the name that it asks for, and lets it in.
func (t *turn) identify(m *codec.LoginRequest, name string) error {
	c := t.chat
	who := claim{name: name, account: name, password: m.Password, address: t.session.Address().Addr(),
		guest: !t.limits.AccountsOnly, lenient: t.dialect == codec.Classic}
	if m.Account != "" {
		canonical, ok := account.CanonicalName(m.Account)
		if !ok {
			canonical = m.Account // which is no account's
		}
		who.account = strings.Clone(canonical) // the throttle remembers it
	}
	run := c.config.Fetch
	if who.password != "" {
		if c.throttle.Allow(t.elapsed, who.account, who.address) > 0 {
			c.denied.Add(1)
			return codec.RateLimited
		}
		run = c.config.Hash
	} else if t.limits.AccountsOnly {
		return codec.AuthFailed
	}
	request := *m
	return t.await(run, &request, func(ctx context.Context) func(*turn) error {
		known := c.elapsed()
		party, err := c.identify(ctx, who)
		removed := c.lastID()
		if err == nil && request.Since != 0 && c.config.History != nil {
			_, removed, err = c.config.History.Bounds(ctx)
			err = c.unavailable("the history", err)
		}
		return func(t *turn) error {
			if err != nil {
				return err
			}
			return t.enter(&request, party, known, removed)
		}
	})
}

// identify returns whom a claim is right about. The error is a Code. An account that there is not takes as long as a
// password that is wrong, and has the same answer.
func (c *Chat) identify(ctx context.Context, who claim) (history.Party, error) {
	guest := history.Party{Name: who.name}
	if who.password != "" && c.throttle.Allow(c.elapsed(), who.account, who.address) > 0 {
		c.denied.Add(1)
		return guest, codec.RateLimited // those who waited with it were wrong
	}
	found, err := c.config.Accounts.Find(ctx, who.account)
	unknown := errors.Is(err, account.ErrUnknown)
	switch {
	case err != nil && !unknown:
		return guest, c.unavailable("accounts", err)
	case who.password == "" && !(unknown && who.guest):
		return guest, codec.AuthFailed
	case unknown && who.guest && (who.password == "" || who.lenient):
		return guest, c.unregistered(ctx, who)
	case unknown:
		c.hasher.VerifyNobody(who.password)
		return guest, c.deny(who)
	}
	right, stale, err := c.hasher.Verify(found.Hash, who.password)
	switch {
	case err != nil:
		return guest, c.unavailable("the password of "+found.Name, err)
	case !right:
		return guest, c.deny(who)
	}
	c.throttle.Succeeded(c.elapsed(), who.account, who.address)
	if found.Ban.Holds(c.config.Now()) {
		return guest, codec.PermissionDenied
	}
	if stale {
		c.rehash(ctx, found, who.password)
	}
	return history.Party{Account: found.ID, Name: who.name}, c.unregistered(ctx, who)
}

// deny notes a login that failed.
func (c *Chat) deny(who claim) error {
	c.denied.Add(1)
	c.throttle.Failed(c.elapsed(), who.account, who.address)
	return codec.AuthFailed
}

// unregistered returns AuthFailed for a name in the chat that is the account of somebody else.
func (c *Chat) unregistered(ctx context.Context, who claim) error {
	if who.name == who.account {
		return nil
	}
	switch _, err := c.config.Accounts.Find(ctx, who.name); {
	case err == nil:
		return codec.AuthFailed
	case !errors.Is(err, account.ErrUnknown):
		return c.unavailable("accounts", err)
	}
	return nil
}

// rehash replaces a hash that was made with other parameters than today's. That it fails is no reason to refuse a login.
func (c *Chat) rehash(ctx context.Context, found account.Account, password string) {
	hash, err := c.hasher.Hash(password)
	if err == nil {
		err = c.config.Accounts.Rehash(ctx, found.ID, found.Hash, hash)
	}
	_ = c.unavailable("the new hash of "+found.Name, err)
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
