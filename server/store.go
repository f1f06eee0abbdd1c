package server

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"hubbub/codec"
	"hubbub/handler"
	"hubbub/handler/account"
	"hubbub/handler/history"
)

// Store is what remembers accounts and messages.
type Store interface {
	account.Store
	history.Store
	// State returns what a server goes on from that begins to use the database.
	State(ctx context.Context) (history.State, error)
	// Note keeps what a server goes on from.
	Note(ctx context.Context, note history.Note) error
	// Cutoff returns the id below which messages are older than a time.
	Cutoff(ctx context.Context, before time.Time) (codec.ID, error)
	// Release gives back the ids above the newest that was given, if nobody else has reserved any since.
	Release(ctx context.Context, reserved, given codec.ID) error
	// Check reports whether the database is there.
	Check(ctx context.Context) error
	// Checkpoint gives the disk space back that readers kept the database from reusing. It is cheap when there is none.
	Checkpoint(ctx context.Context) error
}

const (
	// readers is how many clients' requests wait for the database at a time: more than it works on.
	readers = 32
	// readersSQLite is the same for SQLite, which works on this process's processors: with 32, replays to 100 clients delay
	// others for two to three times as long.
	readersSQLite = 8
	// readingMax is how many may wait for a reader: those of a moment in which everybody comes back.
	readingMax = 100_000
	// hashingMax is how many logins may wait for each hasher: what it gets through in about the time to log in.
	hashingMax = 500
	// hashingPerAccount is how many logins to one account may wait: more than its user has devices. It bounds what an
	// account that is tried from everywhere keeps others waiting.
	hashingPerAccount = 16
	// revokeInterval is how soon a ban is noticed.
	revokeInterval = time.Second
	// namesWait is how long a server that starts loads the accounts' names before it serves: enough for some millions. The
	// rest is loaded while it serves.
	namesWait = 5 * time.Second
	// keepTimeout bounds how long the end of the server waits for the database, fencedTimeout when it lost its lease:
	// then nothing can be kept, and it is to stand by soon.
	keepTimeout   = 10 * time.Second
	fencedTimeout = time.Second
)

// remember gives the chat what it needs to keep accounts and history.
func (s *Server) remember(chat *handler.Config) error {
	if s.store == nil {
		return nil
	}
	config := s.config.Load()
	hashers := config.hashers()
	var err error
	if s.hashing, err = newPool(hashers, nil, s.defect); err != nil {
		return fmt.Errorf("start the hashers: %w", err)
	}
	reading := readers
	if config.Database == "sqlite" {
		reading = readersSQLite
	}
	if s.reading, err = newPool(reading, nil, s.defect); err != nil {
		return fmt.Errorf("start the readers: %w", err)
	}
	chat.Accounts = s.store
	s.hashQueue = newFairQueue(s.hashing, hashers*hashingMax, hashingPerAccount)
	s.readQueue = newFairQueue(s.reading, readingMax, 0)
	chat.Hash, chat.Fetch = s.hashQueue.submit, s.readQueue.submit
	var warned atomic.Int64
	chat.Unavailable = func(what string, err error) {
		if errors.Is(err, history.ErrFenced) { // whoever asked was faster than the lease's watch
			s.Fence(err)
		}
		now := time.Now().Unix() // once a second: while the database is away, every login fails
		if warned.Swap(now) != now {
			s.log.Warn("the database could not be asked", zap.String("for", what), zap.Error(err))
		}
	}
	chat.Revoked = func(r account.Revocation) {
		if r.Registered {
			s.log.Info("a guest's session is ended because the name is an account's now", zap.String("account", r.Name))
			return
		}
		s.log.Info("an account's sessions are ended", zap.String("account", r.Name), zap.String("why", r.Why))
	}
	ctx, cancel := context.WithTimeout(context.Background(), keepTimeout)
	defer cancel()
	if err := s.resume(ctx, chat); err != nil {
		return err
	}
	revoked, err := s.store.Revocations(ctx, -1)
	if err != nil {
		return fmt.Errorf("read the newest ban from the database: %w", err)
	}
	for _, r := range revoked {
		s.revoked = r.Seq
	}
	if config.History == "off" {
		return nil
	}
	chat.History, chat.Async = s.store, config.History == "async"
	chat.Kept = func(messages int, took time.Duration) { s.metrics.commits.Observe(took.Seconds()) }
	chat.Unkept = func(err error) {
		if errors.Is(err, history.ErrFenced) || errors.Is(err, history.ErrConflict) {
			s.Fence(err)
		}
		if err != nil {
			s.log.Error("messages can't be kept; senders wait, and hear SERVER_BUSY when --history-queue has been full for 5 to 10 s", zap.Error(err))
			return
		}
		s.log.Info("messages are kept again")
	}
	return nil
}

// resume goes on from where the last server of the database ended, however it did: above the ids that it may have given,
// and with the time that it was sure of.
func (s *Server) resume(ctx context.Context, chat *handler.Config) error {
	state, err := s.store.State(ctx)
	if err != nil {
		return fmt.Errorf("read what to go on from: %w", err)
	}
	chat.Newest = state.Newest
	chat.Reserved = handler.Reserve(chat.Now(), state.Newest)
	if err := s.store.Note(ctx, history.Note{Reserved: chat.Reserved}); err != nil {
		return fmt.Errorf("reserve message ids: %w", err)
	}
	config := s.config.Load()
	evidence, now := state.Noted, time.Now().Round(0)
	// The database says that its newest message should be gone for long, and it is there. So it was not looked after all
	// that time, or that time has not passed.
	late := !state.Last.IsZero() && config.HistoryAge > 0 && now.Sub(state.Last) > config.HistoryAge+config.tolerance()
	if evidence.IsZero() || late {
		evidence = state.Last
	}
	s.clock = newClock(evidence, now, uptime(), config.tolerance(), config.ClockJump == "accept")
	return nil
}

// loadNames loads the accounts' names unless they are loaded: for a second at least, and not longer than wait.
func (s *Server) loadNames(ctx context.Context, wait time.Duration) error {
	begun := time.Now()
	for !s.chat.NamesLoaded() {
		accounts, done, err := s.chat.LoadNames(ctx)
		switch {
		case err != nil:
			return err
		case done:
			s.log.Info("account names loaded", zap.Int("accounts", accounts), zap.Int("bytes", s.chat.NamesBytes()),
				zap.Duration("took", time.Since(begun)))
		case time.Since(begun) >= wait:
			return nil
		}
	}
	return nil
}

// loadFirstNames loads the accounts' names before the server serves. When that fails guests' logins ask the database, and it is
// tried again each second.
func (s *Server) loadFirstNames(ctx context.Context) {
	if s.store == nil {
		return
	}
	if err := s.loadNames(ctx, namesWait); err != nil && ctx.Err() == nil {
		s.log.Warn("account names not loaded", zap.Error(err))
	}
}

// release gives back the ids that were reserved and not given, once nothing is said any more.
func (s *Server) release(ctx context.Context) {
	reserved, given := s.chat.Given()
	if err := s.store.Release(ctx, reserved, given); err != nil {
		s.log.Warn("reserved message ids are lost; ids are minutes ahead of the clock after the next start", zap.Error(err))
	}
}

// upkeep starts what keeps messages and looks after the database, and returns what ends it: then everything is kept that
// was sent, unless the server is fenced and nothing can be kept any more.
func (s *Server) upkeep() (end func(fenced bool)) {
	if s.store == nil {
		return func(bool) {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.lookAfter(ctx)
	}()
	journal := s.chat.Journal()
	if journal != nil {
		go journal.Run()
	}
	return func(fenced bool) {
		wait := keepTimeout
		if fenced {
			wait = fencedTimeout
		}
		cancel()
		<-done
		s.hashing.finish(wait)
		s.reading.finish(wait)
		ctx, cancel := context.WithTimeout(context.Background(), wait)
		defer cancel()
		if journal == nil {
			if !fenced {
				s.release(ctx)
			}
			return
		}
		if err := journal.Close(ctx); err != nil {
			s.log.Error("some of what was said last is not kept", zap.Error(err))
			return
		}
		if !fenced { // else they are not this server's any more
			s.release(ctx)
		}
	}
}

// unfit says why the database can't serve, nil when it can.
func (s *Server) unfit(ctx context.Context) error {
	if journal := s.chat.Journal(); journal != nil {
		if err := journal.Err(); err != nil {
			return fmt.Errorf("%d messages wait to be kept: %w", journal.Stats().Queued, err)
		}
	}
	return s.store.Check(ctx)
}
