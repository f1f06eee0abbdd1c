package swarm

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"hubbub/loadtest/audit"
)

// loop is an event loop with its users. Everything in it belongs to its goroutine but what is atomic.
type loop struct {
	swarm *Swarm
	index int
	poll  *poller
	rng   *rand.Rand
	err   error // why it ended early; read after it has ended

	now    time.Duration // since the start, as of the last look at the clock
	stage  *stage
	users  []user
	voices voices // who may speak
	wanted int    // users 0 to wanted-1 should be logged in
	ledger *audit.Ledger

	slotCount int      // partners of each user
	names     []string // of the users
	sequences []uint32 // what owed returns

	speech  speech
	upkeep  upkeep
	returns returns
	dirty   []*user // with bytes to write
	buffers buffers
	in      []byte        // what is read
	text    []byte        // the message that is made
	times   []audit.Times // of what was read, as long as it is what should come

	connections int
	loggedIn    atomic.Int64
	came        atomic.Int64 // of the wanted users: how many have been logged in
	settled     atomic.Bool
	news        atomic.Uint64 // while draining: deliveries and answers so far
	idle        atomic.Uint64 // while draining: how often there was nothing to read
	heard       uint64        // deliveries and answers so far

	second     *Second
	secondEnds time.Duration
	secondFrom time.Duration
	waited     time.Duration // of this second
}

// readSize is how much is read at once: more than a server writes at once, so that one read takes it.
const readSize = 1 << 20

func newLoop(s *Swarm, index int) (*loop, error) {
	poll, err := newPoller()
	if err != nil {
		return nil, err
	}
	l := &loop{swarm: s, index: index, poll: poll, rng: rand.New(rand.NewPCG(s.Seed, uint64(index))),
		users: make([]user, share(s.Plan.Connections, index, s.Loops)), in: make([]byte, readSize)}
	l.countInto(NewSecond())
	l.slotCount = l.slots()
	l.ledger = audit.NewLedger(audit.Rules{Run: s.Mark, Dialect: s.Dialect, Name: s.name, Slots: l.slotCount,
		Partner: func(sender uint32, slot int) uint32 {
			return l.users[l.partner(int(sender)/s.Loops, slot)].number
		}})
	kinds := l.swarm.Plan.Users
	l.voices = newVoices(kinds)
	for i := range l.users {
		u := &l.users[i]
		*u = user{fd: -1, place: -1, number: uint32(i*s.Loops + index), next: make([]uint32, l.slotCount)}
		u.kind = kindOf(kinds, int(u.number))
		l.names = append(l.names, s.name(u.number))
	}
	return l, nil
}

// share is how many of n things that are dealt in turn fall to the given one.
func share(n, index, of int) int { return (n - index + of - 1) / of }

// name is the name under which a user logs in.
func (s *Swarm) name(number uint32) string { return fmt.Sprintf("%s%d", s.Prefix, number) }

// tick is how often a loop looks after what has no moment of its own.
const tick = 100 * time.Millisecond

// run is the loop. It returns at the last stage, or at a failure of its own, which ends the run.
func (l *loop) run() {
	l.clock()
	l.secondFrom, l.secondEnds = l.now, time.Second
	l.enter(l.swarm.first)
	for {
		next := l.stage.next.Load()
		l.clock() // after the look at the stage, so that what is due before its end is due now
		if next != nil {
			if l.err = l.catchUp(); l.err != nil {
				l.swarm.failed(l.err)
				break
			}
			l.publish()
			l.enter(next)
			if l.stage.over {
				break
			}
		}
		for l.now >= l.secondEnds {
			l.publish()
			l.secondEnds += time.Second
		}
		due := min(l.secondEnds, l.look(), l.speak())
		l.flush()
		if err := l.serve(due - l.now); err != nil {
			l.err = err
			l.swarm.failed(err)
			break
		}
	}
	l.finish()
	l.publish()
}

func (l *loop) clock() { l.now = l.swarm.now() }

// draining reports whether nothing is sent any more.
func (l *loop) draining() bool { return l.stage.phase == nil }

// enter begins a stage.
func (l *loop) enter(to *stage) {
	l.stage = to
	l.thaw()
	if to.phase != nil {
		l.prepare(to.phase)
		l.freeze(to.phase)
	} else {
		l.speech = speech{}
		l.upkeep.churn = nil
	}
}

// serve waits for events, at most d, and handles them.
func (l *loop) serve(d time.Duration) error {
	before := l.swarm.now()
	n, err := l.poll.wait(d)
	l.clock()
	l.waited += l.now - before
	if err != nil {
		return err
	}
	if n == 0 && l.draining() {
		l.idle.Add(1)
	}
	for i := range n {
		token, events := l.poll.event(i)
		if token == wakeToken {
			l.poll.emptyWaker()
			continue
		}
		u := &l.users[uint32(token)]
		if u.life != uint32(token>>32) {
			continue // an event of a connection that this round has closed
		}
		l.handle(u, events)
		if l.draining() {
			l.news.Store(l.heard)
		}
	}
	return nil
}

// look does what is due besides speaking and returns when to look again.
func (l *loop) look() time.Duration {
	next := l.connectDue()
	next = min(next, l.churnDue(), l.returns.due(l))
	if l.now >= l.upkeep.next {
		l.upkeep.next = l.now + tick
		l.readSlowly()
		l.beat()
		l.ledger.Trim(l.now)
	}
	if l.draining() {
		l.settled.Store(l.settledNow())
		return min(next, l.now+10*time.Millisecond)
	}
	return min(next, l.upkeep.next)
}

// publish hands the second's counts over.
func (l *loop) publish() {
	s := l.second
	s.At, s.Index, s.Phase = l.now, l.stage.index, ""
	if l.stage.phase != nil {
		s.Phase = l.stage.phase.Name
	}
	s.Wanted, s.Connections, s.LoggedIn = l.wanted, l.connections, int(l.loggedIn.Load())
	addInto(s.Found, l.ledger.Found())
	if span := l.now - l.secondFrom; span > 0 {
		s.Busy = 1 - float64(l.waited)/float64(span)
	}
	select {
	case spare := <-l.swarm.spare:
		l.countInto(spare)
	default:
		l.countInto(NewSecond())
	}
	l.secondFrom, l.waited = l.now, 0
	l.swarm.seconds <- s
}

// countInto begins the loop's next second.
func (l *loop) countInto(next *Second) {
	l.second = next
	next.loop, next.open = l.index, l.swarm.Window == 0
}

// finish settles accounts with the audit and closes every connection.
func (l *loop) finish() {
	for i := range l.users {
		u := &l.users[i]
		if u.state == on {
			l.ledger.Finish(&u.receiver, l.owed(u))
		}
		if u.state != away {
			l.unanswered(u, u.ref+1)
			l.drop(u)
		}
	}
}
