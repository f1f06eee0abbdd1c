package handler

import (
	"context"
	"sync/atomic"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
)

const (
	// namesTrusted is for how long guests' logins rely on the names in memory after the database was last asked for new
	// accounts, which the server does each second. When that is longer ago the database is away or slow, and logins ask it.
	namesTrusted = 3 * time.Second
	// namesPage is how many accounts are read at a time, some 800 KB; namesStep is about how long a call of LoadNames takes at most.
	namesPage = 4000
	namesStep = time.Second
)

// accountNames are the names of all accounts in memory, so that most guests' logins need no query.
type accountNames struct {
	// Any goroutine.
	filter account.NameFilter
	until  atomic.Int64 // the time.Duration since the start until which logins rely on the filter; 0: not loaded

	// The goroutine that calls Revoke and LoadNames.
	loaded bool
	missed bool          // Revoke may have missed accounts, so guests may have their names
	upTo   int64         // the account id up to which names are loaded
	count  int           // accounts that are loaded
	asked  time.Duration // since the start: once loaded, the filter has all accounts that there were at this time
}

// trust has logins rely on the filter.
func (n *accountNames) trust() { n.until.Store(int64(n.asked + namesTrusted)) }

// reload has LoadNames load all names again and end the guests who have one, because Revoke may have missed some.
func (n *accountNames) reload() { n.loaded, n.missed, n.upTo = false, true, 0 }

// LoadNames loads the accounts' names, so that guests' logins need not ask the database. It returns after about a
// second, and the next call goes on there: done reports that all are loaded. Read the newest revocation's Seq before the first
// call and give it to Revoke after it, so that no account is missed. After that call it whenever NamesLoaded reports false.
// The goroutine that calls Revoke.
func (c *Chat) LoadNames(ctx context.Context) (accounts int, done bool, err error) {
	n := &c.names
	if n.loaded {
		return n.count, true, nil
	}
	begun := c.elapsed()
	if n.upTo == 0 {
		n.asked, n.count = max(n.asked, begun), 0
	}
	for !n.loaded {
		page, err := c.pageOfNames(ctx)
		if err != nil {
			return n.count, false, err
		}
		for _, a := range page {
			n.filter.Add(a.Name, a.Look)
			n.upTo = a.ID
			if n.missed { // a guest may be there under the name
				c.markRegistered(account.Revocation{Account: a.ID, Name: a.Name.Display, Why: account.WhyRegistered, Registered: true})
			}
		}
		n.count += len(page)
		switch {
		case len(page) < namesPage:
			n.loaded, n.missed, n.upTo = true, false, 0
		case c.elapsed()-begun > namesStep:
			return n.count, false, nil
		}
	}
	n.trust()
	return n.count, true, nil
}

func (c *Chat) pageOfNames(ctx context.Context) ([]account.Registered, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return c.config.Accounts.Names(ctx, c.names.upTo, namesPage)
}

// NamesLoaded reports whether all names are loaded. The goroutine that calls Revoke.
func (c *Chat) NamesLoaded() bool { return c.names.loaded }

// NamesBytes returns how much memory the names take. Anyone.
func (c *Chat) NamesBytes() int { return c.names.filter.Bytes() }

// knownFree reports whether the names in memory show that no account has a login's name or looks like it, and the login
// needs nothing else of the database. Otherwise the database must be asked.
func (t *turn) knownFree(a *attempt) bool {
	n := &t.chat.names
	switch {
	case a.password != "" || !a.open: // the password may be that of an account that was added since the last look
		return false
	case t.asksForBounds(a) || int64(t.elapsed) >= n.until.Load():
		return false
	}
	// Read before the filter: a new account's name is added to that one first, so that Hub.Login finds out about one that
	// is missed here.
	a.registered = t.chat.Hub.Registered(a.name.Key, a.look)
	if n.filter.MayFind(a.name) || n.filter.MayBeAlike(a.look.Shapes, a.look.Script) {
		return false
	}
	return a.account.Key == "" || a.account.Key == a.name.Key || !n.filter.MayFind(a.account)
}

// enterGuest lets a guest in whose name is knownFree.
func (t *turn) enterGuest(a *attempt) error {
	if err := a.name.CheckNew(); err != nil {
		return codec.NameInvalid
	}
	a.unknown, a.guest = true, true
	return t.enter(a)
}
