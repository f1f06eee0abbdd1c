package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"

	"hubbub/codec"
	"hubbub/handler/history"
)

// Append implements history.Store. When it is fenced, another server has the lease, and none of the messages is kept.
func (s *Store) Append(ctx context.Context, messages []history.Message) error {
	if len(messages) == 0 {
		return nil
	}
	s.recent.appending.Lock()
	defer s.recent.appending.Unlock()
	if err := s.refresh(ctx); err != nil {
		return s.failed("keep messages", err)
	}
	if err := s.writeLists(ctx); err != nil {
		return err
	}
	epoch := s.epoch()
	err := s.retry(ctx, func() error { return s.insert(ctx, epoch, messages) })
	if s.kind(err) == duplicate {
		err = s.complete(ctx, messages)
	}
	if err != nil {
		return s.failed("keep messages", err)
	}
	return s.relist(ctx, s.recent.add(messages))
}

// complete keeps those messages that are not there yet, when those that are there are the same: then an Append is
// repeated whose outcome was unknown. A whisper may have been delivered since.
func (s *Store) complete(ctx context.Context, messages []history.Message) error {
	const query = "SELECT " + columns + " FROM messages WHERE id >= $1 AND id <= $2 ORDER BY id"
	first, last := messages[0].ID, messages[len(messages)-1].ID
	return s.change(ctx, "repeat an append", true, func(tx *sql.Tx) error {
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

// pageIDs is how many ids are looked up at least: some of their messages may have been removed.
const pageIDs = 64

// Page implements history.Store.
func (s *Store) Page(ctx context.Context, of []history.Conversation, before, after codec.ID, limit int) (page history.Page, err error) {
	err = s.again(ctx, func() (err error) {
		page, err = s.page(ctx, of, before, after, limit)
		return err
	})
	return page, s.failed("read a page of history", err)
}

// again reads once more when the database went away in the middle: a read takes several queries, and the next connection may lead to
// a database that is there.
func (s *Store) again(ctx context.Context, read func() error) error {
	err := read()
	if err != nil && s.kind(err) == passing && ctx.Err() == nil {
		err = read()
	}
	return err
}

func (s *Store) page(ctx context.Context, of []history.Conversation, before, after codec.ID, limit int) (page history.Page, err error) {
	lists := make([]string, len(of))
	for i, c := range of {
		lists[i] = conversation(c.A, c.B)
	}
	if err := s.refresh(ctx); err != nil {
		return history.Page{}, err
	}
	p, err := s.spanOf(ctx, lists, before, after, after == 0)
	if err != nil {
		return history.Page{}, err
	}
	limit = max(limit, 0)
	direction := "ASC"
	if p.down {
		direction = "DESC"
	}
	for {
		n := max(limit+1-len(page.Messages), pageIDs) // the one too many only shows that there is one
		ids, err := s.ids(ctx, lists, p, n)
		if err != nil {
			return history.Page{}, err
		}
		read, err := s.rows(ctx, ids, direction) // at last, so that it knows of what was missing
		if err != nil {
			return history.Page{}, err
		}
		page.Messages, page.Removed = append(page.Messages, read.Messages...), read.Removed
		if len(ids) < n || len(page.Messages) > limit {
			break
		}
		p = p.goOn(ids)
	}
	if page.More = len(page.Messages) > limit; page.More {
		page.Messages = page.Messages[:limit]
	}
	if p.down {
		slices.Reverse(page.Messages)
	}
	return page, nil
}

// spanOf returns the part of lists that a page is of.
func (s *Store) spanOf(ctx context.Context, lists []string, before, after codec.ID, down bool) (span, error) {
	p := span{after: min(after, math.MaxInt64), before: min(before, math.MaxInt64), down: down}
	if before == 0 {
		p.before = math.MaxInt64
	}
	floor, public, err := s.floor(ctx)
	if !slices.ContainsFunc(lists, func(list string) bool { return list != lobbyList }) {
		floor = public
	}
	p.after = max(p.after, floor-1)
	return p, err
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
	// scanGrowth is how many times as many messages are looked through when the reader said all of those before.
	scanGrowth = 4
	// scanMax is how many are looked through at most: a few milliseconds' work, whatever there is.
	scanMax = 4096
)

// Missed implements history.Store. Of messages that the reader said it passes over scanMax at a time.
func (s *Store) Missed(ctx context.Context, reader history.Party, after codec.ID, limit int) (history.Missed, error) {
	var missed history.Missed
	err := s.again(ctx, func() (err error) {
		missed, err = s.missed(ctx, reader, after, max(limit, 0))
		return err
	})
	return missed, s.failed("read what was missed", err)
}

func (s *Store) missed(ctx context.Context, reader history.Party, after codec.ID, limit int) (history.Missed, error) {
	if err := s.refresh(ctx); err != nil {
		return history.Missed{}, err
	}
	lists := []string{lobbyList}
	if reader.Account != 0 {
		lists = append(lists, receivedList(reader.Account))
	}
	p, err := s.spanOf(ctx, lists, 0, after, false)
	if err != nil {
		return history.Missed{}, err
	}
	for scan := max(limit, 1); ; scan *= scanGrowth {
		scan = min(scan, max(scanMax, limit))
		ids, err := s.ids(ctx, lists, p, scan)
		if err != nil {
			return history.Missed{}, err
		}
		missed, err := s.rows(ctx, ids, "ASC")
		if err != nil {
			return history.Missed{}, err
		}
		if len(ids) == scan {
			missed.Next = ids[scan-1]
		}
		missed.Messages = slices.DeleteFunc(missed.Messages, func(m history.Message) bool { return !m.For(reader) })
		if n := len(missed.Messages); n > 0 || missed.Next == 0 || scan >= scanMax {
			missed.Messages = missed.Messages[:min(n, limit)]
			return filled(missed, after, limit), nil
		}
	}
}

// Mail implements history.Store.
func (s *Store) Mail(ctx context.Context, account int64, after codec.ID, limit int) (history.Missed, error) {
	const query = "SELECT " + columns + " FROM messages WHERE mail = $1 AND mail <> 0 AND id > $2 ORDER BY id LIMIT $3"
	mail, err := s.part(ctx, "aged", query, "ASC", account, number(after), max(limit, 0))
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

// rows reads those messages of some ids that are still there, with counters.removed.
func (s *Store) rows(ctx context.Context, ids []codec.ID, direction string) (history.Missed, error) {
	condition, parameter := s.oneOf(ids)
	return s.part(ctx, "removed", "SELECT "+columns+" FROM messages WHERE id "+condition, direction, parameter)
}

// part reads messages together with one of the counters, in one statement, so that both are of one moment.
func (s *Store) part(ctx context.Context, counter, query, direction string, args ...any) (part history.Missed, err error) {
	query = "SELECT counters." + counter + ", coalesce(m.id, 0), coalesce(m.parties, ''), coalesce(m.text, ''), coalesce(m.at, 0), " +
		"coalesce(m.mail, 0) FROM counters LEFT JOIN (" + query + ") AS m ON true ORDER BY m.id " + direction
	part.Messages, err = collect(ctx, s.read, func(row row) (history.Message, error) {
		var r record
		if err := row.Scan(&part.Removed, &r.id, &r.parties, &r.text, &r.at, &r.mail); err != nil {
			return history.Message{}, err
		}
		return r.message()
	}, query, args...)
	if err != nil {
		return history.Missed{}, err
	}
	if part.Messages[0].ID == 0 { // the counters' row stands alone
		part.Messages = nil
	}
	return part, nil
}

// Delivered implements history.Store. What waits no more counts like any other message.
func (s *Store) Delivered(ctx context.Context, account int64, upTo codec.ID) error {
	const waiting = "mail = $1 AND mail <> 0 AND id <= $2"
	return s.change(ctx, "note that whispers were delivered", true, func(tx *sql.Tx) error {
		var first *int64
		err := tx.QueryRowContext(ctx, "SELECT min(id) FROM messages WHERE "+waiting, account, number(upTo)).Scan(&first)
		if err != nil || first == nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "UPDATE messages SET mail = 0 WHERE "+waiting, account, number(upTo))
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

// conversation names what two parties whisper, in either direction: an account by its number, a guest by the name's
// key in quotes, which no name can look like two of. What is said to everybody is in the conversation without a name.
func conversation(a, b history.Party) string { return string(appendConversation(nil, &a, &b)) }

// appendConversation appends the name of a conversation to dst.
func appendConversation(dst []byte, a, b *history.Party) []byte {
	if (*a == history.Party{} && *b == history.Party{}) {
		return dst
	}
	var one, other [64]byte
	first, second := appendSide(one[:0], a), appendSide(other[:0], b)
	if bytes.Compare(second, first) < 0 {
		first, second = second, first
	}
	return append(append(append(dst, first...), ' '), second...)
}

func appendSide(dst []byte, p *history.Party) []byte {
	if p.Account != 0 {
		return strconv.AppendInt(dst, p.Account, 10)
	}
	return strconv.AppendQuote(dst, p.Compared())
}

// appendConversationOf appends the name of the conversation in which a message was said to dst.
func appendConversationOf(dst []byte, m *history.Message) []byte {
	if m.Public() {
		return dst
	}
	return appendConversation(dst, &m.From, &m.To)
}

// conversationOf is the name of the conversation in which a message was said.
func conversationOf(m *history.Message) string { return string(appendConversationOf(nil, m)) }

// number is an id as the databases know numbers. Clients may ask for any; those beyond what fits are after all messages.
func number(id codec.ID) int64 { return int64(min(id, math.MaxInt64)) }
