package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"hubbub/client"
	"hubbub/codec"
)

// absentee is an account that everybody whispers to and that is never there.
const absentee = "zoe"

// choir is users, with accounts and as guests, who talk to everybody and to each other as fast as they are answered,
// come back whenever the server does, and write down what becomes of everything they say and all that they hear.
type choir struct {
	t       *testing.T
	address string
	voices  []*voice
	senders sync.WaitGroup

	mu      sync.Mutex
	changed *sync.Cond
	said    map[string]*remark // by text
	silent  bool               // nobody is to say anything more
	over    bool               // nobody is to wait for anything more
}

// remark is something that was said, and what its sender was told about it.
type remark struct {
	from, to, text string   // to is empty: everybody
	id             codec.ID // 0: it was not acknowledged
	err            error    // why not; nil and no id: nothing was told yet
}

// lost reports whether its sender can't know what became of it.
func (r *remark) lost() bool { return r.id == 0 && errors.Is(r.err, client.ErrLost) }

// voice is one user of a choir.
type voice struct {
	choir   *choir
	client  *client.Client
	name    string
	account bool
	ended   chan struct{} // closed when heard is complete

	// Guarded by choir.mu.
	life  int // how often it came back
	acked int
	heard []heard
}

// heard is something that a voice was sent.
type heard struct {
	remark
	replayed bool
	life     int // of the voice, at that time
}

// newChoir makes accounts of the names that have a password, and logs everybody in.
func newChoir(t *testing.T, address, database string, dataDir string) *choir {
	t.Helper()
	c := &choir{t: t, address: address, said: map[string]*remark{}}
	c.changed = sync.NewCond(&c.mu)
	t.Cleanup(c.disband)
	for _, name := range []string{"alice", "bob", absentee} {
		hubbub(t, password(name)+"\n", "user", "add", name, "--database", database, "--data-dir", dataDir)
	}
	for _, name := range []string{"alice", "bob"} {
		c.voices = append(c.voices, c.join(name, password(name)))
	}
	for _, name := range []string{"carol", "dave"} {
		c.voices = append(c.voices, c.join(name, ""))
	}
	return c
}

func password(name string) string { return "the password of " + name }

// join logs a voice in, which gets everything that was ever said from its beginning, and whatever comes.
func (c *choir) join(name, password string) *voice {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	joined, err := client.Dial(ctx, c.address, client.Options{
		User: name, Password: password, Since: 1,
		Reconnect: true, RetryMin: 10 * time.Millisecond, RetryMax: 100 * time.Millisecond,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	v := &voice{choir: c, client: joined, name: name, account: password != "", ended: make(chan struct{})}
	go v.listen()
	return v
}

// listen writes down what comes until the client ends.
func (v *voice) listen() {
	defer close(v.ended)
	for event := range v.client.Events() {
		v.choir.mu.Lock()
		switch e := event.(type) {
		case client.Message:
			v.heard = append(v.heard, heard{remark{from: e.User, text: e.Text, id: e.ID}, e.Replayed, v.life})
		case client.Whisper:
			v.heard = append(v.heard, heard{remark{from: e.User, to: v.name, text: e.Text, id: e.ID}, e.Replayed, v.life})
		case client.Reconnected:
			v.life++
		case client.Gap:
			v.choir.t.Errorf("%s is told that everything from %d to %d is gone", v.name, e.Since, e.Upto)
		}
		v.choir.changed.Broadcast()
		v.choir.mu.Unlock()
	}
	if err := v.client.Err(); err != nil {
		v.choir.t.Errorf("%s: %v", v.name, err)
	}
}

// sing has every voice talk, with so many messages under way at a time, until hush.
func (c *choir) sing(parts int) {
	for _, v := range c.voices {
		for part := range parts {
			c.senders.Go(func() { v.talk(part) })
		}
	}
}

// talk says one thing after the other. Each third one is whispered to an account.
func (v *voice) talk(part int) {
	c, listeners := v.choir, []string{"alice", absentee, "bob"}
	for n := 0; ; n++ {
		r := &remark{from: v.name, text: fmt.Sprintf("%s %d %d 'äöü' 世界", v.name, part, n)}
		if to := listeners[n/3%len(listeners)]; n%3 == 0 && to != v.name {
			r.to = to
		}
		c.mu.Lock()
		life, silent := v.life, c.silent
		if !silent {
			c.said[r.text] = r
		}
		c.mu.Unlock()
		if silent || !v.say(r, life) {
			return
		}
	}
}

// say says something and notes how that went. After a loss it waits until the voice is back. It reports false when the
// voice can't go on.
func (v *voice) say(r *remark, life int) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var id codec.ID
	var err error
	if r.to == "" {
		id, err = v.client.Broadcast(ctx, r.text)
	} else {
		id, err = v.client.Whisper(ctx, r.to, r.text)
	}
	c := v.choir
	c.mu.Lock()
	defer c.mu.Unlock()
	r.id, r.err = id, err
	c.changed.Broadcast()
	switch {
	case err == nil:
		v.acked++
		return true
	case errors.Is(err, codec.ServerBusy):
		return true
	case errors.Is(err, client.ErrLost), errors.Is(err, client.ErrOffline):
		return c.until("come back of "+v.name, func() bool { return v.life > life })
	}
	if !c.over {
		c.t.Errorf("%s says %q: %v", v.name, r.text, err)
	}
	return false
}

// disband waits until nobody talks or listens any more, also when the test has failed in the middle.
func (c *choir) disband() {
	c.mu.Lock()
	c.silent, c.over = true, true
	c.changed.Broadcast()
	c.mu.Unlock()
	for _, v := range c.voices {
		v.client.Close()
		<-v.ended
	}
	c.senders.Wait()
}

// until waits for something that a change of the choir brings about. mu is held.
func (c *choir) until(what string, done func() bool) bool {
	c.t.Helper()
	wake := time.AfterFunc(patience, c.changed.Broadcast)
	defer wake.Stop()
	for begun := time.Now(); !done(); c.changed.Wait() {
		if c.over {
			return false
		}
		if time.Since(begun) >= patience {
			c.t.Errorf("waited %v in vain for the %s", patience, what)
			return false
		}
	}
	return true
}

// goesOn waits until every voice had n more messages acknowledged.
func (c *choir) goesOn(n int) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	before := make([]int, len(c.voices))
	for i, v := range c.voices {
		before[i] = v.acked
	}
	for i, v := range c.voices {
		if !c.until("acknowledgements to "+v.name, func() bool { return v.acked >= before[i]+n }) {
			c.t.FailNow()
		}
	}
}

// hush waits until nobody waits for an answer any more.
func (c *choir) hush() {
	c.mu.Lock()
	c.silent = true
	c.mu.Unlock()
	c.senders.Wait()
}

// leave logs everybody out, which brings everything that was on its way, and the absentee in to get its whispers.
func (c *choir) leave() {
	c.t.Helper()
	c.voices = append(c.voices, c.join(absentee, password(absentee)))
	for _, v := range c.voices {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		err := v.client.Logout(ctx)
		cancel()
		if err != nil {
			c.t.Errorf("%s logs out: %v", v.name, err)
		}
		<-v.ended
	}
}
