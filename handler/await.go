package handler

import (
	"context"
	"errors"
	"net/netip"
	"runtime/debug"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/session"
)

// Job is work that takes long: a password's hash, or a query. Exactly one of Run and Drop is called, once, by any
// goroutine.
type Job struct {
	Class   Class
	Address netip.Addr // of the client that asked for it; of IPv6 its /64
	Account string     // whose login it is, or who asked; "" for nobody in particular
	// Gone reports whether nobody waits for the outcome any more; nil: never. It may be called from any goroutine until
	// Run or Drop is called.
	Gone func() bool
	Run  func()
	Drop func() // it is not run, because it is Gone, or others that wait have the better right
}

// Class says what a job is for. Jobs of one class don't keep those of another waiting.
type Class uint8

// The classes of jobs.
const (
	ForLogin    Class = iota // somebody wants to come in
	ForFamiliar              // the same, from where the account has logged in before
	ForSession               // somebody who is logged in asked for it

	// Classes is how many there are.
	Classes = iota
)

// Runner runs a job soon on a worker that may wait for long, and reports false when too many wait already; then it calls
// neither Run nor Drop. It never blocks. Anyone.
type Runner func(Job) bool

// storeTimeout bounds what a client waits for the database before it hears SERVER_BUSY.
const storeTimeout = 10 * time.Second

// resumption is what a parked strand goes on with: the rest of what is to be done for a request or, without one, of what
// the server does by itself, whose failure ends the session.
type resumption struct {
	request codec.Message
	then    func(*turn) error
}

// errand is what a session waits for.
type errand struct {
	run     Runner
	class   Class
	account string        // Job.Account
	request codec.Message // which a failure answers; a copy, whose strings may stay the packet's. nil: the server's own
	kept    bool          // it is done though its client has gone meanwhile
	job     func(context.Context) func(*turn) error
	dropped func() // called when job is not, by any goroutine; may be nil
}

// await parks the session while a runner's worker does the errand, and goes on with what its job returns.
func (t *turn) await(e errand) error {
	c, s := t.chat, t.session // the turn is another session's by the time
	s.Park()
	job := Job{
		Class: e.class, Address: account.Network(s.Address().Addr()), Account: e.account,
		Run: func() { c.work(s, &e) }, Drop: func() { e.drop(s) },
	}
	if !e.kept {
		job.Gone = func() bool { return s.State() == session.Disconnecting || s.Gone() }
	}
	if !e.run(job) {
		e.drop(s)
	}
	return nil
}

// fetch is await for what somebody who is logged in asks of the database, or without a request the server for them, and
// needs no more once the connection is gone.
func (t *turn) fetch(request codec.Message, job func(context.Context) func(*turn) error) error {
	return t.await(errand{
		run: t.chat.config.Fetch, class: ForSession, account: t.session.Key(), request: request, job: job,
	})
}

// fetchKept is fetch for what is done though the connection is gone.
func (t *turn) fetchKept(request codec.Message, job func(context.Context) func(*turn) error) error {
	return t.await(errand{
		run: t.chat.config.Fetch, class: ForSession, account: t.session.Key(), request: request, job: job, kept: true,
	})
}

// work does the errand of a parked session, on a runner's worker.
func (c *Chat) work(s *session.Session, e *errand) {
	r := &resumption{e.request, func(t *turn) error { t.session.End(session.ServerError, ""); return nil }}
	defer func() {
		if value := recover(); value != nil {
			c.config.Panicked(s, value, debug.Stack())
		}
		s.Resume(r)
	}()
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	r.then = e.job(ctx)
}

// drop resumes a session whose errand is not done.
func (e *errand) drop(s *session.Session) {
	if e.dropped != nil {
		e.dropped()
	}
	s.Resume(&resumption{e.request, func(*turn) error { return codec.ServerBusy }})
}

// resume goes on with a request, unless its session has ended meanwhile. What the server does by itself is for the
// client, so it ends with the connection too: a replay would read on for nobody, and take for delivered what is lost.
func (t *turn) resume(r *resumption) {
	defer t.session.Release()
	defer t.recover()
	if t.session.State() == session.Disconnecting || r.request == nil && t.session.Gone() {
		return
	}
	err := r.then(t)
	var full *session.Full
	switch {
	case err == nil:
	case errors.As(err, &full):
		full.Park(t.session, r) // others were faster
	case r.request == nil:
		t.session.End(session.Overloaded, "the server can't read what you missed; try again in a moment")
	default:
		t.fail(r.request, err)
	}
}

// wait parks the session when a message that it sends has no room yet, and reports whether it has to wait: it is sent as
// soon as there is room, and what the client sent after it comes after it.
func (t *turn) wait(m codec.Message, err error) bool {
	full, ok := err.(*session.Full)
	if !ok {
		return false
	}
	r := &resumption{}
	switch m := m.(type) {
	case *codec.BroadcastRequest:
		request := *m
		r.request, r.then = &request, func(t *turn) error { return t.broadcastMessage(&request) }
	case *codec.WhisperRequest:
		request := *m
		r.request, r.then = &request, func(t *turn) error { return t.whisperMessage(&request) }
	default:
		return false
	}
	full.Park(t.session, r)
	return true
}
