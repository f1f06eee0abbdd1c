package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"hubbub/handler/history"
)

const (
	exampleURL = "postgres://user:password@host:5432/name"
	// postgresConnections is how many a server has at most. One writes messages; the others read.
	postgresConnections = 8
	// postgresConnect is how long to wait for a connection.
	postgresConnect = 10 * time.Second
)

type postgresEngine struct {
	name string // of the database and where it is, for errors; without the password
	user string
	db   *sql.DB
}

func openPostgres(ctx context.Context, url string) (*Store, error) {
	config, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	config.ConnectTimeout = min(config.ConnectTimeout, postgresConnect)
	config.RuntimeParams["application_name"] = "hubbub"
	config.RuntimeParams["synchronous_commit"] = "on" // what Append has kept must survive, whatever the database's default
	e := &postgresEngine{
		name: fmt.Sprintf("database %q on %s", config.Database, net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))),
		user: config.User,
		db:   stdlib.OpenDB(*config),
	}
	e.db.SetMaxOpenConns(postgresConnections)
	e.db.SetMaxIdleConns(postgresConnections)
	s := &Store{engine: e, read: e.db, write: e.db}
	if err := e.setUp(ctx); err != nil {
		return nil, errors.Join(s.failed("open the database", err), s.Close())
	}
	return s, nil
}

// setUp checks that the database can hold any text, and brings its tables up to date: by one server at a time.
func (e *postgresEngine) setUp(ctx context.Context) error {
	var encoding string
	if err := e.db.QueryRowContext(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("%s has the encoding %s: make one with the encoding UTF8", e.name, encoding)
	}
	const period, attempts = 1, 300 // seconds
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(period, attempts))
	if err != nil {
		return err
	}
	return migrate(ctx, e.name, e.db, goose.DialectPostgres, "postgres", goose.WithSessionLocker(locker))
}

// insert is one statement, so that it is one transaction and takes one round trip.
func (e *postgresEngine) insert(ctx context.Context, messages []history.Message) error {
	const query = "WITH added AS (INSERT INTO messages (conversation, " + columns + ") " +
		"SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bool[], $8::text[], $9::bigint[]) " +
		"ON CONFLICT (id) DO NOTHING RETURNING mail) " +
		"UPDATE counters SET newest = greatest(newest, $10), prunable = least(prunable, $11), " +
		"messages = messages + (SELECT count(*) FROM added WHERE NOT mail)"
	n := len(messages)
	conversations, senders, recipients, texts := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	ids, from, to, at, mail := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]bool, n)
	for i := range messages {
		m := &messages[i]
		conversations[i], ids[i], texts[i], mail[i] = conversationOf(m), int64(m.ID), m.Text, m.Mail
		at[i] = int64(m.At)
		senders[i], from[i] = m.From.Name, m.From.Account
		recipients[i], to[i] = m.To.Name, m.To.Account
	}
	_, err := e.db.ExecContext(ctx, query, conversations, ids, senders, from, recipients, to, mail, texts, at,
		ids[n-1], ids[0])
	return err
}

func (e *postgresEngine) explain(err error) error {
	var failure *pgconn.PgError
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &failure):
		if advice := e.advice(failure.Code); advice != "" {
			return fmt.Errorf("%s %s (%w)", e.name, advice, err)
		}
	case errors.As(err, &connect):
		return fmt.Errorf("%s can't be reached: is PostgreSQL running there, and is the address right? (%w)", e.name, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s does not answer in time: look at its load, its locks and the network to it (%w)", e.name, err)
	}
	return err
}

// advice is what PostgreSQL's codes mean. They are those of the SQL standard, and its own.
func (e *postgresEngine) advice(code string) string {
	switch code {
	case "28P01", "28000": // invalid_password, invalid_authorization_specification
		return fmt.Sprintf("does not let user %q in: check user and password in the URL, and the server's pg_hba.conf", e.user)
	case "3D000": // invalid_catalog_name
		return "is not there: make it with CREATE DATABASE, or correct the name in the URL"
	case "42501": // insufficient_privilege
		return fmt.Sprintf("does not let user %q make or change its tables: make the user its owner", e.user)
	case "53100": // disk_full
		return "can't grow because its disk is full: free some space"
	case "53300": // too_many_connections
		return "has no connection left: raise max_connections"
	case "57P01", "57P02", "57P03": // admin_shutdown, crash_shutdown, cannot_connect_now
		return "is shutting down or starting: it will be used again when it is back"
	case "25006": // read_only_sql_transaction
		return "can only be read: connect to the primary server"
	}
	return ""
}

func (e *postgresEngine) checkpoint(context.Context) error { return nil } // PostgreSQL does so by itself
