package handler

import (
	"context"
	"errors"
	"net/netip"

	"hubbub/codec"
	"hubbub/handler/account"
)

// register makes a name an account. Somebody who is logged in registers the own name, and is its account from then on.
// That the name is taken is said before anything about the password: a client asks with an empty one whether to ask its
// user for another.
func (t *turn) register(m *codec.RegisterRequest) error {
	c := t.chat
	if c.config.Accounts == nil || t.limits.RegistrationClosed {
		return codec.PermissionDenied
	}
	if c.draining.Load() {
		return codec.ShuttingDown
	}
	name, err := account.ParseName(m.User)
	if err != nil || name.Spaced() || name.CheckNew() != nil {
		return codec.NameInvalid
	}
	name = cloned(name)
	if t.session.Account() != 0 && t.session.Key() == name.Key {
		return codec.NameTaken // by whoever asks
	}
	request := *m
	return t.await(errand{
		run: c.config.Fetch, class: ForLogin, account: name.Key, request: &request,
		job: func(ctx context.Context) func(*turn) error {
			err := c.registrable(ctx, name)
			return func(t *turn) error {
				switch {
				case err != nil:
					return err
				case t.session.Account() != 0:
					return codec.PermissionDenied // it has its account
				}
				return t.registerFree(&request, name)
			}
		},
	})
}

// registerFree makes a name an account that was none when it was looked up.
func (t *turn) registerFree(m *codec.RegisterRequest, name account.Name) error {
	c, s, address, look := t.chat, t.session, t.session.Address().Addr(), lookOf(name)
	if !c.Hub.Reserve(s, name.Key, look) {
		return codec.NameTaken // by a guest, or one whose name looks like it, who would find it taken away
	}
	if _, ok := account.Prepare(m.Password); !ok {
		c.Hub.SettleReservation(s, name.Key, look, 0)
		return codec.PasswordInvalid
	}
	return t.await(errand{
		run: c.config.Hash, class: ForLogin, account: name.Key, request: m,
		job: func(ctx context.Context) func(*turn) error {
			var created account.Account
			var err error
			// The name is an account's, and a guest nobody under it, before anybody hears of it.
			defer func() { c.Hub.SettleReservation(s, name.Key, look, created.ID) }()
			created, err = c.create(ctx, name, m.Password, address)
			return func(t *turn) error {
				if err != nil {
					return err
				}
				t.answer(&codec.RegisterResponse{Answer: codec.Answer{Ref: m.Ref}})
				return nil
			}
		},
		dropped: func() { c.Hub.SettleReservation(s, name.Key, look, 0) },
	})
}

// registrable returns why a name can't be made an account: NameTaken when it is one, or looks like one. The error is a Code.
func (c *Chat) registrable(ctx context.Context, name account.Name) error {
	switch _, err := c.config.Accounts.Find(ctx, name); {
	case err == nil:
		return codec.NameTaken
	case !errors.Is(err, account.ErrUnknown):
		return c.unavailable("accounts", err)
	}
	switch alike, err := c.config.Accounts.Alike(ctx, name); {
	case err != nil:
		return c.unavailable("accounts", err)
	case alike:
		return codec.NameTaken
	}
	return nil
}

// create makes an account. The error is a Code.
func (c *Chat) create(ctx context.Context, name account.Name, password string, address netip.Addr) (account.Account, error) {
	if err := c.registrable(ctx, name); err != nil { // it may have become one while the hash was waited for
		return account.Account{}, err
	}
	if wait := c.registrations.Take(c.elapsed(), address); wait > 0 {
		return account.Account{}, &refusal{code: codec.RateLimited, wait: wait, detail: "too many accounts were made from your address"}
	}
	c.hashed.Add(1)
	hash, err := c.hasher.Hash(password)
	if err != nil {
		return account.Account{}, c.unavailable("the password of "+name.Display, err)
	}
	c.names.filter.Add(name, name.Look()) // before it is an account: knownFree says why
	created, err := c.config.Accounts.Create(ctx, name, hash)
	switch {
	case err == nil:
		return created, nil
	case errors.Is(err, account.ErrTaken), errors.Is(err, account.ErrAlike):
		return account.Account{}, codec.NameTaken
	}
	return account.Account{}, c.unavailable("accounts", err)
}
