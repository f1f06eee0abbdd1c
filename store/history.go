package store

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strconv"

	"hubbub/codec"
	"hubbub/handler/history"
)

// columns are those of a message that scanMessage reads.
const columns = "id, sender, sender_account, recipient, recipient_account, mail, text"

// Append implements history.Store.
func (s *Store) Append(ctx context.Context, messages []history.Message) error {
	if len(messages) == 0 {
		return nil
	}
	return s.failed("keep messages", s.insert(ctx, messages))
}

// Page implements history.Store.
func (s *Store) Page(ctx context.Context, c history.Conversation, before, after codec.ID, limit int) (
	page []history.Message, more bool, err error) {
	const between = "SELECT " + columns + " FROM messages WHERE conversation = $1 AND id > $2 AND id < $3 ORDER BY id "
	query := between + "DESC LIMIT $4"
	if after != 0 {
		query = between + "LIMIT $4"
	}
	if before == 0 {
		before = math.MaxInt64
	}
	limit = max(limit, 0)
	page, err = collect(ctx, s.read, scanMessage, query, conversation(c.A, c.B), number(after), number(before), limit+1)
	if err != nil {
		return nil, false, s.failed("read a page of history", err)
	}
	if more = len(page) > limit; more { // the one too many only shows that there is one
		page = page[:limit]
	}
	if after == 0 {
		slices.Reverse(page)
	}
	return page, more, nil
}

// Missed implements history.Store. It passes over what the reader said, so long runs of that cost time and no memory.
func (s *Store) Missed(ctx context.Context, reader history.Party, after codec.ID, limit int) ([]history.Message, error) {
	const query = "SELECT * FROM (SELECT " + columns + " FROM messages " +
		"WHERE conversation = '' AND id > $1 AND sender <> $2 ORDER BY id LIMIT $4) AS public " +
		"UNION ALL SELECT * FROM (SELECT " + columns + " FROM messages " +
		"WHERE recipient_account = $3 AND recipient_account <> 0 AND id > $1 ORDER BY id LIMIT $4) AS whispers " +
		"ORDER BY id LIMIT $4"
	missed, err := collect(ctx, s.read, scanMessage, query, number(after), reader.Name, reader.Account, max(limit, 0))
	return missed, s.failed("read what was missed", err)
}

// Mail implements history.Store.
func (s *Store) Mail(ctx context.Context, account int64, after codec.ID, limit int) ([]history.Message, error) {
	const query = "SELECT " + columns + " FROM messages WHERE recipient_account = $1 AND mail AND id > $2 " +
		"ORDER BY id LIMIT $3"
	mail, err := collect(ctx, s.read, scanMessage, query, account, number(after), max(limit, 0))
	return mail, s.failed("read whispers that wait", err)
}

// Delivered implements history.Store.
func (s *Store) Delivered(ctx context.Context, account int64, upTo codec.ID) error {
	_, err := s.write.ExecContext(ctx, "UPDATE messages SET mail = false WHERE recipient_account = $1 AND mail AND id <= $2",
		account, number(upTo))
	return s.failed("note that whispers were delivered", err)
}

// Bounds implements history.Store.
func (s *Store) Bounds(ctx context.Context) (newest, removed codec.ID, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT newest, removed FROM counters").Scan(&newest, &removed)
	return newest, removed, s.failed("read the bounds of the history", err)
}

// Prune implements history.Store. What is beyond an age and what is beyond a number are both the oldest messages, so the
// longer of the two runs is what goes.
func (s *Store) Prune(ctx context.Context, keep history.Retention, limit int) (pruned int, err error) {
	const last = "SELECT coalesce(max(id), 0) FROM (SELECT id FROM messages WHERE id < $1 ORDER BY id LIMIT $2) AS oldest"
	err = s.change(ctx, "remove old messages", func(tx *sql.Tx) error {
		var count, tooOld, tooMany int64
		// An update and no select: it keeps others from pruning and counting until this is done.
		if err := tx.QueryRowContext(ctx, "UPDATE counters SET messages = messages RETURNING messages").Scan(&count); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, last, number(keep.From), max(limit, 0)).Scan(&tooOld); err != nil {
			return err
		}
		if excess := count - keep.Count; keep.Count > 0 && excess > 0 {
			err := tx.QueryRowContext(ctx, last, math.MaxInt64, max(min(int64(limit), excess), 0)).Scan(&tooMany)
			if err != nil {
				return err
			}
		}
		upTo := max(tooOld, tooMany)
		if upTo == 0 {
			return nil
		}
		n, err := remove(ctx, tx, "id <= $1", upTo)
		if err != nil {
			return err
		}
		pruned = int(n)
		_, err = tx.ExecContext(ctx, "UPDATE counters SET removed = $1 WHERE removed < $1", upTo)
		return err
	})
	if err != nil {
		return 0, err
	}
	return pruned, nil
}

// remove deletes the messages for which a condition holds, counts them off, and returns how many they were.
func remove(ctx context.Context, tx *sql.Tx, condition string, arg any) (int64, error) {
	result, err := tx.ExecContext(ctx, "DELETE FROM messages WHERE "+condition, arg)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	if err != nil || n == 0 {
		return n, err
	}
	_, err = tx.ExecContext(ctx, "UPDATE counters SET messages = messages - $1", n)
	return n, err
}

func scanMessage(r row) (m history.Message, err error) {
	err = r.Scan(&m.ID, &m.From.Name, &m.From.Account, &m.To.Name, &m.To.Account, &m.Mail, &m.Text)
	return m, err
}

// conversation names what two parties whisper, in either direction: an account by its number, a guest by the name in
// quotes, which no name can look like two of. What is said to everybody is in the conversation without a name.
func conversation(a, b history.Party) string {
	if (a == history.Party{} && b == history.Party{}) {
		return ""
	}
	first, second := side(a), side(b)
	if second < first {
		first, second = second, first
	}
	return first + " " + second
}

func side(p history.Party) string {
	if p.Account != 0 {
		return strconv.FormatInt(p.Account, 10)
	}
	return strconv.Quote(p.Name)
}

// conversationOf is the name of the conversation in which a message was said.
func conversationOf(m *history.Message) string {
	if m.Public() {
		return ""
	}
	return conversation(m.From, m.To)
}

// number is an id as the databases know numbers. Clients may ask for any; those beyond what fits are after all messages.
func number(id codec.ID) int64 { return int64(min(id, math.MaxInt64)) }
