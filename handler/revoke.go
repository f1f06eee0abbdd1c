package handler

import (
	"context"

	"hubbub/session"
)

// Revoke ends the sessions of accounts that were banned or removed, or have a new password, since the revocation with a
// number, and returns the newest one's; -1 begins with none. Anyone, one at a time.
func (c *Chat) Revoke(ctx context.Context, after int64) (newest int64, err error) {
	revoked, err := c.config.Accounts.Revocations(ctx, after)
	if err != nil {
		return after, err
	}
	first := after < 0
	if first {
		after = 0
	}
	for _, r := range revoked {
		if !first {
			c.Hub.EndAccount(r.Account, session.Kicked)
		}
		after = r.Seq
	}
	return after, nil
}
