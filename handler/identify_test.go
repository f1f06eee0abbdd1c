package handler

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/session"
)

var alice = account.Name{Display: "alice", Key: "alice"}

// oneAccount is a store that knows alice.
type oneAccount struct {
	account.Store
	hash string
}

func (s oneAccount) Find(_ context.Context, name account.Name) (account.Account, error) {
	if name != alice {
		return account.Account{}, account.ErrUnknown
	}
	return account.Account{ID: 1, Name: name.Display, Key: name.Key, Hash: s.hash}, nil
}

// TestOwnersAreLetThrough: while an account is guessed from many addresses, its owner comes in from where the last login
// was, and nobody from elsewhere.
func TestOwnersAreLetThrough(t *testing.T) {
	h := newHouse(func(*session.Session, codec.Message) {})
	c := h.chat
	c.hasher = account.Hasher{Memory: 64, Time: 1, Threads: 1}
	hash, err := c.hasher.Hash("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	c.config.Accounts, c.throttle = oneAccount{hash: hash}, account.NewThrottle()
	try := func(password string, last byte) error {
		a := &attempt{name: alice, account: alice, password: password, address: netip.AddrFrom4([4]byte{192, 0, 2, last})}
		if err := c.lookUp(t.Context(), a); err != nil {
			return err
		}
		return c.verify(a)
	}
	if err := try("correct horse", 1); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		_ = try("battery staple", byte(2+i))
	}
	if err := try("correct horse", 255); !errors.Is(err, codec.RateLimited) {
		t.Errorf("from elsewhere: %v", err)
	}
	if err := try("correct horse", 1); err != nil {
		t.Errorf("from home: %v", err)
	}
}
