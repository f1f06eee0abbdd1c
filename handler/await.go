package handler

import (
	"context"
	"runtime/debug"
	"time"

	"hubbub/codec"
	"hubbub/session"
)

// Runner runs a job soon on a worker that may wait for long, and reports false when too many wait already. It never
// blocks. Anyone.
type Runner func(job func()) bool

// storeTimeout bounds what a client waits for the database before it hears SERVER_BUSY.
const storeTimeout = 10 * time.Second

// resumption is what a parked strand goes on with: the rest of what is to be done for a request or, without one, of what
// the server does by itself, whose failure ends the session.
type resumption struct {
	request codec.Message
	then    func(*turn) error
}

// await parks the session while a runner's worker does the job, and goes on with what that returns. The request, which
// a failure answers, must be a copy: the decoder's own is soon another's. Its strings may stay the packet's.
func (t *turn) await(run Runner, request codec.Message, job func(context.Context) func(*turn) error) error {
	c, s := t.chat, t.session
	s.Park()
	accepted := run(func() {
		r := &resumption{request, func(t *turn) error { t.session.End(session.ServerError, ""); return nil }}
		defer func() {
			if value := recover(); value != nil {
				c.config.Panicked(s, value, debug.Stack())
			}
			s.Resume(r)
		}()
		ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
		defer cancel()
		r.then = job(ctx)
	})
	if !accepted {
		s.Resume(&resumption{request, func(*turn) error { return codec.ServerBusy }})
	}
	return nil
}

// resume goes on with a request, unless its session has ended meanwhile. What the server does by itself is for the
// client, so it ends with the connection too: a replay would read on for nobody, and take for delivered what is lost.
func (t *turn) resume(r *resumption) {
	defer t.recover()
	if t.session.State() == session.Disconnecting || r.request == nil && t.session.Gone() {
		return
	}
	switch err := r.then(t); {
	case err == nil:
	case r.request == nil:
		t.session.End(session.Overloaded, "the server can't read what you missed; try again in a moment")
	default:
		t.fail(r.request, err)
	}
}
