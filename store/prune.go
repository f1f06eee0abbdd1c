package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hubbub/codec"
	"hubbub/handler/history"
)

// pruneScan is how many times as many messages as may be removed are looked through, because others wait between them.
const pruneScan = 8

// Prune implements history.Store. Where there is nothing to remove it only reads.
func (s *Store) Prune(ctx context.Context, keep history.Retention, limit int) (pruned int, more bool, err error) {
	const due = "SELECT (SELECT messages FROM counters) > $1 OR EXISTS (SELECT 1 FROM messages WHERE id < $2)"
	count := keep.Count
	if count == 0 {
		count = 1<<63 - 1
	}
	var anything bool
	err = s.read.QueryRowContext(ctx, due, count, number(keep.From)).Scan(&anything)
	if err != nil || !anything || limit <= 0 {
		return 0, anything, s.failed("look for old messages", err)
	}
	err = s.change(ctx, "remove old messages", true, func(tx *sql.Tx) error {
		var messages, prunable int64
		if err := tx.QueryRowContext(ctx, "SELECT messages, prunable FROM counters").Scan(&messages, &prunable); err != nil {
			return err
		}
		old, waited, err := pruneOld(ctx, tx, keep.From, limit)
		if err != nil {
			return err
		}
		pruned, more = old, old == limit
		if excess := messages - int64(old-waited) - count; !more && excess > 0 {
			n, short, err := pruneMany(ctx, tx, prunable, min(int64(limit-old), excess))
			if err != nil {
				return err
			}
			pruned, more = old+n, short || old+n == limit
		}
		return s.pruneLists(ctx, tx)
	})
	if err != nil {
		return 0, false, err
	}
	return pruned, more, nil
}

// pruneOld removes up to limit of the messages with lower ids than from, and returns how many they were, and how many of
// them waited.
func pruneOld(ctx context.Context, tx *sql.Tx, from codec.ID, limit int) (removed, waited int, err error) {
	const query = "SELECT coalesce(max(id), 0), count(*), count(CASE WHEN mail <> 0 THEN 1 END) FROM " +
		"(SELECT id, mail FROM messages WHERE id < $1 ORDER BY id LIMIT $2) AS oldest"
	var upTo int64
	if err := tx.QueryRowContext(ctx, query, number(from), limit).Scan(&upTo, &removed, &waited); err != nil || removed == 0 {
		return 0, 0, err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM messages WHERE id <= $1", upTo); err != nil {
		return 0, 0, err
	}
	const note = "UPDATE counters SET messages = messages - $1, aged = CASE WHEN aged < $2 THEN $2 ELSE aged END, " +
		"removed = CASE WHEN removed < $2 THEN $2 ELSE removed END"
	_, err = tx.ExecContext(ctx, note, removed-waited, upTo)
	return removed, waited, err
}

// pruneMany removes the oldest n messages that don't wait, of those from an id on. short says that it found fewer among those that
// it looked through. The id is no subquery, because SQLite deletes in one pass only without one.
func pruneMany(ctx context.Context, tx *sql.Tx, from, n int64) (removed int, short bool, err error) {
	scan := max(n*pruneScan, 1000)
	// The window is numbered by counting what doesn't wait, so that one statement tells where the n-th is.
	const window = "SELECT id, mail, sum(CASE WHEN mail = 0 THEN 1 ELSE 0 END) OVER (ORDER BY id) AS place FROM " +
		"(SELECT id, mail FROM messages WHERE id >= $3 ORDER BY id LIMIT $1) AS oldest"
	const query = "SELECT coalesce(max(CASE WHEN place <= $2 AND mail = 0 THEN id END), 0), " +
		"coalesce(max(CASE WHEN place < $2 OR place = $2 AND mail = 0 THEN id END), 0), " +
		"count(CASE WHEN place <= $2 AND mail = 0 THEN 1 END), count(*) FROM (" + window + ") AS placed"
	// Nearly always few wait, and the n-th is found without a look at the others.
	const nth = "SELECT id FROM (SELECT id, mail FROM messages WHERE id >= $3 ORDER BY id LIMIT $1) AS oldest " +
		"WHERE mail = 0 ORDER BY id LIMIT 1 OFFSET $2"
	var upTo, seen, found, looked int64
	switch err := tx.QueryRowContext(ctx, nth, scan, n-1, from).Scan(&upTo); {
	case err == nil:
		seen, found = upTo, n
	case !errors.Is(err, sql.ErrNoRows):
		return 0, false, err
	default:
		if err := tx.QueryRowContext(ctx, query, scan, n, from).Scan(&upTo, &seen, &found, &looked); err != nil {
			return 0, false, err
		}
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM messages WHERE id >= $1 AND id <= $2 AND mail = 0", from, upTo); err != nil {
		return 0, false, fmt.Errorf("beyond the number: %w", err)
	}
	const note = "UPDATE counters SET messages = messages - $1, removed = CASE WHEN removed < $2 THEN $2 ELSE removed END, " +
		"prunable = CASE WHEN prunable <= $3 THEN $3 + 1 ELSE prunable END"
	_, err = tx.ExecContext(ctx, note, found, upTo, seen)
	return int(found), found < n && looked == scan, err
}
