package server

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"hubbub/handler/history"
)

const (
	// pruneInterval is how often what is too old is removed, pruneStep messages at a time, so that nobody waits for it.
	pruneInterval = time.Minute
	pruneStep     = 2000
	// pruneShare is the part of --history-count that may be kept beyond it until the interval is over.
	pruneShare = 16
	// marksMax is how many marks of what was said when there are for --history-age at least; markMax is how far they are
	// apart at most.
	marksMax = 1000
	markMax  = time.Hour
)

// lookAfter ends the sessions of accounts that may not be logged in any more, and removes messages that are too old or
// too many.
func (s *Server) lookAfter(ctx context.Context) {
	tick := time.NewTicker(revokeInterval)
	defer tick.Stop()
	revoked, pruned, keptThen := s.revoked, time.Time{}, uint64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var err error
		kept := s.kept()
		now, sure, changed := s.today()
		if changed {
			pruned = time.Time{}
		}
		if revoked, err = s.chat.Revoke(ctx, revoked); err == nil &&
			(time.Since(pruned) > pruneInterval || s.config.Load().many(kept-keptThen)) {
			var done bool
			if err = s.note(ctx, now, sure); err == nil {
				done, err = s.prune(ctx, now)
			}
			if done && err == nil {
				pruned, keptThen = time.Now(), kept
				s.prunes.Add(1)
			}
		}
		if err = errors.Join(err, s.loadNames(ctx, 0), s.store.Checkpoint(ctx)); err != nil && ctx.Err() == nil {
			if errors.Is(err, history.ErrFenced) { // the lease's watch may not have come that far
				s.Fence(err)
				return
			}
			s.log.Warn("the database could not be looked after; this is tried again", zap.Error(err))
		}
	}
}

// kept returns how many messages were kept since the server began.
func (s *Server) kept() uint64 {
	if journal := s.chat.Journal(); journal != nil {
		return journal.Stats().Kept
	}
	return 0
}

// many reports whether so many messages more are not to wait until the interval is over.
func (c *Config) many(messages uint64) bool {
	return c.HistoryCount > 0 && messages > uint64(c.HistoryCount)/pruneShare
}

// note keeps what another server goes on from: up to which id ids are reserved and, if the server is sure of it, the time.
func (s *Server) note(ctx context.Context, now time.Time, sure bool) error {
	note := history.Note{Reserved: s.chat.Reserve(), Every: markMax}
	if age := s.config.Load().HistoryAge; age > 0 {
		note.Every = min(markMax, max(pruneInterval, age/marksMax))
	}
	if sure {
		note.At = now
	}
	if err := s.store.Note(ctx, note); err != nil {
		return err
	}
	s.chat.Reserved(note.Reserved)
	return nil
}

// prune removes what is beyond what the configuration says is to be kept. now is the time by which messages are old. It reports false when it did so for as long as
// a ban may wait to be noticed, and there is more.
func (s *Server) prune(ctx context.Context, now time.Time) (done bool, err error) {
	config := s.config.Load()
	keep := history.Retention{Count: config.HistoryCount}
	if config.HistoryAge > 0 {
		if keep.From, err = s.store.Cutoff(ctx, now.Add(-config.HistoryAge)); err != nil {
			return true, err
		}
	}
	for begun := time.Now(); time.Since(begun) < revokeInterval; {
		n, more, err := s.store.Prune(ctx, keep, pruneStep)
		s.pruned.Add(uint64(n))
		if err != nil || !more {
			return true, err
		}
	}
	return false, nil
}
