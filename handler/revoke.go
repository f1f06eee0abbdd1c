package handler

import (
	"context"

	"hubbub/handler/account"
	"hubbub/session"
)

// Revoke ends the sessions of accounts that were banned or removed, or have a new password, and of guests under the names
// of new accounts, since the revocation with a number, and returns the newest one's. When it finds that it has missed some,
// NamesLoaded reports false afterwards. One goroutine.
func (c *Chat) Revoke(ctx context.Context, after int64) (newest int64, err error) {
	asked := c.elapsed()
	revoked, err := c.config.Accounts.Revocations(ctx, max(0, after-1)) // with that one itself
	if err != nil {
		return after, err
	}
	n := &c.names
	switch {
	case len(revoked) == 0 && after > 0: // the database has lost some, such as in a failover
		if revoked, err = c.config.Accounts.Revocations(ctx, -1); err != nil {
			return after, err
		}
		after = 0
		for _, r := range revoked {
			after = r.Seq
		}
		revoked = nil // which of them are new nobody knows
		n.reload()
	case len(revoked) > 0 && revoked[0].Seq > max(1, after): // it has deleted some meanwhile
		n.reload()
	}
	for _, r := range revoked {
		switch {
		case r.Seq <= after:
			continue
		case r.Registered:
			c.markRegistered(r)
		default:
			c.endAccount(r, session.Ref{})
		}
		after = r.Seq
	}
	if n.asked = asked; n.loaded {
		n.trust()
	}
	return after, nil
}

// markRegistered makes known that a name has become an account's by another process, and ends the guest who has it.
func (c *Chat) markRegistered(r account.Revocation) {
	name, err := account.ParseName(r.Name)
	if err != nil {
		name = account.Name{Display: r.Name, Key: account.KeyOf(r.Name)} // one that an older release let through
	}
	c.names.filter.Add(name, name.Look())
	if c.Hub.MarkRegistered(name.Key, lookOf(name)) {
		c.config.Revoked(r)
	}
}

// endAccount ends the sessions of an account that was revoked but for one, and keeps out who is about to come in by what
// held before. Anyone.
func (c *Chat) endAccount(r account.Revocation, spared session.Ref) {
	c.revoked.Store(r.Account, revocation{c.revocations.Add(1), r.Sentence()}) // first, for those who are about to come in
	if c.Hub.EndAccount(r.Account, session.Kicked, r.Sentence(), spared) > 0 {
		c.config.Revoked(r)
	}
}

// revocation is the latest end of an account's sessions.
type revocation struct {
	seq uint64 // of Chat.revocations
	why string // for their user
}

// revokedSince reports whether an account's sessions were ended after Chat.revocations was seen, and why. Whoever asks once
// the session has its name knows that it was, or that endAccount finds the session.
func (c *Chat) revokedSince(account int64, seen uint64) (why string, was bool) {
	r, ok := c.revoked.Load(account)
	if !ok || r.(revocation).seq <= seen {
		return "", false
	}
	return r.(revocation).why, true
}
