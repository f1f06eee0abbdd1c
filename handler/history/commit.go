package history

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"hubbub/codec"
)

const (
	groupBytes    = 1 << 20               // of a group, unless it is one message
	gather        = 20 * time.Millisecond // for which messages wait for others when nobody waits for them
	appendTimeout = 10 * time.Second      // after which a Store is asked again
	retryMin      = 10 * time.Millisecond
	retryMax      = time.Second
	surrender     = time.Second // which an Append has to return when nobody waits for it any more
)

var errClosed = errors.New("the journal is closed")

// Run keeps what is added, a group at a time, until Close. A group that the Store does not take is tried again until it
// does, with waits of 10 ms to 1 s in between. It ends before Close when the Store says that it never will, with ErrFenced
// or ErrConflict. On a goroutine of its own.
func (j *Journal) Run() {
	defer close(j.ended)
	defer j.giveUp(errClosed)
	for j.ctx.Err() == nil {
		group := j.group()
		if len(group) == 0 || !j.keep(group) {
			return
		}
		j.answer(group[len(group)-1].ID)
		j.advance(group)
	}
}

// group waits until something is to be kept and returns as much of it as goes into one Append: what lies together, which
// is blockLen messages at most, of groupBytes. It returns nothing when the Journal is closed. Only Run drops messages, so
// it needs no lock to read them.
func (j *Journal) group() []Message {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.kept == j.messages.length && !j.closed {
		j.work.Wait()
	}
	j.gather()
	j.urged = false
	run, bytes := j.messages.run(j.kept), 0
	for i := range run {
		if bytes += run[i].size(); bytes > groupBytes && i > 0 {
			return run[:i]
		}
	}
	return run
}

// gather waits until the messages that wait are worth an Append: somebody waits for their being kept, they are many, or
// the time is up. An Append costs as much as a hundred messages, and messages without a receipt would get one each. The
// caller holds the lock.
func (j *Journal) gather() {
	if j.hurried() {
		return
	}
	timer := time.AfterFunc(gather, j.urge)
	defer timer.Stop()
	for !j.hurried() {
		j.work.Wait()
	}
}

// hurried reports whether what waits is to be kept now. The caller holds the lock.
func (j *Journal) hurried() bool {
	return j.urged || j.closed || j.receipts.length > 0 || j.messages.length-j.kept >= blockLen
}

// urge has what waits kept now.
func (j *Journal) urge() {
	j.mu.Lock()
	j.urged = true
	j.mu.Unlock()
	j.work.Signal()
}

// keep has the Store keep a group, however often that takes. It reports false when it gave up.
func (j *Journal) keep(group []Message) bool {
	for wait := retryMin; ; wait = min(2*wait, retryMax) {
		ctx, cancel := context.WithTimeout(j.ctx, appendTimeout)
		begin := time.Now()
		err := j.config.Store.Append(ctx, group)
		cancel()
		if err != nil && j.ctx.Err() != nil {
			return false // it was told to stop, which is no failure of the Store
		}
		j.heard(err)
		if err == nil {
			j.config.Appended(len(group), time.Since(begin))
			if j.config.Kept != nil {
				j.config.Kept(group[len(group)-1].ID)
			}
			return true
		}
		if errors.Is(err, ErrFenced) || errors.Is(err, ErrConflict) {
			j.giveUp(err)
			return false
		}
		select {
		case <-time.After(wait):
		case <-j.ctx.Done():
			return false
		}
	}
}

// heard notes how an Append went, and tells of a change, or that nothing will be kept any more.
func (j *Journal) heard(err error) {
	j.mu.Lock()
	changed := (err == nil) != (j.failure == nil) || errors.Is(err, ErrFenced) || errors.Is(err, ErrConflict)
	j.failure = err
	if err != nil {
		j.stats.Failures++
	}
	j.mu.Unlock()
	if changed {
		j.config.Failed(err)
	}
}

// answer answers the receipts of messages up to an id.
func (j *Journal) answer(upTo codec.ID) {
	for due := j.due(0, upTo); len(due) > 0; due = j.due(len(due), upTo) {
		j.config.Answer(due)
	}
}

// due drops the receipts that were answered and returns the next ones: all of them, or as many as lie together.
func (j *Journal) due(answered int, upTo codec.ID) []Receipt {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.receipts.drop(answered)
	run := j.receipts.run(0)
	return run[:sort.Search(len(run), func(i int) bool { return run[i].ID > upTo })]
}

// advance makes a group one that was kept, and forgets what is too much to remember.
func (j *Journal) advance(group []Message) {
	last, bytes := group[len(group)-1].ID, 0
	for i := range group {
		bytes += group[i].size()
	}
	j.queued.Add(-int64(bytes))
	defer j.room.Wake() // with no lock held
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stalled = false
	j.kept += len(group)
	j.bytes += bytes
	j.reached = last
	j.stats.Kept += uint64(len(group))
	j.stats.Commits++
	j.forget()
	if j.progress != nil {
		close(j.progress)
		j.progress = nil
	}
}

// forget drops the oldest messages that were kept until few enough are left. The caller holds the lock.
func (j *Journal) forget() {
	drop := 0
	for j.kept-drop > j.remember.messages || j.bytes > j.remember.bytes {
		m := j.messages.at(drop)
		j.bytes -= m.size()
		j.left = m.ID
		drop++
	}
	j.kept -= drop
	j.messages.drop(drop)
}

// Flush waits until everything that was added before is kept and its receipts are answered. The error says that ctx
// ended before, or the Journal did. Anyone.
func (j *Journal) Flush(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for target := j.added; j.reached < target; {
		j.urged = true
		j.work.Signal()
		if err := j.await(ctx); err != nil && j.reached < target {
			return fmt.Errorf("not all messages are in the history yet: %w", err)
		}
	}
	return nil
}

// await waits until reached has grown. The caller holds the lock, and holds it again when await returns.
func (j *Journal) await(ctx context.Context) error {
	if j.progress == nil {
		j.progress = make(chan struct{})
	}
	progress := j.progress
	j.mu.Unlock()
	defer j.mu.Lock()
	select {
	case <-progress:
		return nil
	case <-j.ended:
		return errClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close lets Run keep what waits, but not longer than until ctx is done, and end. The error says how many messages were
// lost and why; they were delivered, but not answered. An Append that runs when ctx is done has a second to return.
// Anyone, and more than once; nothing may be added any more.
func (j *Journal) Close(ctx context.Context) error {
	j.mu.Lock()
	j.closed = true
	if j.watch != nil {
		j.watch.Stop()
	}
	j.mu.Unlock()
	j.work.Signal()
	select {
	case <-j.ended:
	case <-ctx.Done():
		j.giveUp(context.Cause(ctx))
		select {
		case <-j.ended:
		case <-time.After(surrender):
		}
	}
	return j.lost()
}

// lost returns an error about what was not kept, nil when there is nothing.
func (j *Journal) lost() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := j.messages.length - j.kept
	if n == 0 {
		return nil
	}
	why := j.failure
	if why == nil {
		why = context.Cause(j.ctx)
	}
	return fmt.Errorf("%d messages were delivered but the store did not keep them in time: %w", n, why)
}
