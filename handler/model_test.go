package handler

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"hubbub/codec"
	"hubbub/handler/history"
)

// before is how many messages were there before a crowd's chat began: more than a page, and none in memory.
const before = replayPage + 40

// crowd is people who come and go, talk and whisper, read slowly or not at all, in a chat whose database takes its time.
// Whoever is cut off comes back with the last message they saw, and has in the end what they would have without that.
type crowd struct {
	hall   *hall
	people []*person
	refs   uint32
}

// person is somebody who may be connected.
type person struct {
	history.Party
	forgets bool     // what was seen: every login begins with what is live, and what waited
	visitor *visitor // nil: not connected
	since   codec.ID // what the last login asked for
	latest  codec.ID // what the server answered; 0: not yet
	last    codec.ID // the newest message of this connection
	polite  bool     // whether PINGs are answered
	rude    bool     // one was not, on this connection

	first    codec.ID          // where it all began
	seen     codec.ID          // the newest message of all
	got      []codec.ID        // of messages to everybody, as they came
	whispers map[codec.ID]int  // how often each came
	gaps     []codec.GapNotify // what was said to be gone
	waiting  map[uint32]bool   // for answers
}

func newCrowd(t *rapid.T) *crowd {
	names := []string{"ann", "bob", "cat", "dan", "guest", "other"}
	c := newCabinet(names[:4]...)
	for id := codec.ID(1); id <= before; id++ {
		c.posted = append(c.posted, history.Message{ID: id, From: history.Party{Name: "ghost"}, Text: "hello"})
	}
	c.messages, c.newest = slices.Clone(c.posted), before
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "delays"), 0))
	delay := func() time.Duration { return time.Duration(random.IntN(4)) * 10 * time.Millisecond }
	c.reading, c.writing = delay, delay
	cr := &crowd{hall: openHall(t, c)}
	for _, name := range names {
		p := &person{Party: history.Party{Account: c.accounts[name].ID, Name: name}, forgets: name == "dan",
			whispers: map[codec.ID]int{}}
		p.first = codec.ID(rapid.IntRange(1, before).Draw(t, "first"))
		p.seen = p.first
		cr.people = append(cr.people, p)
	}
	return cr
}

func (c *crowd) someone(t *rapid.T) *person { return rapid.SampledFrom(c.people).Draw(t, "who") }

// come connects somebody who is not, and logs in again who was refused a name that was not free yet.
func (c *crowd) come(t *rapid.T) { c.enter(c.someone(t), rapid.Bool().Draw(t, "stuck")) }

func (c *crowd) enter(p *person, stuck bool) {
	switch {
	case p.visitor == nil:
		p.visitor, p.waiting = c.hall.visit(codec.Native), map[uint32]bool{}
		p.visitor.stuck = stuck
	case p.latest != 0 || len(p.waiting) > 0:
		return
	}
	p.since, p.latest, p.last = p.seen, 0, 0
	if p.forgets {
		p.since = 0
	}
	login := &codec.LoginRequest{User: p.Name, Since: p.since}
	if p.Account != 0 {
		login.Password = password
	}
	c.ask(p, login, &login.Asked)
}

// ask sends a request whose answer is waited for.
func (c *crowd) ask(p *person, m codec.Message, asked *codec.Asked) {
	c.refs++
	asked.Ref = c.refs
	p.waiting[c.refs] = true
	p.visitor.say(m)
}

func (c *crowd) say(t *rapid.T) {
	p := c.someone(t)
	if p.visitor == nil {
		return
	}
	for range rapid.SampledFrom([]int{1, 1, 1, replayPage + 1}).Draw(t, "n") {
		m := &codec.BroadcastRequest{Message: "hello"}
		c.ask(p, m, &m.Asked)
	}
}

func (c *crowd) whisper(t *rapid.T) {
	p, to := c.someone(t), c.someone(t)
	if p.visitor != nil {
		m := &codec.WhisperRequest{To: to.Name, Message: "psst"}
		c.ask(p, m, &m.Asked)
	}
}

func (c *crowd) cut(t *rapid.T) {
	if p := c.someone(t); p.visitor != nil {
		c.leave(t, p)
	}
}

// leave breaks a connection. What has reached the client by then is seen.
func (c *crowd) leave(t *rapid.T, p *person) {
	c.read(t, p)
	p.visitor.leave()
	p.visitor, p.rude = nil, false
}

func (c *crowd) stall(t *rapid.T) {
	if p := c.someone(t); p.visitor != nil {
		p.visitor.stuck = true
	}
}

func (c *crowd) hear(t *rapid.T) {
	p := c.someone(t)
	p.polite = rapid.Bool().Draw(t, "polite")
	if p.visitor != nil {
		p.visitor.reads()
		c.read(t, p)
	}
}

// prune removes old messages, as retention does.
func (c *crowd) prune(t *rapid.T) { c.hall.cabinet.prune(rapid.IntRange(0, 400).Draw(t, "left")) }

func (c *crowd) step(t *rapid.T) {
	for range rapid.IntRange(1, 5).Draw(t, "steps") {
		c.hall.step()
	}
}

func (c *crowd) pass(t *rapid.T) {
	c.hall.pass(time.Duration(rapid.IntRange(1, 100).Draw(t, "milliseconds")) * time.Millisecond)
}

// read takes what has arrived.
func (c *crowd) read(t *rapid.T, p *person) {
	run := p.visitor.Bytes()
	for len(run) > 0 {
		var packet []byte
		packet, run = codec.Native.Cut(run)
		m, err := codec.Native.Decode(slices.Clone(packet))
		if err != nil {
			t.Fatal(err)
		}
		if err := p.take(m); err != nil {
			t.Fatalf("%s, who came with %d and was told %d, got %s: %v", p.Name, p.since, p.latest, codec.Format(m), err)
		}
	}
	p.visitor.Reset()
}

// take holds a packet against what may come.
func (p *person) take(m codec.Message) error {
	if r, ok := m.(codec.Response); ok {
		ref, result := r.Outcome()
		if !p.waiting[ref] {
			return fmt.Errorf("an answer to what was not asked, or answered before")
		}
		delete(p.waiting, ref)
		if login, ok := m.(*codec.LoginResponse); ok && result == codec.Success {
			p.latest = login.Latest
			if login.Gap != 0 {
				p.gaps = append(p.gaps, codec.GapNotify{After: p.since, Upto: login.Gap})
			}
		}
		return nil
	}
	switch m := m.(type) {
	case *codec.BroadcastNotify:
		if m.ID <= p.since {
			return fmt.Errorf("it had been seen")
		}
		p.got = append(p.got, m.ID)
		return p.message(m.ID, m.Flags)
	case *codec.WhisperNotify:
		p.whispers[m.ID]++
		return p.message(m.ID, m.Flags)
	case *codec.GapNotify:
		if m.After < p.last || m.Upto <= m.After || p.latest == 0 {
			return fmt.Errorf("after %d", p.last)
		}
		p.gaps = append(p.gaps, *m)
		return nil
	case *codec.Ping:
		if p.polite {
			p.visitor.say(&codec.Pong{Asked: m.Asked})
		}
		p.rude = !p.polite
		return nil
	}
	return fmt.Errorf("what is that")
}

func (p *person) message(id codec.ID, flags uint8) error {
	switch {
	case p.latest == 0:
		return fmt.Errorf("before the login's answer")
	case id <= p.last:
		return fmt.Errorf("after %d", p.last)
	case (flags != 0) != (id <= p.latest):
		return fmt.Errorf("with the wrong flags")
	}
	p.last, p.seen = id, max(p.seen, id)
	return nil
}

// end has everybody come who is not there, and stay until everything has arrived.
func (c *crowd) end(t *rapid.T) {
	for range 10 {
		for _, p := range c.people {
			p.polite = true
			if p.visitor != nil {
				p.visitor.reads()
				c.read(t, p)
			}
			if p.rude { // whose mailbox would stay full
				c.leave(t, p)
			}
			c.enter(p, false)
		}
		c.hall.pass(2 * time.Second)
	}
	for _, p := range c.people {
		c.read(t, p)
		if p.latest == 0 || len(p.waiting) > 0 {
			t.Fatalf("%s came with %d and was told %d; %d answers are missing", p.Name, p.since, p.latest, len(p.waiting))
		}
		c.compare(t, p)
	}
	for _, p := range c.people {
		p.visitor.leave()
	}
	c.hall.pass(time.Second)
	c.hall.chat.unconfirmed.Range(func(_, _ any) bool { t.Fatal("a replay is remembered for ever"); return false })
	if n := c.hall.chat.Hub.Names(); n != 0 {
		t.Fatalf("%d names are taken though nobody is there", n)
	}
	for _, m := range c.hall.cabinet.messages {
		if m.Mail {
			t.Fatalf("whisper %d waits though it was delivered", m.ID)
		}
	}
}

// lost reports whether somebody was told that a message is gone.
func (p *person) lost(id codec.ID) bool {
	return slices.ContainsFunc(p.gaps, func(g codec.GapNotify) bool { return g.After < id && id <= g.Upto })
}

// compare holds what somebody got against what was said.
func (c *crowd) compare(t *rapid.T, p *person) {
	var want []codec.ID
	for _, m := range c.hall.cabinet.posted {
		n, mine := p.whispers[m.ID], m.To == p.Party
		switch {
		case m.Public() && m.ID > p.first && m.From.Name != p.Name && !p.lost(m.ID):
			want = append(want, m.ID)
		case n > 0 && !mine:
			t.Fatalf("%s got whisper %d to %s", p.Name, m.ID, m.To.Name)
		case mine && p.Account != 0 && n == 0 && (m.Mail || !p.forgets && !p.lost(m.ID)), n > 1 && !m.Mail:
			t.Fatalf("%s got whisper %d %d times", p.Name, m.ID, n)
		}
	}
	if !p.forgets && !slices.Equal(p.got, want) {
		t.Fatalf("%s has seen %v\nand not   %v", p.Name, p.got, want)
	}
}

// TestNobodyMissesAnything: whatever breaks and whoever is slow, everybody gets everything, in order and once, but for
// what retention removed, of which they are told, however late.
func TestNobodyMissesAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		noDeadline := struct{ rapid.TB }{t} // in a bubble there is none, and it must not be asked for
		rapid.Check(noDeadline, func(t *rapid.T) {
			c := newCrowd(t)
			defer c.hall.close()
			t.Repeat(map[string]func(*rapid.T){
				"come": c.come, "come too": c.come, "say": c.say, "whisper": c.whisper, "whisper too": c.whisper, "cut": c.cut,
				"stall": c.stall, "hear": c.hear, "step": c.step, "step on": c.step, "pass": c.pass,
				"prune": c.prune,
			})
			c.end(t)
		})
	})
}
