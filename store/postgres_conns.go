package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// trackedConn is one to PostgreSQL that can be closed under whoever uses it.
type trackedConn struct {
	net.Conn
	engine *postgresEngine
	server string // identity of the one at the other end; "" while it is being connected. engine.mu guards it.
}

// Close implements net.Conn.
func (c *trackedConn) Close() error {
	c.engine.mu.Lock()
	delete(c.engine.conns, c)
	c.engine.mu.Unlock()
	return c.Conn.Close()
}

func (e *postgresEngine) track(conn net.Conn) net.Conn {
	c := &trackedConn{Conn: conn, engine: e}
	e.mu.Lock()
	e.conns[c] = struct{}{}
	e.mu.Unlock()
	return c
}

// hangUp closes the connections to other servers than one, under those who wait for answers on them: they are not to be
// used any more, and may never answer.
func (e *postgresEngine) hangUp(server string) {
	e.mu.Lock()
	var others []*trackedConn
	for c := range e.conns {
		if c.server != "" && c.server != server {
			others = append(others, c)
		}
	}
	e.mu.Unlock()
	for _, c := range others {
		_ = c.Close()
	}
}

// settle prepares a new connection, and notes to which server it leads. One that leads elsewhere than the lock's makes that
// one doubtful.
func (e *postgresEngine) settle(ctx context.Context, conn *pgconn.PgConn) error {
	results, err := conn.Exec(ctx, postgresSettings+"; "+identityQuery).ReadAll()
	if err != nil {
		return err
	}
	server := string(results[len(results)-1].Rows[0][0])
	below := conn.Conn()
	if secure, ok := below.(interface{ NetConn() net.Conn }); ok {
		below = secure.NetConn()
	}
	e.mu.Lock()
	if c, ok := below.(*trackedConn); ok {
		c.server = server
	}
	elsewhere := e.server != "" && e.server != server
	e.mu.Unlock()
	if elsewhere {
		e.suspectServer()
	}
	return nil
}

// suspectServer has whoever watches the lock look at once whether its server is still the right one.
func (e *postgresEngine) suspectServer() {
	select {
	case e.suspect <- struct{}{}:
	default:
	}
}

// identityQuery returns what tells a server from any other, and from itself after a restart.
const identityQuery = "SELECT pg_postmaster_start_time()"

// identify asks the server at the other end for that.
func identify(ctx context.Context, conn *pgconn.PgConn) (string, error) {
	results, err := conn.Exec(ctx, identityQuery).ReadAll()
	if err != nil {
		return "", err
	}
	return string(results[0].Rows[0][0]), nil
}

// poolerError says that a pooler gives one client's connection to another between two transactions, or two statements.
type poolerError struct{ database, mode string }

// Error implements error.
func (e *poolerError) Error() string {
	return fmt.Sprintf("%s is behind a pooler in %s mode, which would take the server's lock and its prepared statements from "+
		"it: give the URL of a pool in session mode (PgBouncer: pool_mode=session), or PostgreSQL's own address", e.database, e.mode)
}

// poolerRounds is how often refusePooler tries to have a connection taken away: a pooler that others use as well may give
// the same one back by chance.
const poolerRounds = 5

// refusePooler finds out whether a transaction on one connection makes another one lose what is behind it. In a session of
// its own that never happens.
func (e *postgresEngine) refusePooler(ctx context.Context) error {
	first, err := e.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer first.Close()
	second, err := e.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer second.Close()
	for range poolerRounds {
		before, err := backendOf(ctx, first, "")
		if err != nil {
			return err
		}
		// It begins while the first one idles, so that a pooler hands it what is free.
		if _, err := backendOf(ctx, second, "BEGIN; "); err != nil {
			return e.statementPooler(err)
		}
		after, err := backendOf(ctx, first, "")
		if err != nil {
			return err
		}
		if _, err := backendOf(ctx, second, "COMMIT; "); err != nil {
			return e.statementPooler(err)
		}
		if before != after {
			return &poolerError{e.name, "transaction"}
		}
	}
	return nil
}

// statementPooler makes an error about a pooler's mode of a refused BEGIN.
func (e *postgresEngine) statementPooler(err error) error {
	var failure *pgconn.PgError
	if errors.As(err, &failure) && failure.Code == protocolViolation && strings.Contains(failure.Message, "statement") {
		return &poolerError{e.name, "statement"}
	}
	return err
}

// backendOf runs a statement and returns the process that answered, by the simple protocol: another one may have none of
// the statements that were prepared.
func backendOf(ctx context.Context, conn rawConn, statement string) (pid string, err error) {
	err = onWire(conn, func(wire *pgx.Conn) error {
		results, err := wire.PgConn().Exec(ctx, statement+"SELECT pg_backend_pid()").ReadAll()
		if err == nil {
			pid = string(results[len(results)-1].Rows[0][0])
		}
		return err
	})
	return pid, err
}

// rawConn is a *sql.Conn.
type rawConn interface {
	Raw(f func(driverConn any) error) error
}

// onWire calls f with what is below a connection of the pool.
func onWire(conn rawConn, f func(wire *pgx.Conn) error) error {
	return conn.Raw(func(driverConn any) error { return f(driverConn.(*stdlib.Conn).Conn()) })
}
