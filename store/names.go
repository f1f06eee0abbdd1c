package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"hubbub/handler/account"
)

const (
	// namesField and namesRecord end a column and a row of the text that Names has the database put together. No name has
	// control characters.
	namesField, namesRecord = "\x1f", "\x1e"
	namesColumns            = 6
)

// Names implements account.Store. A page is read as one text: to read a row of six columns costs SQLite's driver and package
// sql ten times what the database takes to find it.
func (s *Store) Names(ctx context.Context, after int64, limit int) (names []account.Registered, err error) {
	const query = "SELECT coalesce(string_agg(concat_ws($3, id, name, key, shape, shape_capitals, scripts), $4), '') " +
		"FROM (SELECT id, name, key, shape, shape_capitals, scripts FROM accounts WHERE id > $1 ORDER BY id LIMIT $2) AS page"
	var text string
	if err = s.read.QueryRowContext(ctx, query, after, max(limit, 0), namesField, namesRecord).Scan(&text); err == nil && text != "" {
		names, err = parseNames(text)
	}
	return names, s.failed("read the accounts' names", err)
}

// parseNames returns the accounts of a page.
func parseNames(text string) (names []account.Registered, err error) {
	names = make([]account.Registered, 0, 1+strings.Count(text, namesRecord))
	for row := range strings.SplitSeq(text, namesRecord) {
		var columns [namesColumns]string
		n := 0
		for column := range strings.SplitSeq(row, namesField) {
			if n < namesColumns {
				columns[n] = column
			}
			n++
		}
		id, err := strconv.ParseInt(columns[0], 10, 64)
		if err != nil || n != namesColumns {
			return nil, errors.Join(fmt.Errorf("%q is no account: its name may have control characters", row), err)
		}
		names = append(names, account.Registered{
			ID: id, Name: account.Name{Display: columns[1], Key: columns[2]},
			Look: account.Look{Shown: columns[3], Capitals: columns[4], Scripts: columns[5]},
		})
	}
	return names, nil
}
