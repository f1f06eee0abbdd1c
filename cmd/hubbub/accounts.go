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

// opener opens the accounts of a database, as --database and --data-dir name it.
type opener func(ctx context.Context, database, dataDir string) (accounts, error)

// openAccounts opens the accounts that a server with the same settings has.
func openAccounts(ctx context.Context, database, dataDir string) (accounts, error) {
	return store.Open(ctx, database, dataDir)
}
