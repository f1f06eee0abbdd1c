package swarm

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hubbub/loadtest/audit"
	"hubbub/loadtest/scenario"
)

// Swarm is the users of one load test. New makes it, Run runs it once.
type Swarm struct {
	Config
	start    time.Time
	loops    []*loop
	ordinal  atomic.Uint64 // of the latest broadcast, in the whole run
	outcomes audit.Outcomes
	first    *stage
	stage    *stage // the latest; only Run's goroutine reads it
	failed   context.CancelCauseFunc
	seconds  chan *Second // what loops have counted
	spare    chan *Second // for their next
}

// stage is what the loops are at. They go from each to the next, so that one which is late leaves none out.
type stage struct {
	next     atomic.Pointer[stage]
	index    int             // counts phases, also those that Config.Next adds
	phase    *scenario.Phase // nil: nothing is sent any more, what is under way is waited for
	over     bool            // and now not even that
	start    time.Duration
	from, to int // users wanted at the start and after the ramp
	ramp     time.Duration
}

// New checks the configuration and makes the event loops, but connects nobody.
func New(config Config) (*Swarm, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	s := &Swarm{Config: config}
	s.seconds = make(chan *Second, 4*config.Loops)
	s.spare = make(chan *Second, 4*config.Loops)
	for i := range config.Loops {
		l, err := newLoop(s, i)
		if err != nil {
			s.close()
			return nil, err
		}
		s.loops = append(s.loops, l)
	}
	return s, nil
}

func (s *Swarm) close() {
	for _, l := range s.loops {
		l.poll.close()
	}
}

// now is the time since the run's start.
func (s *Swarm) now() time.Duration { return time.Since(s.start) }

// Run goes through the plan's phases and returns what the audit came to. When ctx ends it stops sending, waits for what
// is under way as it does at the end, and returns as usual.
func (s *Swarm) Run(ctx context.Context) (audit.Tally, error) {
	defer s.close()
	ctx, s.failed = context.WithCancelCause(ctx)
	defer s.failed(nil)
	s.start = time.Now()
	s.first = s.next(0, 0)
	s.stage = s.first
	var merging, running sync.WaitGroup
	merging.Go(s.merge)
	for _, l := range s.loops {
		running.Go(l.run)
	}
	s.direct(ctx)
	running.Wait()
	close(s.seconds)
	merging.Wait()
	var loopErr error
	ledgers := make([]*audit.Ledger, len(s.loops))
	for i, l := range s.loops {
		ledgers[i] = l.ledger
		if l.err != nil {
			loopErr = fmt.Errorf("event loop %d: %w", i, l.err)
		}
	}
	return audit.Merge(s.ordinal.Load(), &s.outcomes, ledgers...), loopErr
}

// A phase that lets connections grow is prolonged until all have been logged in, while within every patience another one
// comes.
const patience = 5 * time.Second

// direct takes the loops from stage to stage.
func (s *Swarm) direct(ctx context.Context) {
	at := s.stage
	for at.phase != nil && sleep(ctx, at.phase.Duration) {
		if at.to > at.from && !s.settle(ctx, at.to) {
			break
		}
		if at = s.next(at.index+1, at.to); at.phase != nil {
			s.enter(at)
		}
	}
	users := s.stage.wanted(s.now())
	s.enter(&stage{index: at.index + 1, start: s.now(), from: users, to: users})
	s.drain()
	s.enter(&stage{index: at.index + 2, start: s.now(), over: true})
}

// drain waits until all that was sent has come, or nothing more of it comes: who is slow must not be told to have lost
// what is on its way. It is not cut short by the ctx that brought the run's end about.
//
// Nothing more comes when Drain passes without news, although every loop looked and found nothing to read: a loop that is
// behind, or gets no processor, knows of no news either.
func (s *Swarm) drain() {
	news, behind := uint64(0), 0
	for !s.settled() && behind < behindMax {
		idle := s.idle()
		s.await(context.Background(), s.Drain, s.settled)
		switch now := s.news(); {
		case now > news:
			news, behind = now, 0
		case slices.ContainsFunc(s.loops, func(l *loop) bool { return l.idle.Load() == idle[l.index] }):
			behind++
		default:
			return
		}
	}
}

// behindMax bounds for how many times Drain loops may neither tell news nor find nothing to read.
const behindMax = 20

// idle returns how often each loop had nothing to read.
func (s *Swarm) idle() []uint64 {
	idle := make([]uint64, len(s.loops))
	for i, l := range s.loops {
		idle[i] = l.idle.Load()
	}
	return idle
}

// settle waits until so many users have come, or no more of them do, and reports whether ctx still stands. Some of them
// may be away again, where there is churn.
func (s *Swarm) settle(ctx context.Context, users int) bool {
	for {
		before := s.came()
		if !s.await(ctx, patience, func() bool { return s.came() >= users }) {
			return false
		}
		if now := s.came(); now >= users || now <= before {
			return true
		}
	}
}

// next is the stage of the next phase, which begins now with so many users; without a phase when there is none.
func (s *Swarm) next(index, users int) *stage {
	st := &stage{index: index, start: s.now(), from: users}
	switch {
	case index < len(s.Plan.Phases):
		st.phase = &s.Plan.Phases[index]
	case s.Next != nil:
		st.phase = s.Next()
	}
	if st.phase != nil {
		st.to, st.ramp = st.phase.Connections, st.phase.Ramp
	}
	return st
}

func (s *Swarm) enter(to *stage) {
	s.stage.next.Store(to)
	s.stage = to
	for _, l := range s.loops {
		l.poll.wake()
	}
}

// await waits until done, at most for so long, and reports whether ctx still stands.
func (s *Swarm) await(ctx context.Context, most time.Duration, done func() bool) bool {
	for end := time.Now().Add(most); !done() && time.Now().Before(end); {
		if !sleep(ctx, 5*time.Millisecond) {
			return false
		}
	}
	return ctx.Err() == nil
}

// sleep waits for d and reports whether ctx still stands.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (s *Swarm) came() (n int) {
	for _, l := range s.loops {
		n += int(l.came.Load())
	}
	return n
}

// news is how much has come so far.
func (s *Swarm) news() (n uint64) {
	for _, l := range s.loops {
		n += l.news.Load()
	}
	return n
}

// settled reports whether all that was sent has come.
func (s *Swarm) settled() bool {
	for _, l := range s.loops {
		if !l.settled.Load() {
			return false
		}
	}
	return true
}

// merge puts the loops' seconds together and passes them on. A loop that has nothing to say sends its second too, so
// every round has one of each.
func (s *Swarm) merge() {
	rounds := make([][]*Second, len(s.loops))
	for second := range s.seconds {
		rounds[second.loop] = append(rounds[second.loop], second)
		for complete(rounds) {
			sum := rounds[0][0]
			for i := range rounds {
				if i > 0 {
					sum.join(rounds[i][0])
					s.recycle(rounds[i][0])
				}
				rounds[i] = rounds[i][1:]
			}
			s.Second(sum)
			s.recycle(sum)
		}
	}
}

func complete(rounds [][]*Second) bool {
	for _, r := range rounds {
		if len(r) == 0 {
			return false
		}
	}
	return true
}

func (s *Swarm) recycle(second *Second) {
	second.reset()
	select {
	case s.spare <- second:
	default:
	}
}

// wanted is how many users a stage wants at a time.
func (st *stage) wanted(now time.Duration) int {
	since := now - st.start
	if since >= st.ramp {
		return st.to
	}
	return st.from + int(float64(st.to-st.from)*float64(since)/float64(st.ramp))
}

// due is the moment at which a stage wants its n-th user, counted from 1, while it grows.
func (st *stage) due(n int) time.Duration {
	if n <= st.from || st.to <= st.from {
		return st.start
	}
	return st.start + time.Duration(float64(st.ramp)*float64(n-st.from)/float64(st.to-st.from))
}
