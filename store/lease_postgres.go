package store

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// postgresLock is the number of the advisory lock that the server holds, "hubb" in ASCII.
	postgresLock = 0x68756262
	// postgresLeaseTimeout is after how much silence the database ends the connection with the lock: a server that hangs
	// makes room. It is many watchIntervals.
	postgresLeaseTimeout = 10 * time.Second
	// postgresKeepTimeout is how long the database may take to answer on the lock's connection while it migrates tables,
	// which may keep its disks busy. After that the connection is taken for lost.
	postgresKeepTimeout = 30 * time.Second
)

// backend is the process of PostgreSQL behind a connection.
type backend struct{ pid, begun string }

// postgresHold is the advisory lock, which its connection holds. The connection has no other use, so that its end shows
// at once.
type postgresHold struct {
	engine *postgresEngine
	conn   *pgx.Conn
	net    net.Conn
	backend
}

const (
	// endedTries and endedInterval bound how long a backend that was told to end may take to give the lock up.
	endedTries    = 20
	endedInterval = 50 * time.Millisecond
)

// lockedQuery asks whether the lock is held by a process, or by any.
const lockedQuery = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = $1 AND " +
	"objsubid = 1 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"

func (e *postgresEngine) held(ctx context.Context) (held bool, err error) {
	err = e.db.QueryRowContext(ctx, lockedQuery+")", postgresLock).Scan(&held)
	return held, err
}

// lock takes the advisory lock on a connection of its own. A lock that this process itself still has, on a connection of
// whose end PostgreSQL has not heard, it takes from there.
func (e *postgresEngine) lock(ctx context.Context) (hold, error) {
	h, err := e.connectHold(ctx)
	if err != nil {
		return nil, err
	}
	const take = "SELECT pg_try_advisory_lock($1)"
	var taken bool
	if err = h.conn.QueryRow(ctx, take, postgresLock).Scan(&taken); err == nil && !taken && e.holder.pid != "" {
		const end = "SELECT coalesce(bool_or(pg_terminate_backend(pid)), false) FROM pg_stat_activity " +
			"WHERE pid = $1::text::int AND backend_start::text = $2"
		var ended bool
		err = h.conn.QueryRow(ctx, end, e.holder.pid, e.holder.begun).Scan(&ended)
		for range endedTries { // it was told to end, which takes it a moment
			if err != nil || !ended || taken {
				break
			}
			select {
			case <-time.After(endedInterval):
			case <-ctx.Done():
			}
			err = h.conn.QueryRow(ctx, take, postgresLock).Scan(&taken)
		}
	}
	if err != nil || !taken {
		h.close()
		return nil, err
	}
	server, err := identify(ctx, h.conn.PgConn())
	if err != nil {
		h.close()
		return nil, err
	}
	e.mu.Lock()
	moved := e.server != "" && e.server != server
	e.server, e.holder = server, h.backend
	e.mu.Unlock()
	if moved {
		e.hangUp(server)
	}
	return h, nil
}

// connectHold makes a connection that PostgreSQL watches: it asks often whether this process is still there, so that the
// lock of a machine that died is free within half a minute, and it expects to hear of it.
func (e *postgresEngine) connectHold(ctx context.Context) (*postgresHold, error) {
	conn, err := pgx.ConnectConfig(ctx, e.config)
	if err != nil {
		return nil, err
	}
	h := &postgresHold{engine: e, conn: conn, net: conn.PgConn().Conn()}
	const query = "SELECT pg_backend_pid()::text, " +
		"coalesce((SELECT backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()), ''), " +
		"set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false), " +
		"set_config('tcp_keepalives_count', '3', false), " +
		"(SELECT set_config(name, $1, false) FROM pg_settings WHERE name = 'idle_session_timeout')" // since PostgreSQL 14
	var idle, interval, count string
	var session *string
	err = conn.QueryRow(ctx, query, strconv.FormatInt(e.leaseTimeout.Milliseconds(), 10)).Scan(&h.pid, &h.begun, &idle, &interval, &count, &session)
	if err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

// keep asks for nothing, many times in postgresLeaseTimeout. A question is not given up when ctx ends, because that would
// close the connection.
func (h *postgresHold) keep(ctx context.Context) error {
	tick := time.NewTicker(h.engine.leaseTimeout / 10)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), postgresKeepTimeout)
		_, err := h.conn.Exec(asking, "SELECT 1")
		cancel()
		if err != nil {
			return err
		}
	}
}

// wait reads what nobody sends, until the connection ends, the time is up, or a server is suspected.
func (h *postgresHold) wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, watchInterval)
	defer cancel()
	go func() {
		select {
		case <-h.engine.suspect:
			h.engine.mu.Lock()
			h.engine.suspected = true
			h.engine.mu.Unlock()
			cancel()
		case <-ctx.Done():
		}
	}()
	_, _ = h.conn.WaitForNotification(ctx)
	if !h.conn.IsClosed() { // else there is nothing more to wait for: the lock went with it
		<-ctx.Done()
	}
}

var (
	errLockGone  = errors.New("the connection does not hold the lock any more")
	errDemoted   = errors.New("the server can only be read now")
	errElsewhere = errors.New("the address leads to another server now")
)

func (h *postgresHold) check(ctx context.Context) (epoch int64, err error) {
	const query = "SELECT epoch, current_setting('transaction_read_only') = 'on', pg_backend_pid()::text, " +
		"(" + lockedQuery + " AND pid = pg_backend_pid())) FROM counters"
	var demoted, locked bool
	var pid string
	if err := h.conn.QueryRow(ctx, query, postgresLock).Scan(&epoch, &demoted, &pid, &locked); err != nil {
		return 0, err
	}
	switch {
	case pid != h.pid || !locked:
		return 0, errLockGone
	case demoted:
		return 0, errDemoted
	}
	return epoch, h.engine.checkAddress(ctx)
}

// checkAddress looks whether new connections lead to the server that the lock is on, when there is reason to doubt it. If
// they do, those that lead elsewhere are of no use.
func (e *postgresEngine) checkAddress(ctx context.Context) error {
	e.mu.Lock()
	suspected, server := e.suspected, e.server
	e.suspected = false
	e.mu.Unlock()
	if !suspected {
		return nil
	}
	h, err := e.connectHold(ctx)
	if err != nil {
		return nil // the lock's own connection works; the pool's tell what they are missing
	}
	defer h.close()
	now, err := identify(ctx, h.conn.PgConn())
	if err == nil && now != server {
		return errElsewhere
	}
	if err == nil {
		e.hangUp(server)
	}
	return nil
}

func (h *postgresHold) raise(ctx context.Context) (epoch int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	err = h.conn.QueryRow(ctx, "UPDATE counters SET epoch = epoch + 1 RETURNING epoch").Scan(&epoch)
	return epoch, err
}

// release unlocks, so that nothing depends on what is done with the connection after it: a pooler may keep it.
func (h *postgresHold) release(epoch int64) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if epoch != 0 {
		_, _ = h.conn.Exec(ctx, "UPDATE counters SET epoch = epoch + 1 WHERE epoch = $1", epoch)
	}
	_, _ = h.conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", postgresLock)
	h.close()
}

// close says goodbye for as long as the kernel takes it, and hangs up.
func (h *postgresHold) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = h.conn.Close(ctx)
	_ = h.net.Close()
}
