package account

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Account is a name that needs its password.
type Account struct {
	ID      int64  // above 0, never used again
	Name    string // as it was registered, and is displayed
	Key     string // what the name is compared by
	Hash    string // of the password, in PHC form
	Created time.Time
	Ban     *Ban // nil: it may log in
}

// Exact reports whether the account is found only by its name as it is written, because an older one has all other ways to
// write it. Such two names were different before keys were folded; no key of a name begins with a space.
func (a *Account) Exact() bool { return strings.HasPrefix(a.Key, " ") }

// Ban keeps an account from logging in.
type Ban struct {
	Until  time.Time // zero: for good
	Reason string    // for the account's user; may be empty
}

// Holds reports whether the ban is still in force.
func (b *Ban) Holds(now time.Time) bool { return b != nil && (b.Until.IsZero() || now.Before(b.Until)) }

// String says for people how long the ban lasts and why, as in "banned until 2026-11-28 14:00 UTC: spam". A minute that has
// begun counts.
func (b *Ban) String() string {
	text := "banned for good"
	if !b.Until.IsZero() {
		text = "banned until " + b.Until.UTC().Add(time.Minute-1).Format("2006-01-02 15:04 MST")
	}
	if b.Reason != "" {
		text += ": " + b.Reason
	}
	return text
}

// Errors of a Store that are no failures of it.
var (
	ErrUnknown = errors.New("there is no account of this name")
	ErrTaken   = errors.New("there is an account of this name already")
	ErrChanged = errors.New("the account has another password by now, or is removed")
	ErrAlike   = errors.New("there is an account whose name looks like this one")
)

// Revocation says that an account's sessions must end, because it was banned or removed, or has a new password, or that a
// guest's must who has the name of a new account.
type Revocation struct {
	Seq        int64 // grows
	Account    int64
	Name       string
	Why        string // one of the reasons below, or what a Ban says of itself
	Registered bool   // the account is new
}

// The reasons of revocations that are no bans.
const (
	WhyPassword   = "a new password"
	WhyRemoved    = "removed"
	WhyRegistered = "registered"
)

// Sentence tells the user of a session that the revocation ends why; "" when it is not known.
func (r Revocation) Sentence() string {
	switch {
	case r.Why == WhyPassword:
		return "this account has a new password; log in with it"
	case r.Why == WhyRemoved:
		return "this account was removed"
	case strings.HasPrefix(r.Why, "banned"):
		return r.Why
	}
	return ""
}

// Registered is what a NameFilter needs to know of an account.
type Registered struct {
	ID   int64
	Name Name // whose key is the account's
	Look Look // that is stored
}

// Store remembers accounts for good. Names are found by their keys, whatever the case they are written in. Its methods may be called from any goroutine and, by the
// hubbub user commands, beside a server that runs.
type Store interface {
	// Find returns an account by its name, or ErrUnknown. Of two accounts whose names were different until keys were folded,
	// each is found by the name as it was, and the older one by every other way to write it.
	Find(ctx context.Context, name Name) (Account, error)
	// Alike reports whether there is an account whose name looks like one that has another key.
	Alike(ctx context.Context, name Name) (bool, error)
	// Create makes a name an account, and revokes the sessions of guests who have it or one that looks like it, or returns
	// ErrTaken or ErrAlike.
	Create(ctx context.Context, name Name, hash string) (Account, error)
	// Rehash replaces the hash of a password that stays the same, unless the password was changed meanwhile: that is,
	// unless the hash is no longer old.
	Rehash(ctx context.Context, id int64, old, hash string) error
	// ChangePassword sets the hash of another password, unless the password was changed meanwhile or the account removed: then
	// ErrChanged. The account's sessions are the caller's to end.
	ChangePassword(ctx context.Context, id int64, old, hash string) error
	// SetPassword sets the hash of another password, and revokes the account's sessions. ErrUnknown.
	SetPassword(ctx context.Context, name Name, hash string) error
	// SetBan bans an account and revokes its sessions or, when ban is nil, lets it in again. ErrUnknown.
	SetBan(ctx context.Context, name Name, ban *Ban) error
	// Remove removes an account with the whispers that wait for it, and revokes its sessions. What it said stays in the
	// history, and its number is not used again. ErrUnknown.
	Remove(ctx context.Context, name Name) error
	// List returns up to limit accounts whose keys come after one, in the order of the keys' bytes.
	List(ctx context.Context, after string, limit int) ([]Account, error)
	// Names returns up to limit accounts whose ids come after one, in the order of their ids.
	Names(ctx context.Context, after int64, limit int) ([]Registered, error)
	// Revocations returns those after a Seq, oldest first; -1 returns only the newest one there is, to begin with. Their Seqs
	// are consecutive. Old ones are deleted: then the first one is not the next after that Seq.
	Revocations(ctx context.Context, after int64) ([]Revocation, error)
}
