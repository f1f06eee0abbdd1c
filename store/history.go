package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"hubbub/codec"
	"hubbub/handler/history"
)

// columns are those of a message.
const columns = "id, sender, sender_account, recipient, recipient_account, mail, text, at, sender_key, recipient_key"

// Append implements history.Store. When it is fenced, another server has the lease, and none of the messages is kept.
func (s *Store) Append(ctx context.Context, messages []history.Message) error {
	if len(messages) == 0 {
		return nil
	}
	epoch := s.epoch()
	err := s.retry(ctx, func() error { return s.insert(ctx, epoch, messages) })
	if s.kind(err) == duplicate {
		return s.complete(ctx, messages)
	}
	return s.failed("keep messages", err)
}

// complete keeps those messages that are not there yet, when those that are there are the same: then an Append is
// repeated whose outcome was unknown. A whisper may have been delivered since.
func (s *Store) complete(ctx context.Context, messages []history.Message) error {
	const query = "SELECT " + columns + " FROM messages WHERE id >= $1 AND id <= $2 ORDER BY id"
	first, last := messages[0].ID, messages[len(messages)-1].ID
	return s.change(ctx, "keep messages", true, func(tx *sql.Tx) error {
		there, err := collect(ctx, tx, scanMessage, query, number(first), number(last))
		if err != nil {
			return err
		}
		var missing []history.Message
		for _, m := range messages {
			i, found := slices.BinarySearchFunc(there, m.ID, func(m history.Message, id codec.ID) int { return cmp.Compare(m.ID, id) })
			if !found {
				missing = append(missing, m)
				continue
			}
			if kept := there[i]; kept != m {
				m.Mail = false
				if kept != m {
					return fmt.Errorf("message %d: %w", m.ID, history.ErrConflict)
				}
			}
		}
		if len(missing) > 0 {
			if err := s.add(ctx, tx, missing); err != nil {
				return err
			}
		}
		const count = "UPDATE counters SET messages = messages + $1, newest = CASE WHEN newest < $2 THEN $2 ELSE newest END, " +
			"prunable = CASE WHEN prunable > $3 THEN $3 ELSE prunable END, reserved = CASE WHEN reserved < $4 THEN $4 ELSE reserved END"
		_, err = tx.ExecContext(ctx, count, counted(missing), number(last), number(first), reservation(number(last)))
		return err
	})
}

// counted is how many messages count: those that don't wait.
func counted(messages []history.Message) (n int) {
	for i := range messages {
		if !messages[i].Mail {
			n++
		}
	}
	return n
}

// Page implements history.Store. It is one statement, and so one moment of the database.
func (s *Store) Page(ctx context.Context, of []history.Conversation, before, after codec.ID, limit int) (history.Page, error) {
	const part = "SELECT * FROM (SELECT " + columns + " FROM messages WHERE conversation = $%d AND id > $1 AND id < $2 ORDER BY id %s LIMIT $3) AS part%d"
	direction := "DESC"
	if after != 0 {
		direction = "ASC"
	}
	if before == 0 {
		before = math.MaxInt64
	}
	limit = max(limit, 0)
	var parts []string
	args := []any{number(after), number(before), limit + 1} // the one too many only shows that there is one
	for i, c := range of {
		args = append(args, conversation(c.A, c.B))
		parts = append(parts, fmt.Sprintf(part, len(args), direction, i))
	}
	query := strings.Join(parts, " UNION ALL ") + " ORDER BY id " + direction + " LIMIT $3"
	read, err := s.part(ctx, "removed", wholeHistory, query, direction, args...)
	if err != nil {
		return history.Page{}, s.failed("read a page of history", err)
	}
	page := history.Page{Messages: read.Messages, Removed: read.Removed}
	if page.More = len(page.Messages) > limit; page.More {
		page.Messages = page.Messages[:limit]
	}
	if after == 0 {
		slices.Reverse(page.Messages)
	}
	return page, nil
}

// namesakesMax bounds how many accounts of one name are remembered in a conversation with it: each costs a look at an index.
const namesakesMax = 64

// Namesakes implements history.Store.
func (s *Store) Namesakes(ctx context.Context, key string) ([]int64, error) {
	const query = "SELECT id FROM accounts WHERE key = $1 UNION SELECT account FROM former_names WHERE name = $1 " +
		"ORDER BY 1 DESC LIMIT $2"
	ids, err := collect(ctx, s.read, func(r row) (id int64, err error) { return id, r.Scan(&id) }, query, key, namesakesMax)
	return ids, s.failed("find the accounts of a name", err)
}

const (
	// scanFirst is how many times as many messages as are wanted are looked through at first for those that others said.
	scanFirst = 4
	// scanMax is how many are looked through at most: a few milliseconds' work, whatever there is.
	scanMax = 4096
)

// senderKey is what the name of a message's sender is compared by.
const senderKey = "CASE sender_key WHEN '' THEN sender ELSE sender_key END"

// Missed implements history.Store. Of messages that the reader said it passes over scanMax at a time.
func (s *Store) Missed(ctx context.Context, reader history.Party, after codec.ID, limit int) (history.Missed, error) {
	// Where the public messages end that are looked through. Behind it nothing is returned, or whispers would come before
	// older messages.
	const end = "coalesce((SELECT id FROM messages WHERE conversation = '' AND id > $1 ORDER BY id LIMIT 1 OFFSET $5), " +
		wholeHistory + ")"
	const ordered = " AND id > $1 AND id <= (SELECT upto FROM bound) ORDER BY id LIMIT $4) AS "
	const query = "SELECT * FROM (SELECT " + columns + " FROM messages WHERE conversation = '' AND " + senderKey + " <> $2" + ordered +
		"public UNION ALL SELECT * FROM (SELECT " + columns + " FROM messages " +
		"WHERE recipient_account = $3 AND recipient_account <> 0" + ordered + "whispers ORDER BY id LIMIT $4"
	limit = max(limit, 0)
	for scan := scanFirst * limit; ; scan *= scanFirst {
		scan = min(max(scan, 1), max(scanMax, limit))
		missed, err := s.part(ctx, "removed", end, query, "ASC", number(after), reader.Compared(), reader.Account, limit, scan-1)
		if err != nil {
			return history.Missed{}, s.failed("read what was missed", err)
		}
		if n := len(missed.Messages); n == limit || n > 0 || missed.Next == 0 || scan >= scanMax {
			return filled(missed, after, limit), nil
		}
	}
}

// Mail implements history.Store.
func (s *Store) Mail(ctx context.Context, account int64, after codec.ID, limit int) (history.Missed, error) {
	const query = "SELECT " + columns + " FROM messages WHERE recipient_account = $1 AND mail AND id > $2 " +
		"ORDER BY id LIMIT $3"
	mail, err := s.part(ctx, "aged", wholeHistory, query, "ASC", account, number(after), max(limit, 0))
	if err != nil {
		return history.Missed{}, s.failed("read whispers that wait", err)
	}
	return filled(mail, after, max(limit, 0)), nil
}

// filled says that another part follows one that has as many messages as were wanted.
func filled(part history.Missed, after codec.ID, limit int) history.Missed {
	switch n := len(part.Messages); {
	case n < limit:
	case n == 0:
		part.Next = after
	default:
		part.Next = part.Messages[n-1].ID
	}
	return part
}

// wholeHistory is the end of what is looked through where all of it is: above all ids.
const wholeHistory = "9223372036854775807"

// part reads messages together with one of the counters, and with where what the query looks through ends: in one
// statement, so that all of it is of one moment. The query may use that end as bound.upto. Next is 0 when it is wholeHistory.
func (s *Store) part(ctx context.Context, counter, end, query, direction string, args ...any) (part history.Missed, err error) {
	query = "WITH bound AS (SELECT " + counter + " AS removed, " + end + " AS upto FROM counters) " +
		"SELECT bound.removed, bound.upto, coalesce(m.id, 0), coalesce(m.sender, ''), coalesce(m.sender_account, 0), " +
		"coalesce(m.recipient, ''), coalesce(m.recipient_account, 0), coalesce(m.mail, false), coalesce(m.text, ''), " +
		"coalesce(m.at, 0), coalesce(m.sender_key, ''), coalesce(m.recipient_key, '') FROM bound LEFT JOIN (" + query + ") AS m ON true ORDER BY m.id " + direction
	part.Messages, err = collect(ctx, s.read, func(r row) (m history.Message, err error) {
		err = r.Scan(&part.Removed, &part.Next, &m.ID, &m.From.Name, &m.From.Account, &m.To.Name, &m.To.Account, &m.Mail,
			&m.Text, &m.At, &m.From.Key, &m.To.Key)
		return m, err
	}, query, args...)
	if err != nil {
		return history.Missed{}, err
	}
	if part.Messages[0].ID == 0 { // the counters' row stands alone
		part.Messages = nil
	}
	if part.Next == math.MaxInt64 {
		part.Next = 0
	}
	return part, nil
}

// Delivered implements history.Store. What waits no more counts like any other message.
func (s *Store) Delivered(ctx context.Context, account int64, upTo codec.ID) error {
	const waiting = "recipient_account = $1 AND mail AND id <= $2"
	return s.change(ctx, "note that whispers were delivered", true, func(tx *sql.Tx) error {
		var first *int64
		err := tx.QueryRowContext(ctx, "SELECT min(id) FROM messages WHERE "+waiting, account, number(upTo)).Scan(&first)
		if err != nil || first == nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "UPDATE messages SET mail = false WHERE "+waiting, account, number(upTo))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		const query = "UPDATE counters SET messages = messages + $1, prunable = CASE WHEN prunable > $2 THEN $2 ELSE prunable END"
		_, err = tx.ExecContext(ctx, query, n, *first)
		return err
	})
}

// Bounds implements history.Store.
func (s *Store) Bounds(ctx context.Context) (newest, removed codec.ID, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT newest, removed FROM counters").Scan(&newest, &removed)
	return newest, removed, s.failed("read the bounds of the history", err)
}

func scanMessage(r row) (m history.Message, err error) {
	err = r.Scan(&m.ID, &m.From.Name, &m.From.Account, &m.To.Name, &m.To.Account, &m.Mail, &m.Text, &m.At,
		&m.From.Key, &m.To.Key)
	return m, err
}

// conversation names what two parties whisper, in either direction: an account by its number, a guest by the name's
// key in quotes, which no name can look like two of. What is said to everybody is in the conversation without a name.
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
	return strconv.Quote(p.Compared())
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
