package handler

import (
	"context"
	"errors"
	"net/netip"
	"strings"

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
	name, ok := account.CanonicalName(m.User)
	if !ok {
		return codec.NameInvalid
	}
	name = strings.Clone(name)
	if t.session.Account() != 0 && t.session.Name() == name {
		return codec.NameTaken // by whoever asks
	}
	request := *m
	return t.await(errand{
		run: c.config.Fetch, class: ForLogin, account: name, request: &request,
		job: func(ctx context.Context) func(*turn) error {
			_, err := c.config.Accounts.Find(ctx, name)
			return func(t *turn) error {
				switch {
				case err == nil:
					return codec.NameTaken
				case !errors.Is(err, account.ErrUnknown):
					return c.unavailable("accounts", err)
				case t.session.Account() != 0:
					return codec.PermissionDenied // it has its account
				}
				return t.registerFree(&request, name)
			}
		},
	})
}

// registerFree makes a name an account that was none when it was looked up.
func (t *turn) registerFree(m *codec.RegisterRequest, name string) error {
	c, s, address := t.chat, t.session, t.session.Address().Addr()
	if !c.Hub.Reserve(s, name) {
		return codec.NameTaken // by a guest, who would find it taken away
	}
	if _, ok := account.Prepare(m.Password); !ok {
		c.Hub.SettleReservation(s, name, 0)
		return codec.PasswordInvalid
	}
	return t.await(errand{
		run: c.config.Hash, class: ForLogin, account: name, request: m,
		job: func(ctx context.Context) func(*turn) error {
			var created account.Account
			var err error
			// The name is an account's, and a guest nobody under it, before anybody hears of it.
			defer func() { c.Hub.SettleReservation(s, name, created.ID) }()
			created, err = c.create(ctx, name, m.Password, address)
			return func(t *turn) error {
				if err != nil {
					return err
				}
				t.answer(&codec.RegisterResponse{Answer: codec.Answer{Ref: m.Ref}})
				return nil
			}
		},
		dropped: func() { c.Hub.SettleReservation(s, name, 0) },
	})
}

// create makes an account. The error is a Code.
func (c *Chat) create(ctx context.Context, name, password string, address netip.Addr) (account.Account, error) {
	switch _, err := c.config.Accounts.Find(ctx, name); { // it may have become one while the hash was waited for
	case err == nil:
		return account.Account{}, codec.NameTaken // without the cost of a hash
	case !errors.Is(err, account.ErrUnknown):
		return account.Account{}, c.unavailable("accounts", err)
	case c.registrations.Take(c.elapsed(), address) > 0:
		return account.Account{}, codec.RateLimited
	}
	c.hashed.Add(1)
	hash, err := c.hasher.Hash(password)
	if err != nil {
		return account.Account{}, c.unavailable("the password of "+name, err)
	}
	created, err := c.config.Accounts.Create(ctx, name, hash)
	switch {
	case err == nil:
		return created, nil
	case errors.Is(err, account.ErrTaken):
		return account.Account{}, codec.NameTaken
	}
	return account.Account{}, c.unavailable("accounts", err)
}
