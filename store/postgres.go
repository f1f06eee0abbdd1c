package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"hubbub/codec"
	"hubbub/handler/history"
)

const (
	exampleURL = "postgres://user:password@host:5432/name"
	// postgresConnections is how many a server has at most beside the one with its lock. One writes messages; the others
	// read.
	postgresConnections = 7
	// postgresConnect is how long to wait for a connection, postgresConnectNext where the URL names other servers to try.
	postgresConnect     = 10 * time.Second
	postgresConnectNext = 2 * time.Second
	// postgresLifetime is after how long a connection is made anew, so that none stays for good with a server to which
	// the URL does not lead any more.
	postgresLifetime = time.Minute
	// postgresSettings are what connections begin with, whatever the URL or the database says: what Append has kept must
	// survive, statements see what was committed before each of them, and a process that hangs in a transaction does not
	// stop its successor. They are no startup parameters, because a PgBouncer refuses those that it does not know.
	postgresSettings = "SET synchronous_commit = on; SET default_transaction_isolation = 'read committed'; " +
		"SET idle_in_transaction_session_timeout = '10s'"
)

type postgresEngine struct {
	name    string // of the database and where it is, for errors; without the password
	user    string
	config  *pgx.ConnConfig
	db      *sql.DB
	suspect chan struct{} // a server answered what one that may be written to does not

	leaseTimeout time.Duration // postgresLeaseTimeout; less in tests

	holder backend // that had the lock last; the watcher's

	mu        sync.Mutex
	conns     map[*trackedConn]struct{} // that are open
	server    string                    // identity of the one that the lock is on, "" without a lock
	suspected bool                      // it may not be the right one any more
}

func connectPostgres(url string) (*Store, error) {
	config, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	e := &postgresEngine{
		name: fmt.Sprintf("database %q on %s", config.Database, net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))),
		user: config.User, config: config, suspect: make(chan struct{}, 1), conns: map[*trackedConn]struct{}{},
		leaseTimeout: postgresLeaseTimeout,
	}
	e.configure(url)
	e.db = stdlib.OpenDB(*config)
	e.db.SetMaxOpenConns(postgresConnections)
	e.db.SetMaxIdleConns(postgresConnections)
	e.db.SetConnMaxLifetime(postgresLifetime)
	return &Store{engine: e, read: e.db, write: e.db, recentIDs: recentIDs, flushBlocks: flushBlocks, repackPart: repackPart}, nil
}

// configure sets how connections are made, and when they are not used any more.
func (e *postgresEngine) configure(url string) {
	config := e.config
	timeout := postgresConnect
	for _, next := range config.Fallbacks { // one with TLS and one without may be the same server
		if next.Host != config.Host || next.Port != config.Port {
			timeout = postgresConnectNext
		}
	}
	if config.ConnectTimeout == 0 || config.ConnectTimeout > timeout { // pgx's 0 is for ever
		config.ConnectTimeout = timeout
	}
	config.RuntimeParams["application_name"] = "hubbub"
	maps.DeleteFunc(config.RuntimeParams, func(name, _ string) bool {
		return name == "synchronous_commit" || name == "default_transaction_isolation"
	})
	if config.ValidateConnect == nil && !choosesServer(url) {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return e.track(conn), nil
	}
	config.AfterConnect = e.settle
	closes := config.OnPgError
	config.OnPgError = func(conn *pgconn.PgConn, failure *pgconn.PgError) bool {
		if leaves(failure.Code) {
			e.suspectServer()
			return false
		}
		return closes(conn, failure)
	}
}

// choosesServer reports whether a URL or the environment says which of several servers is wanted. That none does and that
// "any" will do look the same in what pgx makes of it.
func choosesServer(database string) bool {
	const name = "target_session_attrs"
	u, err := url.Parse(database)
	return err == nil && u.Query().Has(name) || os.Getenv("PGTARGETSESSIONATTRS") != ""
}

// reach checks that the database can hold any text, and that no pooler hands its connections round.
func (e *postgresEngine) reach(ctx context.Context) (version int64, err error) {
	if err := e.refusePooler(ctx); err != nil {
		return 0, err
	}
	var encoding string
	var table *string
	const query = "SELECT current_setting('server_encoding'), to_regclass('" + goose.DefaultTablename + "')::text"
	if err := e.db.QueryRowContext(ctx, query).Scan(&encoding, &table); err != nil {
		return 0, err
	}
	if encoding != "UTF8" {
		return 0, fmt.Errorf("%s has the encoding %s: make one with the encoding UTF8", e.name, encoding)
	}
	if table == nil {
		return 0, nil
	}
	if err := e.db.QueryRowContext(ctx, versionQuery).Scan(&version); err != nil {
		return 0, err
	}
	return version, tooNew(e.name, version, e.newest())
}

// migrate is for one server at a time; releases without a lease do the same.
func (e *postgresEngine) migrate(ctx context.Context, moves moves) error {
	const period, attempts = 1, 300 // seconds
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(period, attempts))
	if err != nil {
		return err
	}
	return migrate(ctx, e.name, e.db, goose.DialectPostgres, "postgres", moves, goose.WithSessionLocker(locker))
}

func (e *postgresEngine) prepare(context.Context) error { return nil } // each connection prepares what it is asked

// postgresRows adds messages, given as arrays.
const postgresRows = "INSERT INTO messages (" + columns + ") " +
	"SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])"

// insert is one statement, so that it is one transaction and takes one round trip. Before it adds the first message it has
// the row of counters locked and the epoch compared.
func (e *postgresEngine) insert(ctx context.Context, epoch int64, messages []history.Message) error {
	const query = "WITH counted AS (UPDATE counters SET newest = greatest(newest, $6), messages = messages + $7::bigint, " +
		"prunable = least(prunable, $8), reserved = greatest(reserved, $10) WHERE $9::bigint IN (0, epoch) RETURNING epoch) " + postgresRows + " WHERE EXISTS (SELECT FROM counted)"
	result, err := e.db.ExecContext(ctx, query, append(arrays(messages),
		number(messages[len(messages)-1].ID), counted(messages), number(messages[0].ID), epoch, reservation(number(messages[len(messages)-1].ID)))...)
	if err != nil {
		return err
	}
	if added, err := result.RowsAffected(); err != nil || added != 0 {
		return err
	}
	return history.ErrFenced
}

func (e *postgresEngine) add(ctx context.Context, tx *sql.Tx, messages []history.Message) error {
	_, err := tx.ExecContext(ctx, postgresRows, arrays(messages)...)
	return err
}

// arrays are the columns of messages, each in one argument.
func arrays(messages []history.Message) []any {
	n := len(messages)
	ids, at, mail := make([]int64, n), make([]int64, n), make([]int64, n)
	parties, texts := make([]string, n), make([]string, n)
	for i := range messages {
		m := &messages[i]
		ids[i], at[i], mail[i] = int64(m.ID), int64(m.At), waitsFor(m)
		parties[i], texts[i] = encodeParties(&m.From, &m.To), m.Text
	}
	return []any{ids, parties, texts, at, mail}
}

func (e *postgresEngine) forUpdate() string { return " FOR NO KEY UPDATE" }

func (e *postgresEngine) oneOf(ids []codec.ID) (condition string, parameter any) {
	numbers := make([]int64, len(ids))
	for i, id := range ids {
		numbers[i] = number(id)
	}
	return "= ANY ($1::bigint[])", numbers
}

func (e *postgresEngine) newest() int64 { return newestVersion("postgres") }

func (e *postgresEngine) misplaced() error { return nil } // its files are its own

func (e *postgresEngine) checkpoint(context.Context) error { return nil } // PostgreSQL does so by itself
