package server

import (
	"context"
	"errors"
	"net"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"
	"go.uber.org/zap"

	"hubbub/session"
)

const (
	// tickInterval is how exact timeouts are.
	tickInterval = 100 * time.Millisecond
	// standstill is the longest time that passes for a lane between two ticks. Longer ones are the process's own: while
	// it stood still it read nothing, so the silence of its clients was not theirs.
	standstill = 10 * tickInterval
)

// loop is one of gnet's event loops with its lane.
type loop struct {
	server *Server
	events gnet.EventLoop
	lane   *session.Lane
	poller *poller // nil: not found, so that its sockets can't be paused

	// Owned by the loop.
	inbound inbound   // of the connection that is read
	busy    int       // events since the loop last let others run
	last    time.Time // when the last tick was
	clock   time.Time // the lane's time

	ticking atomic.Bool  // a tick is on its way
	ticked  atomic.Int64 // when it was sent, nanoseconds
	latency atomic.Int64 // what the last tick took to get its turn, nanoseconds
}

// Run drains the lane. It is what the lane's wake has the loop do.
func (l *loop) Run(context.Context) error {
	defer l.recover("drain")
	if l.lane.Drain() {
		l.resume()
	}
	return nil
}

// eventsPerTurn is how many events a loop handles before it lets others run: below a millisecond's worth.
const eventsPerTurn = 64

// yield lets the workers have the processor once in a while. While events keep coming gnet never waits, so that where
// processors are few, those who handle what the loop reads would run only when the scheduler takes it away, after 10 ms.
func (l *loop) yield() {
	if l.busy++; l.busy == eventsPerTurn {
		l.busy = 0
		runtime.Gosched()
	}
}

// resume has the loop go on with a paused drain after it has looked at its sockets. gnet runs whatever is executed,
// even by what it runs, until nothing is left, and only then looks at them: what comes later has to come from elsewhere.
func (l *loop) resume() {
	go func() {
		err := l.events.Execute(context.Background(), gnet.RunnableFunc(func(context.Context) error {
			defer l.recover("drain")
			if l.lane.Resume() {
				l.resume()
			}
			return nil
		}))
		if err != nil {
			l.server.log.Debug("a loop takes no more work", zap.Error(err))
		}
	}()
}

// wake has the loop drain its lane. Anyone.
func (l *loop) wake() {
	if err := l.events.Execute(context.Background(), l); err != nil {
		l.server.log.Debug("a loop takes no more work", zap.Error(err))
	}
}

// tick has the loop look at its timeouts, unless it has not come to the last tick yet.
func (l *loop) tick() {
	if !l.ticking.CompareAndSwap(false, true) {
		return
	}
	l.ticked.Store(time.Now().UnixNano())
	err := l.events.Execute(context.Background(), gnet.RunnableFunc(func(context.Context) error {
		defer l.recover("tick")
		now := time.Now()
		l.server.observeLatency(l, now.Sub(time.Unix(0, l.ticked.Load())))
		l.ticking.Store(false)
		l.clock = l.clock.Add(min(now.Sub(l.last), standstill))
		l.last = now
		l.lane.Tick(l.clock)
		return nil
	}))
	if err != nil {
		l.ticking.Store(false)
	}
}

// recover keeps a panic on the loop, which would be a defect of the server, from ending the process.
func (l *loop) recover(where string) { l.recovered(where, recover()) }

// recovered reports whether there was a panic, which is what recover returned.
func (l *loop) recovered(where string, panicked any) bool {
	if panicked == nil {
		return false
	}
	l.server.panics.Add(1)
	l.server.log.Error("a loop panicked", zap.String("where", where), zap.Any("panic", panicked), zap.ByteString("stack", debug.Stack()))
	return true
}

// loopOf returns the loop of a connection, which is new when its first one opens. On that loop.
func (s *Server) loopOf(c gnet.Conn) *loop {
	events := c.EventLoop()
	for _, l := range *s.loops.Load() {
		if l.events == events {
			return l
		}
	}
	s.loopsMu.Lock()
	defer s.loopsMu.Unlock()
	known := *s.loops.Load()
	for _, l := range known {
		if l.events == events {
			return l
		}
	}
	now := time.Now()
	l := &loop{server: s, events: events, poller: s.findPoller(c.Fd()), last: now, clock: now}
	l.lane = s.chat.Hub.AddLane(now, l.wake)
	grown := append(slices.Clone(known), l)
	s.loops.Store(&grown)
	return l
}

// introduction is the context of a connection that the server opens to itself to learn of a loop.
type introduction struct{}

// introduce learns of all the engine's loops, which gnet shows only through connections: it registers one on each, in
// turn. Without it a loop would be unknown, and not probed or ticked, until its first client came. Elsewhere than on
// Linux gnet's registering is not safe beside accepting, so there loops stay unknown that long.
func (s *Server) introduce(loops int) error {
	if runtime.GOOS != "linux" {
		return nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	for range loops {
		c, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			return err
		}
		peer, err := listener.Accept()
		if err != nil {
			c.Close()
			return err
		}
		ctx := gnet.NewContext(gnet.NewNetConnContext(context.Background(), c), introduction{})
		registered, err := s.engine.Register(ctx)
		if err == nil {
			select {
			case result := <-registered:
				err = result.Err
			case <-time.After(ReadyTimeout):
				err = errors.New("a loop did not answer")
			}
		}
		peer.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
