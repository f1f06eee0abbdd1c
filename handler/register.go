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
	if _, ok := account.Prepare(m.Password); !ok {
		return codec.PasswordInvalid
	}
	if t.session.Account() != 0 {
		return codec.PermissionDenied // it has its account
	}
	name = strings.Clone(name)
	if !c.Hub.Reserve(t.session, name) {
		return codec.LoginUserAlready // a guest has the name, who would find it taken away
	}
	s, request, address := t.session, *m, t.session.Address().Addr()
	return t.await(errand{
		run: c.config.Hash, class: ForLogin, account: name, request: &request,
		job: func(ctx context.Context) func(*turn) error {
			var created account.Account
			var err error
			// The name is an account's, and a guest nobody under it, before anybody hears of it.
			defer func() { c.Hub.SettleReservation(s, name, created.ID) }()
			created, err = c.create(ctx, name, request.Password, address)
			return func(t *turn) error {
				if err != nil {
					return err
				}
				t.answer(&codec.RegisterResponse{Answer: codec.Answer{Ref: request.Ref}})
				return nil
			}
		},
		dropped: func() { c.Hub.SettleReservation(s, name, 0) },
	})
}

// create makes an account. The error is a Code.
func (c *Chat) create(ctx context.Context, name, password string, address netip.Addr) (account.Account, error) {
	switch _, err := c.config.Accounts.Find(ctx, name); {
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
