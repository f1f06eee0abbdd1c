package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"

	"hubbub/handler/account"
)

// keysVersion is the version of the tables that fillKeys makes.
const keysVersion = 5

// fillKeys returns what fills in the keys of the names that a database has from before there were any. Those names are in
// small letters, so nearly all of them are their own keys. Others, such as one with a final sigma, are looked for in the
// messages with one walk through all of them.
func fillKeys(dialect goose.Dialect) func(context.Context, *sql.Tx) error {
	other := "%s ~ '[^ -~]'"
	if dialect == goose.DialectSQLite3 {
		other = "%s GLOB '*[^ -~]*'"
	}
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := fillAccounts(ctx, tx); err != nil {
			return err
		}
		if err := fillFormerNames(ctx, tx); err != nil {
			return err
		}
		return fillMessages(ctx, tx, other)
	}
}

// exactPrefix begins the key of an account that has no name's key: of two whose names have the same one the older account
// has it. No name begins with a space.
const exactPrefix = " "

func fillAccounts(ctx context.Context, tx *sql.Tx) error {
	type old struct {
		id   int64
		name string
	}
	scan := func(r row) (a old, err error) { return a, r.Scan(&a.id, &a.name) }
	accounts, err := collect(ctx, tx, scan, "SELECT id, name FROM accounts ORDER BY id")
	if err != nil {
		return err
	}
	taken := make(map[string]bool, len(accounts))
	for _, a := range accounts {
		name := account.Name{Display: a.name, Key: account.KeyOf(a.name)}
		key := name.Key
		if taken[key] {
			const remember = "INSERT INTO former_names (name, account) VALUES ($1, $2)" // so that its history is found
			if _, err := tx.ExecContext(ctx, remember, key, a.id); err != nil {
				return err
			}
			key = exactPrefix + strconv.FormatInt(a.id, 10)
		}
		taken[key] = true
		const fill = "UPDATE accounts SET key = $2, shape = $3, shape_capitals = $4, scripts = $5 WHERE id = $1"
		look := name.Look()
		if _, err := tx.ExecContext(ctx, fill, a.id, key, look.Shown, look.Capitals, look.Scripts); err != nil {
			return err
		}
	}
	return nil
}

func fillFormerNames(ctx context.Context, tx *sql.Tx) error {
	scan := func(r row) (name string, err error) { return name, r.Scan(&name) }
	names, err := collect(ctx, tx, scan, "SELECT DISTINCT name FROM former_names")
	if err != nil {
		return err
	}
	for _, name := range names {
		key := account.KeyOf(name)
		if key == name {
			continue
		}
		const add = "INSERT INTO former_names (name, account) SELECT $2, account FROM former_names WHERE name = $1 " +
			"ON CONFLICT DO NOTHING"
		if _, err := tx.ExecContext(ctx, add, name, key); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM former_names WHERE name = $1", name); err != nil {
			return err
		}
	}
	return nil
}

// fillMessages notes the keys of the names in messages, and moves guests' whispers to the conversations of the keys.
func fillMessages(ctx context.Context, tx *sql.Tx, other string) error {
	scan := func(r row) (name string, err error) { return name, r.Scan(&name) }
	of := func(column string) string {
		return "SELECT " + column + " FROM messages WHERE " + strings.Replace(other, "%s", column, 1)
	}
	names, err := collect(ctx, tx, scan, of("sender")+" UNION "+of("recipient"))
	if err != nil {
		return err
	}
	for _, name := range names {
		key := account.KeyOf(name)
		if key == name {
			continue
		}
		for _, query := range []string{
			"UPDATE messages SET sender_key = $2 WHERE sender = $1", "UPDATE messages SET recipient_key = $2 WHERE recipient = $1",
		} {
			if _, err := tx.ExecContext(ctx, query, name, key); err != nil {
				return err
			}
		}
		if err := moveWhispers(ctx, tx, name); err != nil {
			return err
		}
	}
	return nil
}

// moveWhispers puts the whispers of and to guests with a name into the conversations of its key.
func moveWhispers(ctx context.Context, tx *sql.Tx, name string) error {
	const query = "SELECT " + columnsBefore + " FROM messages WHERE conversation <> '' AND " +
		"(sender = $1 AND sender_account = 0 OR recipient = $1 AND recipient_account = 0)"
	whispers, err := collect(ctx, tx, scanMessageBefore, query, name)
	if err != nil {
		return err
	}
	for i := range whispers {
		m := &whispers[i]
		const move = "UPDATE messages SET conversation = $2 WHERE id = $1"
		if _, err := tx.ExecContext(ctx, move, number(m.ID), conversationOf(m)); err != nil {
			return err
		}
	}
	return nil
}
