package handler

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/codec"
	"hubbub/session"
)

// held is a Runner whose jobs wait until the test runs them.
type held []Job

func (h *held) submit(job Job) bool { *h = append(*h, job); return true }

// run runs the jobs that wait, as a queue does: what nobody waits for any more is dropped.
func (h *held) run() {
	for _, job := range *h {
		if job.Gone != nil && job.Gone() {
			job.Drop()
		} else {
			job.Run()
		}
	}
	*h = nil
}

// TestGuestsWaitForNoHasher: with hashers that do nothing at all guests come in, the original's clients too, who always send
// a password.
func TestGuestsWaitForNoHasher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, "alice")
		defer h.close()
		var hashers held
		h.chat.config.Hash = hashers.submit
		for i, login := range []codec.Message{
			&codec.LoginReq{UserID: "nobody", Password: "1234", Username: "dave"},
			&codec.LoginReq{UserID: "\xff", Password: "1234", Username: "erin"},
			&codec.LoginRequest{User: "frank"},
		} {
			dialect := []codec.Dialect{codec.Classic, codec.Classic, codec.Native}[i]
			guest := h.visit(dialect)
			guest.say(login)
			h.pass(time.Second)
			if got := strings.Join(guest.hears(), " "); !strings.Contains(got, "SUCCESS") {
				t.Errorf("%s: %q", codec.Format(login), got)
			}
		}
		if len(hashers) != 0 {
			t.Errorf("%d guests wait for a hasher", len(hashers))
		}
		for _, login := range []codec.Message{ // what must wait
			&codec.LoginRequest{User: "alice", Password: password}, &codec.LoginRequest{User: "nobody", Password: password},
		} {
			h.visit(codec.Native).say(login)
		}
		h.visit(codec.Classic).say(&codec.LoginReq{UserID: "alice", Password: password, Username: "alice"})
		h.pass(time.Second)
		if len(hashers) != 3 {
			t.Errorf("%d logins wait for a hasher, want 3", len(hashers))
		}
		hashers.run()
	})
}

// TestNobodyIsHashedFor: a login or a registration whose connection is gone, or that took too long, costs no hash, and the
// name that was being registered is free.
func TestNobodyIsHashedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, "alice")
		defer h.close()
		var hashers held
		h.chat.config.Hash = hashers.submit
		for i := range 20 {
			v := h.visit(codec.Native)
			v.say(&codec.LoginRequest{User: "alice", Password: password})
			if i%2 == 0 {
				v = h.visit(codec.Native)
				v.say(&codec.RegisterRequest{User: fmt.Sprint("new", i), Password: password})
			}
			h.pass(time.Second)
			v.leave()
			h.settle()
		}
		ends := h.visit(codec.Native)
		ends.say(&codec.LoginRequest{User: "alice", Password: password})
		h.pass(time.Second)
		ends.session.End(session.LoginTimeout, "")
		before := len(hashers)
		hashers.run()
		h.pass(time.Second)
		if n := h.chat.Hashed(); before != 31 || n != 10 {
			t.Errorf("of %d logins and registrations %d were hashed; the connections of 10 are open", before, n)
		}
		guest := h.visit(codec.Native)
		guest.say(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "new0"})
		h.pass(time.Second)
		if got := strings.Join(guest.hears(), " "); !strings.Contains(got, "SUCCESS") {
			t.Errorf("the name that was to be registered: %s", got)
		}
	})
}
