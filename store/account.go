package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"hubbub/handler/account"
)

// accountColumns are those of an account that scanAccount reads.
const accountColumns = "id, name, key, hash, created, ban_until, ban_reason"

// revocationsMax is how many revocations are kept: far more than there are in the second that a server takes to look for
// them. Their number bounds them and not their age, since a clock that jumps would remove those that nobody has seen.
const revocationsMax = 10_000

// Find implements account.Store. A text that no account can have as its name is not asked for: PostgreSQL refuses it,
// and SQLite would look.
func (s *Store) Find(ctx context.Context, name account.Name) (account.Account, error) {
	a, err := find(ctx, s.read, name)
	return a, s.failed("find an account", err)
}

// find is Find in a transaction or without one. Whose key is not that of its name, because another account had that already
// when there were no keys, is found by its name as it is written.
func find(ctx context.Context, db querier, name account.Name) (account.Account, error) {
	for _, text := range []string{name.Display, name.Key} {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return account.Account{}, account.ErrUnknown
		}
	}
	const query = "SELECT " + accountColumns + " FROM accounts WHERE key = $1 OR name = $2 ORDER BY name = $2 DESC LIMIT 1"
	a, err := scanAccount(db.QueryRowContext(ctx, query, name.Key, name.Display))
	return a, known(err)
}

// Alike implements account.Store.
func (s *Store) Alike(ctx context.Context, name account.Name) (bool, error) {
	alike, err := alike(ctx, s.read, name)
	return alike, s.failed("look for accounts whose names look alike", err)
}

func alike(ctx context.Context, db querier, name account.Name) (alike bool, err error) {
	look := name.Look()
	if look.Scripts == "" {
		return false, nil
	}
	const query = "SELECT EXISTS (SELECT 1 FROM accounts WHERE (shape IN ($1, $2) OR shape_capitals IN ($1, $2)) " +
		"AND scripts NOT IN ('', $3) AND key <> $4)"
	err = db.QueryRowContext(ctx, query, look.Shown, look.Capitals, look.Scripts, name.Key).Scan(&alike)
	return alike, err
}

// Create implements account.Store. Times are kept to the millisecond. When a server has lost its lease the error is a
// history.ErrFenced, and nothing is made.
func (s *Store) Create(ctx context.Context, name account.Name, hash string) (created account.Account, err error) {
	const query = "INSERT INTO accounts (name, key, shape, shape_capitals, scripts, hash, created) " +
		"VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING " + accountColumns
	err = s.change(ctx, "make an account", true, func(tx *sql.Tx) error {
		switch alike, err := alike(ctx, tx, name); {
		case err != nil:
			return err
		case alike:
			return account.ErrAlike
		}
		look := name.Look()
		created, err = scanAccount(tx.QueryRowContext(ctx, query, name.Display, name.Key, look.Shown, look.Capitals, look.Scripts,
			hash, time.Now().UnixMilli()))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return account.ErrTaken
		case err != nil:
			return err
		}
		return announce(ctx, tx, created.ID, created.Name, account.WhyRegistered)
	})
	if err != nil {
		return account.Account{}, err
	}
	return created, nil
}

// Rehash implements account.Store.
func (s *Store) Rehash(ctx context.Context, id int64, old, hash string) error {
	err := s.exec(ctx, "UPDATE accounts SET hash = $3 WHERE id = $1 AND hash = $2", id, old, hash)
	return s.failed("renew a password's hash", err)
}

// ChangePassword implements account.Store. When a server has lost its lease the error is a history.ErrFenced, and nothing is
// changed: it could not end the sessions that the account has with the server that has the lease now.
func (s *Store) ChangePassword(ctx context.Context, id int64, old, hash string) error {
	return s.change(ctx, "change a password", true, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE accounts SET hash = $3 WHERE id = $1 AND hash = $2", id, old, hash)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); n == 0 {
			return cmp.Or(err, account.ErrChanged)
		}
		return nil
	})
}

// SetPassword implements account.Store.
func (s *Store) SetPassword(ctx context.Context, name account.Name, hash string) error {
	return s.revoke(ctx, "set a password", name, account.WhyPassword, "UPDATE accounts SET hash = $2 WHERE id = $1", hash)
}

// SetBan implements account.Store. Times are kept to the millisecond.
func (s *Store) SetBan(ctx context.Context, name account.Name, ban *account.Ban) error {
	const query = "UPDATE accounts SET ban_until = $2, ban_reason = $3 WHERE id = $1"
	if ban == nil {
		return s.change(ctx, "lift a ban", false, func(tx *sql.Tx) error {
			a, err := find(ctx, tx, name)
			if err == nil {
				_, err = tx.ExecContext(ctx, query, a.ID, nil, "")
			}
			return err
		})
	}
	return s.revoke(ctx, "ban an account", name, ban.String(), query, milliseconds(ban.Until), ban.Reason)
}

// Remove implements account.Store. The name is remembered for the history of those whom the account talked with.
func (s *Store) Remove(ctx context.Context, name account.Name) error {
	return s.change(ctx, "remove an account", false, func(tx *sql.Tx) error {
		a, err := find(ctx, tx, name)
		if err != nil {
			return err
		}
		const remember = "INSERT INTO former_names (name, account) VALUES ($2, $1) ON CONFLICT DO NOTHING"
		if _, err := tx.ExecContext(ctx, remember, a.ID, account.KeyOf(a.Name)); err != nil {
			return err
		}
		for _, query := range []string{
			"DELETE FROM messages WHERE mail = $1 AND mail <> 0", "DELETE FROM accounts WHERE id = $1",
		} {
			if _, err := tx.ExecContext(ctx, query, a.ID); err != nil {
				return err
			}
		}
		return announce(ctx, tx, a.ID, a.Name, account.WhyRemoved)
	})
}

// List implements account.Store.
func (s *Store) List(ctx context.Context, after string, limit int) ([]account.Account, error) {
	const query = "SELECT " + accountColumns + " FROM accounts WHERE key > $1 ORDER BY key LIMIT $2"
	accounts, err := collect(ctx, s.read, scanAccount, query, after, max(limit, 0))
	return accounts, s.failed("list accounts", err)
}

// Revocations implements account.Store. All but the newest 10,000 may be gone.
func (s *Store) Revocations(ctx context.Context, after int64) ([]account.Revocation, error) {
	query := "SELECT seq, account, name, why FROM revocations WHERE seq > $1 ORDER BY seq"
	if after < 0 {
		query = "SELECT seq, account, name, why FROM revocations WHERE seq > $1 ORDER BY seq DESC LIMIT 1"
	}
	revocations, err := collect(ctx, s.read, scanRevocation, query, after)
	return revocations, s.failed("look for accounts whose sessions must end", err)
}

// revoke changes an account by a statement, whose first parameter is the account's number, and notes that its sessions must
// end.
func (s *Store) revoke(ctx context.Context, what string, name account.Name, why, query string, args ...any) error {
	return s.change(ctx, what, false, func(tx *sql.Tx) error {
		a, err := find(ctx, tx, name)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, query, append([]any{a.ID}, args...)...); err != nil {
			return err
		}
		return announce(ctx, tx, a.ID, a.Name, why)
	})
}

// announce notes what servers must know of an account. Seq is counted in a row that stays locked until the commit, so
// nobody sees one before all lower ones.
func announce(ctx context.Context, tx *sql.Tx, id int64, name, why string) error {
	var seq int64
	const count = "UPDATE counters SET revocations = revocations + 1 RETURNING revocations"
	if err := tx.QueryRowContext(ctx, count).Scan(&seq); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM revocations WHERE seq <= $1", seq-revocationsMax); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO revocations (seq, account, name, why, at) VALUES ($1, $2, $3, $4, $5)",
		seq, id, name, why, time.Now().UnixMilli())
	return err
}

// known says of an account that there is none, instead of that there are no rows.
func known(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return account.ErrUnknown
	}
	return err
}

func scanAccount(r row) (a account.Account, err error) {
	var created int64
	var until *int64
	var reason string
	if err := r.Scan(&a.ID, &a.Name, &a.Key, &a.Hash, &created, &until, &reason); err != nil {
		return account.Account{}, err
	}
	a.Created = moment(created)
	if until != nil {
		a.Ban = &account.Ban{Until: moment(*until), Reason: reason}
	}
	return a, nil
}

func scanRevocation(r row) (v account.Revocation, err error) {
	err = r.Scan(&v.Seq, &v.Account, &v.Name, &v.Why)
	v.Registered = v.Why == account.WhyRegistered
	return v, err
}

// milliseconds since 1970 are how times are kept; 0 is the zero time.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment is the inverse of milliseconds.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
