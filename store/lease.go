package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"hubbub/handler/history"
)

const (
	// standbyInterval is how often a server that stands by looks whether the lease is free, and one without a connection
	// whether it has the database back.
	standbyInterval = 250 * time.Millisecond
	// standbyGrace is how long a server that stands by leaves a lock that became free to the one that had it: its
	// connection may have broken, and it takes the lock again within some standbyIntervals.
	standbyGrace = time.Second
	// watchInterval is how often a server looks whether the lease is still its own. So long it may go on after it was
	// lost, without keeping anything.
	watchInterval = time.Second
	// answerTimeout is how long the database may take to answer a question about the lease.
	answerTimeout = 3 * time.Second
	// migratePatience is for how long a command waits for somebody else to bring the tables up to date, from one version to
	// the next: a server of an older version never does.
	migratePatience = 5 * time.Second
	// createPatience is the same where there are no tables yet. Nobody serves without any, so whoever has the lock is about
	// to make them, however slow the machine is, unless the process hangs.
	createPatience = time.Minute
)

// ErrStandby says that another server has the lease. It is what the function given to OpenLeased is told, and no failure.
var ErrStandby = errors.New("another server has the database")

// Migrating says that the tables are brought up to date. The function given to OpenLeased is told it when that begins, and
// again as messages are moved to new tables, every second or so.
type Migrating struct {
	Moved, All int64 // messages; 0: none was moved yet
}

// Error implements error.
func (m *Migrating) Error() string {
	if m.All == 0 {
		return "the tables are brought up to date"
	}
	return fmt.Sprintf("the tables are brought up to date: %d of %d messages are moved", m.Moved, m.All)
}

// errUnanswered says that the database did not tell the epoch.
var errUnanswered = errors.New("the lock is held, and the epoch is not known")

// errOldTables refuses to change tables under a server that would not know them any more.
var errOldTables = errors.New("a server with an older version of hubbub uses the database: end it and start this version's, " +
	"which brings the tables up to date, then try again")

// errNoTables gives up waiting for tables that somebody else is about to make.
var errNoTables = errors.New("another process has the database and makes no tables in it: end that process, then try again")

// hold keeps other servers away from the database as long as this process lives. It alone is not enough: it can be lost
// without this process noticing at once, which is what the epoch is for. One goroutine at a time.
type hold interface {
	// keep shows the database that this process is there, until ctx ends, and then returns nil. The error says that the lock
	// is lost. It is for times in which nobody calls check.
	keep(ctx context.Context) error
	// wait returns after watchInterval, or earlier when something happened to the lock.
	wait(ctx context.Context)
	// check returns the epoch, or why the lock is not held any more or can't be seen to be. With an errUnanswered it is
	// held, and only the epoch is not known.
	check(ctx context.Context) (epoch int64, err error)
	// raise counts the epoch up and returns it.
	raise(ctx context.Context) (epoch int64, err error)
	// release gives the lock up. epoch is the holder's, so that whoever stands by sees that it ended in good order; 0:
	// it has none, or may be fenced.
	release(epoch int64)
}

// lease is a server's right to write to the history: the epoch, which every transaction compares, and the lock.
type lease struct {
	epoch  int64
	lost   atomic.Bool // the epoch is another server's
	lock   hold        // nil: lost, and to be taken again
	broken error       // why it was lost, until it has been seen to be held again
}

// release is for Close.
func (l *lease) release() {
	if l.lock == nil {
		return
	}
	epoch := l.epoch
	if l.lost.Load() {
		epoch = 0
	}
	l.lock.release(epoch)
	l.lock = nil
}

// epoch is what the transactions of the history compare; 0: nothing.
func (s *Store) epoch() int64 {
	if s.lease == nil {
		return 0
	}
	return s.lease.epoch
}

// Epoch returns the number of the lease, which grows with each; 0 without one. Anyone.
func (s *Store) Epoch() int64 { return s.epoch() }

// OpenLeased opens the database, as Open does, for the one server that may use it at a time. It waits until no other server
// has the lease, then brings the tables up to date. It also waits while the database is away, restarts, or can only be read.
// waiting is told why each time that changes: ErrStandby, a *Migrating, or an error of the database. The lease must be kept by
// KeepLease, and Close gives it up. The error says what no waiting would mend, or that ctx has ended.
func OpenLeased(ctx context.Context, database, dataDir string, waiting func(why error)) (*Store, error) {
	s, err := connect(database, dataDir)
	if err != nil {
		return nil, err
	}
	return s.openLeased(ctx, waiting)
}

func (s *Store) openLeased(ctx context.Context, waiting func(why error)) (*Store, error) {
	told := ""
	a := acquisition{tell: func(why error) {
		if cause := s.cause(why); cause != told {
			told = cause
			waiting(s.explain(why))
		}
	}}
	tick := time.NewTicker(standbyInterval)
	defer tick.Stop()
	for {
		err := s.acquire(ctx, &a)
		if err == nil {
			return s, nil
		}
		if ctx.Err() != nil || !errors.Is(err, ErrStandby) && s.kind(err) != passing && s.kind(err) != contended {
			return nil, errors.Join(s.failed("open the database", err), s.Close())
		}
		a.tell(err)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// acquisition is what a server knows that tries to get the lease.
type acquisition struct {
	tell    func(why error)
	version int64     // of the tables
	reached bool      // the database is there and can be used
	waited  bool      // somebody else had the lease, or may have had it while the database was away
	epoch   int64     // while somebody else had it; 0: not known
	free    time.Time // since when nobody has the lock; zero: somebody has
}

// acquire tries to get the lease. ErrStandby says that somebody else has it, or may be about to take it again.
func (s *Store) acquire(ctx context.Context, a *acquisition) error {
	asking, cancel := context.WithTimeout(ctx, postgresConnect+answerTimeout)
	defer cancel()
	if err := s.standBy(asking, a); err != nil {
		if !errors.Is(err, ErrStandby) { // those who had the lease may have lost it now as well
			a.reached, a.waited, a.free = false, true, time.Time{}
		}
		return err
	}
	lock, err := s.lock(asking)
	if err != nil {
		return err
	}
	if lock == nil {
		a.waited = true
		return ErrStandby
	}
	if a.version != s.newest() {
		a.tell(&Migrating{})
	}
	l := &lease{lock: lock}
	if err = s.upgrade(ctx, lock, a.tell); err == nil {
		l.epoch, err = lock.raise(ctx)
	}
	if err != nil {
		l.release()
		return err
	}
	s.lease = l
	return nil
}

// upgrade brings the tables up to date, however long that takes. The lock is kept meanwhile; once it is lost another server
// may begin, so nothing is changed any more.
func (s *Store) upgrade(ctx context.Context, lock hold, tell func(why error)) error {
	migrating, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	keeping, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := lock.keep(keeping); err != nil {
			giveUp(err)
		}
	}()
	err := s.migrate(migrating, moves{part: s.repackPart, told: func(moved, all int64) {
		tell(&Migrating{Moved: moved, All: all})
	}})
	if err == nil {
		err = s.prepare(migrating)
	}
	stop()
	<-ended
	if lost := context.Cause(migrating); lost != nil && ctx.Err() == nil {
		return lost
	}
	return err
}

// standBy returns nil when the lock may be taken.
func (s *Store) standBy(ctx context.Context, a *acquisition) error {
	if !a.reached {
		var err error
		if a.version, err = s.reach(ctx); err != nil {
			return err
		}
		a.reached = true
	}
	held, err := s.held(ctx)
	if err != nil {
		return err
	}
	if held {
		a.waited, a.free = true, time.Time{}
		if a.epoch, err = s.readEpoch(ctx); err != nil {
			a.epoch = 0 // tables of a version without it
		}
		return ErrStandby
	}
	if !a.waited {
		return nil
	}
	if a.free.IsZero() {
		a.free = time.Now()
	}
	if epoch, err := s.readEpoch(ctx); err == nil && a.epoch != 0 && epoch != a.epoch {
		return nil // who had it gave it up
	}
	if time.Since(a.free) < standbyGrace {
		return ErrStandby
	}
	return nil
}

func (s *Store) readEpoch(ctx context.Context) (epoch int64, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT epoch FROM counters").Scan(&epoch)
	return epoch, err
}

// KeepLease watches over the lease until ctx ends, and returns nil then. When the lock was lost and nobody else has been
// there since, it takes it again and calls retaken with the reason. It returns an error that is a history.ErrFenced when
// another server has the lease: then whoever serves must stop. While the database is away nothing is known, so it goes on
// trying. Only for a Store of OpenLeased, once, and to return before Close.
func (s *Store) KeepLease(ctx context.Context, retaken func(why error)) error {
	tick := time.NewTicker(standbyInterval)
	defer tick.Stop()
	for {
		if s.lease.lock != nil {
			s.lease.lock.wait(ctx)
		} else {
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if err := s.watch(ctx, retaken); err != nil {
			s.lease.lost.Store(true)
			return s.failed("keep the lease", err)
		}
	}
}

// watch looks once whether the lease is still there.
func (s *Store) watch(ctx context.Context, retaken func(why error)) error {
	l := s.lease
	if l.lock != nil {
		err := s.checkLock(ctx, retaken)
		if l.lock != nil || err != nil || ctx.Err() != nil {
			return err
		}
	}
	locking, cancel := context.WithTimeout(ctx, postgresConnect+answerTimeout) // the URL may name servers that are silent
	defer cancel()
	again, err := s.lock(locking)
	if err != nil { // tried again; another server may have taken the lease meanwhile
		asking, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		if epoch, err := s.readEpoch(asking); err == nil {
			return l.compare(epoch)
		}
		return nil
	}
	if again == nil {
		return fmt.Errorf("its lock was lost (%w): %w", l.broken, history.ErrFenced)
	}
	l.lock = again
	return s.checkLock(ctx, retaken)
}

// checkLock looks whether the lock is still held and the epoch the lease's. A lock that is lost is released; while the
// database does not answer, one that can't be lost with a connection is kept.
func (s *Store) checkLock(ctx context.Context, retaken func(why error)) error {
	asking, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	l := s.lease
	epoch, err := l.lock.check(asking)
	if err == nil {
		err = l.compare(epoch)
	}
	switch {
	case err == nil && l.broken != nil:
		why := l.broken
		l.broken = nil
		retaken(why)
		return nil
	case err == nil, errors.Is(err, errUnanswered), ctx.Err() != nil:
		return nil
	}
	l.lock.release(0)
	l.lock = nil
	if l.broken == nil {
		l.broken = s.explain(err)
	}
	if errors.Is(err, history.ErrFenced) {
		return err
	}
	return nil
}

// compare returns history.ErrFenced when the epoch is another one than the lease's.
func (l *lease) compare(epoch int64) error {
	if epoch != l.epoch {
		return fmt.Errorf("its epoch %d is over, %d has begun: %w", l.epoch, epoch, history.ErrFenced)
	}
	return nil
}

// setUp makes the tables, or brings them up to date, unless a server uses them.
func (s *Store) setUp(ctx context.Context) error {
	tick := time.NewTicker(standbyInterval)
	defer tick.Stop()
	for begun, before := time.Now(), int64(0); ; {
		version, err := s.reach(ctx)
		if err != nil || version == s.newest() {
			return err
		}
		if version != before {
			begun, before = time.Now(), version
		}
		lock, err := s.lock(ctx)
		if err != nil {
			return err
		}
		if lock != nil {
			defer lock.release(0)
			return s.migrate(ctx, moves{part: s.repackPart, told: func(int64, int64) {}})
		}
		switch waited := time.Since(begun); {
		case version == 0 && waited > createPatience:
			return errNoTables
		case version != 0 && waited > migratePatience:
			return errOldTables
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
