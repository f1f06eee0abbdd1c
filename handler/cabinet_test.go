package handler

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/handler/history"
)

// cabinet is a database in memory.
type cabinet struct {
	account.Store // what a Chat does not call

	mu       sync.Mutex
	reading  func() time.Duration       // how long the next query takes; nil: no time
	writing  func() time.Duration       // how long the next Append takes
	loading  func() time.Duration       // how long the next page of Names takes
	accounts map[string]account.Account // by key
	revoked  []account.Revocation
	messages []history.Message
	posted   []history.Message // as they came
	newest   codec.ID
	removed  codec.ID
	made     int64 // accounts so far
	asked    int   // how often somebody looked for an account
	gone     int64 // the newest revocation that is not kept any more
	broken   error // what Names and Revocations return; nil: they work
}

// newCabinet returns one with accounts of these names, whose numbers begin with 1 and whose password is password.
func newCabinet(names ...string) *cabinet {
	c := &cabinet{accounts: map[string]account.Account{}}
	for _, name := range names {
		hash, err := cheap.Hash(password)
		if err != nil {
			panic(err)
		}
		key := account.KeyOf(name)
		c.made++
		c.accounts[key] = account.Account{ID: c.made, Name: name, Key: key, Hash: hash}
	}
	return c
}

// wait takes the time that a query takes, and locks.
func (c *cabinet) wait(takes *func() time.Duration) {
	c.mu.Lock()
	if *takes == nil {
		return
	}
	d := (*takes)()
	c.mu.Unlock()
	<-time.After(d)
	c.mu.Lock()
}

// Find implements account.Store.
func (c *cabinet) Find(_ context.Context, name account.Name) (account.Account, error) {
	c.wait(&c.reading)
	defer c.mu.Unlock()
	c.asked++
	if found, ok := c.accounts[name.Key]; ok {
		return found, nil
	}
	return account.Account{}, account.ErrUnknown
}

// Alike implements account.Store.
func (c *cabinet) Alike(_ context.Context, name account.Name) (bool, error) {
	c.wait(&c.reading)
	defer c.mu.Unlock()
	c.asked++
	return c.alike(name), nil
}

func (c *cabinet) alike(name account.Name) bool {
	for _, a := range c.accounts {
		if a.Key != name.Key && (account.Name{Display: a.Name, Key: a.Key}).Look().Like(name.Look()) {
			return true
		}
	}
	return false
}

// Create implements account.Store.
func (c *cabinet) Create(_ context.Context, name account.Name, hash string) (account.Account, error) {
	c.wait(&c.writing)
	defer c.mu.Unlock()
	if _, ok := c.accounts[name.Key]; ok {
		return account.Account{}, account.ErrTaken
	}
	if c.alike(name) {
		return account.Account{}, account.ErrAlike
	}
	c.made++
	created := account.Account{ID: c.made, Name: name.Display, Key: name.Key, Hash: hash}
	c.accounts[name.Key] = created
	c.revoked = append(c.revoked, account.Revocation{
		Seq: int64(len(c.revoked) + 1), Account: created.ID, Name: name.Display, Registered: true,
	})
	return created, nil
}

// ChangePassword implements account.Store.
func (c *cabinet) ChangePassword(_ context.Context, id int64, old, hash string) error {
	c.wait(&c.writing)
	defer c.mu.Unlock()
	for key, a := range c.accounts {
		if a.ID == id && a.Hash == old {
			a.Hash = hash
			c.accounts[key] = a
			return nil
		}
	}
	return account.ErrChanged
}

// ban bans an account for good.
func (c *cabinet) ban(name string) { c.banWith(name, account.Ban{}) }

// banWith bans an account.
func (c *cabinet) banWith(name string, ban account.Ban) {
	c.mu.Lock()
	defer c.mu.Unlock()
	banned := c.accounts[name]
	banned.Ban = &ban
	c.accounts[name] = banned
	c.revoke(banned, ban.String())
}

// revoke notes that an account's sessions must end. The lock is held.
func (c *cabinet) revoke(a account.Account, why string) {
	c.revoked = append(c.revoked, account.Revocation{Seq: int64(len(c.revoked) + 1), Account: a.ID, Name: a.Name, Why: why})
}

// Revocations implements account.Store.
func (c *cabinet) Revocations(_ context.Context, after int64) ([]account.Revocation, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if after < 0 {
		after = int64(max(0, len(c.revoked)-1))
	}
	return slices.Clone(c.revoked[max(after, c.gone):]), c.broken
}

// Names implements account.Store.
func (c *cabinet) Names(_ context.Context, after int64, limit int) (page []account.Registered, err error) {
	c.wait(&c.loading)
	defer c.mu.Unlock()
	for _, a := range c.accounts {
		if a.ID > after {
			name := account.Name{Display: a.Name, Key: a.Key}
			page = append(page, account.Registered{ID: a.ID, Name: name, Look: name.Look()})
		}
	}
	slices.SortFunc(page, func(a, b account.Registered) int { return cmp.Compare(a.ID, b.ID) })
	return page[:min(len(page), limit)], c.broken
}

// remove removes an account, as an operator does.
func (c *cabinet) remove(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.revoke(c.accounts[key], account.WhyRemoved)
	delete(c.accounts, key)
}

// Append implements history.Store.
func (c *cabinet) Append(_ context.Context, messages []history.Message) error {
	c.wait(&c.writing)
	defer c.mu.Unlock()
	c.newest = messages[len(messages)-1].ID
	c.messages, c.posted = append(c.messages, messages...), append(c.posted, messages...)
	return nil
}

const cabinetScan = 300

// choose returns the first messages above an id of which a test holds. What comes after it has looked is not among them,
// though it comes before it returns. It looks through cabinetScan messages at a time.
func (c *cabinet) choose(after codec.ID, limit int, of func(*history.Message) bool) (part history.Missed, err error) {
	c.wait(&c.reading)
	defer c.mu.Unlock()
	defer c.wait(&c.reading)
	defer c.mu.Unlock()
	part.Removed = c.removed
	looked := 0
	for i := range c.messages {
		m := &c.messages[i]
		if m.ID <= after {
			continue
		}
		if looked == cabinetScan || len(part.Messages) == limit {
			part.Next = c.messages[i-1].ID
			break
		}
		looked++
		if of(m) {
			part.Messages = append(part.Messages, *m)
		}
	}
	return part, nil
}

// Missed implements history.Store.
func (c *cabinet) Missed(_ context.Context, reader history.Party, after codec.ID, limit int) (history.Missed, error) {
	return c.choose(after, limit, func(m *history.Message) bool { return m.For(reader) })
}

// prune removes the oldest messages that do not wait until n of them are left.
func (c *cabinet) prune(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.messages {
		if !c.messages[i].Mail {
			n--
		}
	}
	c.messages = slices.DeleteFunc(c.messages, func(m history.Message) bool {
		if m.Mail || n >= 0 {
			return false
		}
		n++
		c.removed = max(c.removed, m.ID)
		return true
	})
}

// Mail implements history.Store.
func (c *cabinet) Mail(_ context.Context, account int64, after codec.ID, limit int) (history.Missed, error) {
	mail, err := c.choose(after, limit, func(m *history.Message) bool { return m.Mail && m.To.Account == account })
	mail.Removed = 0 // what waits is not removed
	return mail, err
}

// Delivered implements history.Store.
func (c *cabinet) Delivered(_ context.Context, account int64, upTo codec.ID) error {
	c.wait(&c.writing)
	defer c.mu.Unlock()
	for i := range c.messages {
		if m := &c.messages[i]; m.To.Account == account && m.ID <= upTo {
			m.Mail = false
		}
	}
	return nil
}

// Bounds implements history.Store.
func (c *cabinet) Bounds(context.Context) (newest, removed codec.ID, err error) {
	c.wait(&c.reading)
	defer c.mu.Unlock()
	return c.newest, c.removed, nil
}

// Page implements history.Store.
func (c *cabinet) Page(context.Context, []history.Conversation, codec.ID, codec.ID, int) (history.Page, error) {
	return history.Page{}, nil
}

// Namesakes implements history.Store.
func (c *cabinet) Namesakes(context.Context, string) ([]int64, error) { return nil, nil }

// Prune implements history.Store.
func (c *cabinet) Prune(context.Context, history.Retention, int) (int, bool, error) {
	return 0, false, nil
}
