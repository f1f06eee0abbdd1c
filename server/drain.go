package server

import (
	"context"
	"time"

	"github.com/panjf2000/gnet/v2"
	"go.uber.org/zap"

	"hubbub/session"
)

// drainStep is how often another share of the sessions is ended.
const drainStep = 50 * time.Millisecond

// drain is the lame duck: not ready, no new connections, no new logins; the sessions are told and ended evenly over some
// time; what is queued for them still goes out; then the engine stops.
func (s *Server) drain(over time.Duration, stopped <-chan error) {
	s.draining.Store(true)
	s.chat.Drain()
	begun := time.Now()
	s.log.Info("shutting down", zap.Int("sessions", s.chat.Hub.Placed()), zap.Duration("drain", over))
	s.endAll(begun, over, stopped)
	s.linger(stopped)
	ctx, cancel := context.WithTimeout(context.Background(), linger)
	defer cancel()
	go func() { _ = s.engine.Stop(ctx) }() // it polls; that gnet.Run returns says it sooner
	select {
	case err := <-stopped:
		if err != nil {
			s.log.Warn("the event loops stopped with an error", zap.Error(err))
		}
	case <-ctx.Done():
		s.log.Warn("the event loops did not stop in time")
	}
	s.log.Info("stopped", zap.Duration("took", time.Since(begun).Round(time.Millisecond)))
}

// graceMax bounds the tenth of the drain in which nobody is ended yet.
const graceMax = 2 * time.Second

// endAll ends the sessions evenly over the time, at once when it is 0.
func (s *Server) endAll(begun time.Time, over time.Duration, stopped <-chan error) {
	step := time.NewTicker(drainStep)
	defer step.Stop()
	for time.Since(begun) < min(over/10, graceMax) && s.chat.Hub.Placed() > 0 {
		select { // not ready, but still serving: load balancers are to see it before clients come back through them
		case <-step.C:
		case <-stopped:
			return
		}
	}
	for {
		left := over - time.Since(begun)
		open := s.chat.Hub.Placed()
		if open == 0 {
			return
		}
		if left <= 0 {
			s.endOnEach(open) // however they are spread over the loops
			return
		}
		share := max(1, int(int64(open)*int64(drainStep)/int64(left)))
		loops := len(*s.loops.Load())
		s.endOnEach((share + loops - 1) / max(1, loops))
		select {
		case <-step.C:
		case <-stopped:
			return
		}
	}
}

// endOnEach ends up to n sessions of each loop. Before that, what they have said so far is kept and answered.
func (s *Server) endOnEach(n int) {
	if journal := s.chat.Journal(); journal != nil && journal.Err() == nil {
		ctx, cancel := context.WithTimeout(context.Background(), drainStep)
		_ = journal.Flush(ctx) // a slow database does not keep the server from ending
		cancel()
	}
	for _, l := range *s.loops.Load() {
		_ = l.events.Execute(context.Background(), gnet.RunnableFunc(func(context.Context) error {
			defer l.recover("shutdown")
			l.lane.EndNext(n, session.ShuttingDown)
			return nil
		}))
	}
}

// linger waits until the sessions' last bytes have reached them, bounded in time by the lanes.
func (s *Server) linger(stopped <-chan error) {
	step := time.NewTicker(drainStep)
	defer step.Stop()
	deadline := time.NewTimer(linger + time.Second)
	defer deadline.Stop()
	for s.chat.Hub.Placed() > 0 {
		select {
		case <-step.C:
		case <-stopped:
			return
		case <-deadline.C:
			s.log.Warn("some clients did not take their last bytes", zap.Int("sessions", s.chat.Hub.Placed()))
			return
		}
	}
}
