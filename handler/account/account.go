package account

import (
	"context"
	"errors"
	"time"
)

// Account is a name that needs its password.
type Account struct {
	ID      int64  // above 0, never used again
	Name    string // canonical
	Hash    string // of the password, in PHC form
	Created time.Time
	Ban     *Ban // nil: it may log in
}

// Ban keeps an account from logging in.
type Ban struct {
	Until  time.Time // zero: for good
	Reason string    // for the account's user; may be empty
}

// Holds reports whether the ban is still in force.
func (b *Ban) Holds(now time.Time) bool { return b != nil && (b.Until.IsZero() || now.Before(b.Until)) }

// Errors of a Store that are no failures of it.
var (
	ErrUnknown = errors.New("there is no account of this name")
	ErrTaken   = errors.New("there is an account of this name already")
)

// Revocation says that an account's sessions must end, because it was banned or removed, or has a new password, or that a
// guest's must who has the name of a new account.
type Revocation struct {
	Seq        int64 // grows
	Account    int64
	Name       string
	Why        string // for operators, as in "banned: spam"
	Registered bool   // the account is new
}

// Store remembers accounts for good. Names are canonical. Its methods may be called from any goroutine and, by the
// hubbub user commands, beside a server that runs.
type Store interface {
	// Find returns an account by its name, or ErrUnknown.
	Find(ctx context.Context, name string) (Account, error)
	// Create makes a name an account, and revokes the sessions of guests who have it, or returns ErrTaken.
	Create(ctx context.Context, name, hash string) (Account, error)
	// Rehash replaces the hash of a password that stays the same, unless the password was changed meanwhile: that is,
	// unless the hash is no longer old.
	Rehash(ctx context.Context, id int64, old, hash string) error
	// SetPassword sets the hash of another password, and revokes the account's sessions. ErrUnknown.
	SetPassword(ctx context.Context, name, hash string) error
	// SetBan bans an account and revokes its sessions or, when ban is nil, lets it in again. ErrUnknown.
	SetBan(ctx context.Context, name string, ban *Ban) error
	// Remove removes an account with the whispers that wait for it, and revokes its sessions. What it said stays in the
	// history, and its number is not used again. ErrUnknown.
	Remove(ctx context.Context, name string) error
	// List returns up to limit accounts whose names come after a name, in the order of their names' bytes.
	List(ctx context.Context, after string, limit int) ([]Account, error)
	// Revocations returns those after a Seq, oldest first; -1 returns only the newest one there is, to begin with.
	Revocations(ctx context.Context, after int64) ([]Revocation, error)
}
