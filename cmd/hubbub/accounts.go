package main

import (
	"context"

	"hubbub/handler/account"
	"hubbub/store"
)

// accounts is the part of the server's database that the user commands work on.
type accounts interface {
	account.Store
	Close() error
}

// opener opens the accounts of a database, as --database and --data-dir name it. Unless it may create one, the error is
// store.ErrNoDatabase where there is none.
type opener func(ctx context.Context, database, dataDir string, create bool) (accounts, error)

// openAccounts opens the accounts that a server with the same settings has.
func openAccounts(ctx context.Context, database, dataDir string, create bool) (accounts, error) {
	open := store.OpenExisting
	if create {
		open = store.Open
	}
	s, err := open(ctx, database, dataDir)
	if err != nil {
		return nil, err // no *store.Store that is nil in an interface that is not
	}
	return s, nil
}
