package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"hubbub/handler/account"
)

// accountColumns are those of an account that scanAccount reads.
const accountColumns = "id, name, hash, created, ban_until, ban_reason"

// revocationsMax is how many revocations are kept: far more than there are in the second that a server takes to look for
// them. Their number bounds them and not their age, since a clock that jumps would remove those that nobody has seen.
const revocationsMax = 10_000

// registered is why of the entry among the revocations that says that a name has become an account's.
const registered = "registered"

// Find implements account.Store. A text that no account can have as its name is not asked for: PostgreSQL refuses it,
// and SQLite would look.
func (s *Store) Find(ctx context.Context, name string) (account.Account, error) {
	if !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return account.Account{}, account.ErrUnknown
	}
	a, err := scanAccount(s.read.QueryRowContext(ctx, "SELECT "+accountColumns+" FROM accounts WHERE name = $1", name))
	return a, s.failed("find an account", known(err))
}

// Create implements account.Store. Times are kept to the millisecond.
func (s *Store) Create(ctx context.Context, name, hash string) (created account.Account, err error) {
	const query = "INSERT INTO accounts (name, hash, created) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING " +
		"RETURNING " + accountColumns
	err = s.change(ctx, "make an account", false, func(tx *sql.Tx) error {
		created, err = scanAccount(tx.QueryRowContext(ctx, query, name, hash, time.Now().UnixMilli()))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return account.ErrTaken
		case err != nil:
			return err
		}
		return announce(ctx, tx, created.ID, name, registered)
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

// SetPassword implements account.Store.
func (s *Store) SetPassword(ctx context.Context, name, hash string) error {
	return s.change(ctx, "set a password", false, func(tx *sql.Tx) error {
		const query = "UPDATE accounts SET hash = $2 WHERE name = $1 RETURNING id"
		return revoke(ctx, tx, name, "a new password", tx.QueryRowContext(ctx, query, name, hash))
	})
}

// SetBan implements account.Store. Times are kept to the millisecond.
func (s *Store) SetBan(ctx context.Context, name string, ban *account.Ban) error {
	const query = "UPDATE accounts SET ban_until = $2, ban_reason = $3 WHERE name = $1 RETURNING id"
	if ban == nil {
		err := s.retry(ctx, func() error {
			var id int64
			return s.write.QueryRowContext(ctx, query, name, nil, "").Scan(&id)
		})
		return s.failed("lift a ban", known(err))
	}
	return s.change(ctx, "ban an account", false, func(tx *sql.Tx) error {
		why := "banned"
		if ban.Reason != "" {
			why += ": " + ban.Reason
		}
		return revoke(ctx, tx, name, why, tx.QueryRowContext(ctx, query, name, milliseconds(ban.Until), ban.Reason))
	})
}

// Remove implements account.Store. The name is remembered for the history of those whom the account talked with.
func (s *Store) Remove(ctx context.Context, name string) error {
	return s.change(ctx, "remove an account", false, func(tx *sql.Tx) error {
		for _, query := range []string{
			"DELETE FROM messages WHERE recipient_account = (SELECT id FROM accounts WHERE name = $1) AND mail",
			"INSERT INTO former_names (name, account) SELECT name, id FROM accounts WHERE name = $1",
		} {
			if _, err := tx.ExecContext(ctx, query, name); err != nil {
				return err
			}
		}
		const query = "DELETE FROM accounts WHERE name = $1 RETURNING id"
		return revoke(ctx, tx, name, "removed", tx.QueryRowContext(ctx, query, name))
	})
}

// List implements account.Store.
func (s *Store) List(ctx context.Context, after string, limit int) ([]account.Account, error) {
	const query = "SELECT " + accountColumns + " FROM accounts WHERE name > $1 ORDER BY name LIMIT $2"
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

// revoke notes that the sessions of the account, whose id a statement returned, must end.
func revoke(ctx context.Context, tx *sql.Tx, name, why string, changed row) error {
	var id int64
	if err := changed.Scan(&id); err != nil {
		return known(err)
	}
	return announce(ctx, tx, id, name, why)
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
	if err := r.Scan(&a.ID, &a.Name, &a.Hash, &created, &until, &reason); err != nil {
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
	v.Registered = v.Why == registered
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
