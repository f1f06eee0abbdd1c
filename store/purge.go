package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"hubbub/codec"
	"hubbub/handler/history"
)

// purgeScan is how many messages are looked through at a time. What matches among them is removed in one transaction, which
// is long enough that the disk's time for a commit does not count, and short enough that an interrupt is heeded at once.
const purgeScan = 500

// CountMatching returns how many messages match. It only reads.
func (s *Store) CountMatching(ctx context.Context, matches func(*history.Message) bool) (n int64, err error) {
	err = s.matching(ctx, matches, func(ids []codec.ID) error {
		n += int64(len(ids))
		return nil
	})
	return n, err
}

// Purge removes the messages that match, those that wait for an account's login too, and returns how many: what was removed
// before an error stays removed, and is counted. Unlike Prune it leaves Bounds as they are, so that no client is told a gap:
// what is removed must be missed by nobody. It must have the history for itself, as a Store of OpenExclusive has, because a
// server has the latest messages in memory and would go on sending them.
func (s *Store) Purge(ctx context.Context, matches func(*history.Message) bool) (removed int64, err error) {
	err = s.matching(ctx, matches, func(ids []codec.ID) error {
		n, err := s.remove(ctx, ids)
		removed += int64(n)
		return err
	})
	return removed, err
}

// matching calls do with the ids of the messages that match, up to purgeScan at a time, oldest first.
func (s *Store) matching(ctx context.Context, matches func(*history.Message) bool, do func([]codec.ID) error) error {
	const query = "SELECT " + columns + " FROM messages WHERE id > $1 ORDER BY id LIMIT $2"
	for after := codec.ID(0); ; {
		page, err := collect(ctx, s.read, scanMessage, query, number(after), purgeScan)
		if err != nil {
			return s.failed("look through the messages", err)
		}
		var ids []codec.ID
		for i := range page {
			if matches(&page[i]) {
				ids = append(ids, page[i].ID)
			}
		}
		if len(ids) > 0 {
			if err := do(ids); err != nil {
				return err
			}
		}
		if len(page) < purgeScan {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// purgeQuery removes up to purgeScan messages, and returns for each whether it waited for an account's login.
var purgeQuery = func() string {
	ids := make([]string, purgeScan)
	for i := range ids {
		ids[i] = "$" + strconv.Itoa(i+1)
	}
	return "DELETE FROM messages WHERE id IN (" + strings.Join(ids, ", ") + ") RETURNING mail"
}()

// remove removes messages and counts them off. Some may be gone: hubbub user remove takes whispers that wait.
func (s *Store) remove(ctx context.Context, ids []codec.ID) (removed int, err error) {
	args := make([]any, purgeScan)
	for i := range args {
		args[i] = number(ids[min(i, len(ids)-1)])
	}
	err = s.change(ctx, "remove messages", true, func(tx *sql.Tx) error {
		mail, err := collect(ctx, tx, scanMail, purgeQuery, args...)
		if err != nil {
			return err
		}
		counted := 0
		for _, waited := range mail {
			if !waited {
				counted++
			}
		}
		removed = len(mail)
		_, err = tx.ExecContext(ctx, "UPDATE counters SET messages = messages - $1", counted)
		return err
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}

func scanMail(r row) (mail bool, err error) {
	var account int64
	err = r.Scan(&account)
	return account != 0, err
}
