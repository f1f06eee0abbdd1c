package handler

import (
	"context"
	"errors"
	"net/netip"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/session"
)

// passwordChange is a change of an account's password by its owner. Its steps run one after the other, while the session's
// strand is parked: the account is looked up (Fetch); then the old password is checked and the new one hashed and stored (Hash).
type passwordChange struct {
	request codec.PasswordRequest
	owner   int64
	name    account.Name
	address netip.Addr
	asker   session.Ref // whose session stays

	found account.Account
}

// changePassword gives the session's account another password. That there can't be one is said before anything about the
// old password, and a new one that is none before anything is hashed: a client asks with empty passwords whether to ask its
// user for any.
func (t *turn) changePassword(m *codec.PasswordRequest) error {
	c := t.chat
	switch {
	case c.config.Accounts == nil:
		return &refusal{code: codec.PermissionDenied, detail: "this server has no accounts, and so no passwords"}
	case t.session.Account() == 0:
		return &refusal{code: codec.PermissionDenied, detail: "a guest has no password; register the name first"}
	case c.draining.Load():
		return codec.ShuttingDown
	}
	if _, ok := account.Prepare(m.New); !ok {
		return codec.PasswordInvalid
	}
	p := &passwordChange{
		request: *m, owner: t.session.Account(), name: account.Name{Display: t.session.Name(), Key: t.session.Key()},
		address: t.session.Address().Addr(), asker: t.session.Ref(),
	}
	if err := c.throttled(p.name.Key, p.address); err != nil {
		return err
	}
	return t.fetch(&p.request, func(ctx context.Context) func(*turn) error {
		err := c.findOwn(ctx, p)
		return func(t *turn) error {
			if err != nil {
				return err
			}
			return t.replacePassword(p)
		}
	})
}

// findOwn finds the account whose password is to be changed. The error is a Code.
func (c *Chat) findOwn(ctx context.Context, p *passwordChange) (err error) {
	p.found, err = c.config.Accounts.Find(ctx, p.name)
	switch {
	case errors.Is(err, account.ErrUnknown), err == nil && p.found.ID != p.owner:
		return codec.AuthFailed // it was removed, and its sessions are about to end
	case err != nil:
		return c.unavailable("accounts", err)
	}
	return nil
}

// replacePassword has the old password checked and the new one stored.
func (t *turn) replacePassword(p *passwordChange) error {
	c := t.chat
	return t.await(errand{
		run: c.config.Hash, class: ForSession, account: p.name.Key, request: &p.request,
		job: func(ctx context.Context) func(*turn) error {
			err := c.replacePassword(ctx, p)
			return func(t *turn) error {
				if err != nil {
					return err
				}
				t.answer(&codec.PasswordResponse{Answer: codec.Answer{Ref: p.request.Ref}})
				return nil
			}
		},
	})
}

// replacePassword replaces the hash if the old password is right and the hash that it was checked by is still the account's,
// and ends the account's other sessions. The error is a Code or a refusal.
func (c *Chat) replacePassword(ctx context.Context, p *passwordChange) error {
	if err := c.throttled(p.name.Key, p.address); err != nil {
		return err // those who waited with it were wrong
	}
	c.hashed.Add(1)
	right, _, err := c.hasher.Verify(p.found.Hash, p.request.Old)
	switch {
	case err != nil:
		return c.unavailable("the password of "+p.found.Name, err)
	case !right:
		return c.deny(p.name.Key, p.address)
	}
	c.throttle.Succeeded(c.elapsed(), p.name.Key, p.address)
	if p.found.Ban.Holds(c.config.Now()) {
		return &refusal{code: codec.PermissionDenied, detail: p.found.Ban.String()}
	}
	c.hashed.Add(1)
	hash, err := c.hasher.Hash(p.request.New)
	if err != nil {
		return c.unavailable("the new password of "+p.found.Name, err)
	}
	err = c.config.Accounts.ChangePassword(ctx, p.found.ID, p.found.Hash, hash)
	switch {
	case errors.Is(err, account.ErrChanged):
		return &refusal{code: codec.AuthFailed, detail: "the password was changed by somebody else at this moment"}
	case err != nil:
		// It may have been stored all the same, and then the others must go.
		if now, found := c.config.Accounts.Find(ctx, p.name); found != nil || now.Hash != hash {
			return c.unavailable("accounts", err)
		}
	}
	c.endAccount(account.Revocation{Account: p.found.ID, Name: p.found.Name, Why: account.WhyPassword}, p.asker)
	return nil
}
