package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"hubbub/codec"
	"hubbub/handler/history"
)

// reservation is up to which id ids are reserved with a message.
func reservation(id int64) int64 {
	return min(id, math.MaxInt64-int64(history.Reserve)) + int64(history.Reserve)
}

// State returns what a server goes on from that begins to use the database.
func (s *Store) State(ctx context.Context) (state history.State, err error) {
	const query = "SELECT CASE WHEN newest > reserved THEN newest ELSE reserved END, noted, " +
		"coalesce((SELECT id FROM messages ORDER BY id DESC LIMIT 1), 0), " +
		"coalesce((SELECT at FROM messages ORDER BY id DESC LIMIT 1), 0) FROM counters"
	var noted int64
	var last codec.ID
	var at uint64
	if err := s.read.QueryRowContext(ctx, query).Scan(&state.Newest, &noted, &last, &at); err != nil {
		return history.State{}, s.failed("read what to go on from", err)
	}
	state.Noted = moment(noted)
	if last != 0 {
		state.Last = last.TimeOf(at)
	}
	return state, nil
}

// Note keeps what a server goes on from, in one transaction.
func (s *Store) Note(ctx context.Context, note history.Note) error {
	return s.change(ctx, "note the time and reserve message ids", true, func(tx *sql.Tx) error {
		const query = "UPDATE counters SET reserved = CASE WHEN reserved < $1 THEN $1 ELSE reserved END, " +
			"noted = CASE WHEN CAST($2 AS bigint) <> 0 THEN CAST($2 AS bigint) ELSE noted END RETURNING newest"
		var newest int64
		now := milliseconds(note.At)
		if err := tx.QueryRowContext(ctx, query, number(note.Reserved), now).Scan(&newest); err != nil || now == 0 {
			return err
		}
		var id, at int64
		err := tx.QueryRowContext(ctx, "SELECT id, at FROM marks ORDER BY id DESC LIMIT 1").Scan(&id, &at)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if newest <= id || 0 <= now-at && now-at < note.Every.Milliseconds() {
			return nil
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO marks (id, at) VALUES ($1, $2)", newest, now)
		return err
	})
}

// Release gives back the ids above the newest that was given, if they are reserved up to where this server reserved them:
// then no other one has done so since.
func (s *Store) Release(ctx context.Context, reserved, given codec.ID) error {
	return s.change(ctx, "give back reserved message ids", true, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE counters SET reserved = $2 WHERE reserved = $1", number(reserved), number(given))
		return err
	})
}

// Cutoff returns the id below which messages are older than a time. Marks tell: what was said before one that is older
// than that is older too, whatever its own id says. From before the first mark only ids tell. Marks that are needed no
// more are removed, unless another server has the lease: then the error is a history.ErrFenced.
func (s *Store) Cutoff(ctx context.Context, before time.Time) (codec.ID, error) {
	const query = "SELECT coalesce((SELECT max(id) FROM marks WHERE at < $1), 0), coalesce((SELECT min(id) FROM marks), $2)"
	var marked, first int64
	if err := s.read.QueryRowContext(ctx, query, before.UnixMilli(), math.MaxInt64-1).Scan(&marked, &first); err != nil {
		return 0, s.failed("find the oldest message to be kept", err)
	}
	if marked == 0 {
		return min(codec.MakeID(codec.TickAt(before), 0), codec.ID(first)+1), nil
	}
	if first < marked {
		err := s.change(ctx, "remove old marks", true, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "DELETE FROM marks WHERE id < $1", marked)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return codec.ID(marked) + 1, nil
}
