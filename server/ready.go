package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/panjf2000/gnet/v2"
)

// readiness is what /readyz answers.
type readiness struct {
	Ready  bool              `json:"ready"`
	Phase  string            `json:"phase"`
	Checks map[string]string `json:"checks,omitempty"` // what was looked at, and "ok" or what is wrong with it
}

// serveReady answers 200 when the process can serve chat, and 503 with the reason when it can't.
func (a *Admin) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), ReadyTimeout)
	defer cancel()
	at := a.at.Load()
	answer := readiness{Phase: at.describe()}
	if at.server != nil {
		answer.Checks, answer.Ready = at.server.check(ctx)
	}
	w.Header().Set("Content-Type", "application/json")
	if !answer.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// phase says how far the server is.
func (s *Server) phase() Phase {
	if s.draining.Load() {
		return Draining
	}
	select {
	case <-s.ready:
		return Serving
	default:
		return Starting
	}
}

// check asks every loop, the pool and the database for a sign of life.
func (s *Server) check(ctx context.Context) (checks map[string]string, ok bool) {
	checks, ok = map[string]string{"draining": "no"}, true
	fail := func(name, text string) { checks[name], ok = text, false }
	switch s.phase() {
	case Starting:
		fail("loops", "not started")
		return checks, ok
	case Draining:
		fail("draining", "yes") // the loops end meanwhile, and one that has ended must not be asked
	default:
		s.checkThreads(ctx, checks, fail)
	}
	if s.store != nil {
		checks["clock"] = "ok" // what is wrong with it keeps nobody from chatting
		if text := jumpText(time.Duration(s.clock.jump.Load())); text != "" {
			checks["clock"] = text
		}
	}
	checks["memory"] = "ok"
	if err := s.shortOfMemory(); err != nil {
		fail("memory", err.Error())
	}
	if s.store != nil { // last, because it may use up the time
		checks["database"] = "ok"
		if err := s.unfit(ctx); err != nil {
			fail("database", err.Error())
		}
	}
	return checks, ok
}

// checkThreads asks every loop and the pool.
func (s *Server) checkThreads(ctx context.Context, checks map[string]string, fail func(name, text string)) {
	for _, l := range *s.loops.Load() {
		name := fmt.Sprintf("loop %d", l.lane.Index())
		checks[name] = "ok"
		answered := make(chan struct{})
		err := l.events.Execute(ctx, gnet.RunnableFunc(func(context.Context) error { close(answered); return nil }))
		if err != nil {
			fail(name, err.Error())
			continue
		}
		if !within(ctx, answered) {
			fail(name, "no answer within "+ReadyTimeout.String())
		}
	}
	checks["workers"] = "ok"
	answered := make(chan struct{})
	s.pool.probe(func() { close(answered) })
	if !within(ctx, answered) {
		fail("workers", fmt.Sprintf("no answer within %s; %d strands wait", ReadyTimeout, s.pool.depth()))
	}
}

func within(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}
