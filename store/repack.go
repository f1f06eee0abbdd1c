package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"hubbub/codec"
	"hubbub/handler/history"
)

const (
	// repackVersion is the version of the tables with which messages are moved.
	repackVersion = 7
	// repackPart is how many messages are moved in a transaction. More make fuller blocks of the lists and take more
	// memory, some 100 bytes each, and more to do again when the server is killed.
	repackPart = 1 << 17
)

// moves is how messages are moved to tables of another form.
type moves struct {
	part int                    // so many in a transaction
	told func(moved, all int64) // how many of how many are moved, after each of them
}

// run moves the messages of messages_before, which has the columns of versions 1 to 6, to messages, and puts them into lists.
// What is moved is committed part by part, so whoever is killed goes on from there.
func (m moves) run(ctx context.Context, db *sql.DB) error {
	var moved, all int64 // those that wait are not counted
	const count = "SELECT (SELECT count(*) FROM messages), messages FROM counters"
	if err := db.QueryRowContext(ctx, count).Scan(&moved, &all); err != nil {
		return err
	}
	for {
		n, err := repackSome(ctx, db, m.part)
		if err != nil || n == 0 {
			return err
		}
		moved += int64(n)
		m.told(moved, max(moved, all))
	}
}

// repackSome moves the oldest messages in one transaction, and returns how many.
func repackSome(ctx context.Context, db *sql.DB, part int) (n int, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() // after a commit it does nothing
	type listing struct {
		id           codec.ID
		conversation string
		account      int64
	}
	scan := func(r row) (l listing, err error) { return l, r.Scan(&l.id, &l.conversation, &l.account) }
	const query = "SELECT id, conversation, recipient_account FROM messages_before ORDER BY id LIMIT $1"
	old, err := collect(ctx, tx, scan, query, part)
	if err != nil || len(old) == 0 {
		return 0, err
	}
	lists := make(map[string][]codec.ID)
	for _, l := range old {
		lists[l.conversation] = append(lists[l.conversation], l.id)
		if l.account != 0 {
			received := receivedList(l.account)
			lists[received] = append(lists[received], l.id)
		}
	}
	var w blockWriter
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		w.add(name, lists[name])
	}
	if err := w.write(ctx, tx); err != nil {
		return 0, err
	}
	last := number(old[len(old)-1].id)
	if _, err := tx.ExecContext(ctx, repackRows, last, partySeparator); err != nil {
		return 0, err
	}
	for _, query := range []string{"DELETE FROM messages_before WHERE id <= $1", "UPDATE counters SET listed = $1"} {
		if _, err := tx.ExecContext(ctx, query, last); err != nil {
			return 0, err
		}
	}
	return len(old), tx.Commit()
}

// repackRows copies messages up to an id, with their parties as encodeParties has them.
var repackRows = func() string {
	name := func(column string) string { return `replace(replace(` + column + `, '\', '\\'), $2, '\t')` }
	number := func(column string) string {
		return "CASE " + column + " WHEN 0 THEN '' ELSE CAST(" + column + " AS text) END"
	}
	fields := []string{
		name("sender"), number("sender_account"), name("sender_key"), name("recipient"), number("recipient_account"), name("recipient_key"),
	}
	return "INSERT INTO messages (" + columns + ") SELECT id, rtrim(" + strings.Join(fields, " || $2 || ") + ", $2), text, at, " +
		"CASE WHEN mail THEN recipient_account ELSE 0 END FROM messages_before WHERE id <= $1 ORDER BY id"
}()

// columnsBefore are those of a message in the versions 4 to 6.
const columnsBefore = "id, sender, sender_account, recipient, recipient_account, mail, text, at, sender_key, recipient_key"

func scanMessageBefore(r row) (m history.Message, err error) {
	err = r.Scan(&m.ID, &m.From.Name, &m.From.Account, &m.To.Name, &m.To.Account, &m.Mail, &m.Text, &m.At,
		&m.From.Key, &m.To.Key)
	return m, err
}
