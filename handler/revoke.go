package handler

import (
	"context"

	"hubbub/handler/account"
	"hubbub/session"
)

// Revoke ends the sessions of accounts that were banned or removed, or have a new password, and of guests under the names
// of new accounts, since the revocation with a number, and returns the newest one's. Anyone, one at a time.
func (c *Chat) Revoke(ctx context.Context, after int64) (newest int64, err error) {
	revoked, err := c.config.Accounts.Revocations(ctx, after)
	if err != nil {
		return after, err
	}
	for _, r := range revoked {
		after = r.Seq
		if r.Registered {
			name, err := account.ParseName(r.Name)
			if err != nil {
				name = account.Name{Display: r.Name, Key: account.KeyOf(r.Name)} // one that an older release let through
			}
			if c.Hub.MarkRegistered(name.Key, lookOf(name)) {
				c.config.Revoked(r)
			}
			continue
		}
		c.endAccount(r, session.Ref{})
	}
	return after, nil
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
