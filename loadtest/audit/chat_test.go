package audit

import (
	"fmt"
	"math/rand/v2"
	"time"

	"hubbub/codec"
)

const (
	testRun   = 7
	testSlots = 3
)

func testName(user uint32) string { return fmt.Sprintf("user%04d", user) }

// chat is a server with its users, in as little as shows what receivers may see: messages wait on their way to it and
// from it, users come and go while they do, and one order is the same for all.
type chat struct {
	random   *rand.Rand
	dialect  codec.Dialect
	ledgers  []*Ledger
	users    []*chatter
	outcomes Outcomes
	now      time.Duration
	ordinal  uint64 // the highest one used
	places   int    // broadcasts that the server has put in order
	lastID   codec.ID
	faults   *faults // nil: none
}

// chatter is a user.
type chatter struct {
	ledger    *Ledger
	receiver  Receiver
	user      uint32
	permanent bool
	member    bool     // the server sends it what comes
	welcomed  bool     // and it knows
	up        []letter // on the way to the server
	down      []letter // on the way to the user
	sequences [testSlots]uint32
}

// letter is anything on its way.
type letter struct {
	kind   letterKind
	stamp  Stamp
	place  int // of a broadcast in the server's order
	id     codec.ID
	user   string // whom it comes from
	text   string
	packet []byte
}

type letterKind int

const (
	welcome letterKind = iota
	broadcast
	whisper
)

// newChat makes a chat of some ledgers with some users each, of whom the first few stay to the end.
func newChat(seed uint64, dialect codec.Dialect, ledgers, users, permanent int) *chat {
	c := &chat{random: rand.New(rand.NewPCG(seed, 1)), dialect: dialect, lastID: 1 << 40}
	rules := Rules{Run: testRun, Dialect: dialect, Name: testName, Partner: c.partner, Slots: testSlots}
	for range ledgers {
		l := NewLedger(rules)
		c.ledgers = append(c.ledgers, l)
		for i := range users {
			c.users = append(c.users, &chatter{ledger: l, user: uint32(len(c.users)), permanent: i < permanent})
		}
	}
	return c
}

func (c *chat) partner(sender uint32, slot int) uint32 {
	return (sender + uint32(slot) + 1) % uint32(len(c.users))
}

// next returns what the senders of a user's slots send next.
func (c *chat) next(u *chatter) (next []uint32) {
	for slot := range testSlots {
		sender := (int(u.user) - slot - 1 + 2*len(c.users)) % len(c.users)
		next = append(next, c.users[sender].sequences[slot])
	}
	return next
}

// step lets one thing happen.
func (c *chat) step() {
	c.now += 5 * time.Millisecond
	u := c.users[c.random.IntN(len(c.users))]
	switch n := c.random.IntN(100); {
	case n < 25:
		c.send(u, broadcast)
	case n < 32:
		c.send(u, whisper)
	case n < 65:
		c.serve(u)
	case n < 97:
		c.read(u, 1+c.random.IntN(64))
	case !u.member:
		u.member = true
		u.down = append(u.down, letter{kind: welcome})
	case !u.permanent && u.welcomed:
		c.drop(u)
	}
	if c.random.IntN(200) == 0 {
		for _, l := range c.ledgers {
			l.Trim(c.now)
		}
	}
}

func (c *chat) send(u *chatter, kind letterKind) {
	if !u.welcomed {
		return
	}
	s := Stamp{Run: testRun, Sender: u.user, Intended: c.now - 1, Sent: c.now}
	if kind == broadcast {
		c.ordinal++
		s.Number = c.ordinal
	} else {
		slot := c.random.IntN(testSlots)
		s.Number = WhisperNumber(slot, u.sequences[slot])
		u.sequences[slot]++
	}
	size := StampBytes + c.random.IntN(60)
	u.up = append(u.up, letter{kind: kind, stamp: s, user: testName(u.user), text: string(s.Append(nil, size))})
}

// serve lets the server take one message from a user.
func (c *chat) serve(u *chatter) {
	if len(u.up) == 0 {
		return
	}
	m := u.up[0]
	u.up = u.up[1:]
	c.lastID += codec.ID(1 + c.random.IntN(3))
	m.id = c.lastID
	if m.kind == whisper {
		slot, sequence := m.stamp.Whisper()
		if to := c.users[c.partner(u.user, slot)]; to.member {
			to.down = append(to.down, m)
		} else {
			c.outcomes.Whisper(to.user, slot, sequence, Refused)
		}
		return
	}
	if c.random.IntN(50) == 0 {
		c.outcomes.Broadcast(m.stamp.Number, Refused)
		return
	}
	m.place = c.places
	c.places++
	m.packet = c.dialect.Append(nil, &codec.BroadcastNotify{ID: m.id, User: m.user, Message: m.text})
	for _, to := range c.users {
		if to != u && to.member {
			to.down = append(to.down, m)
		}
	}
}

// drop cuts a user off. The server may have taken some of its last messages.
func (c *chat) drop(u *chatter) {
	for _, m := range u.up {
		if m.kind == broadcast {
			c.outcomes.Broadcast(m.stamp.Number, Uncertain)
		} else {
			slot, sequence := m.stamp.Whisper()
			c.outcomes.Whisper(c.partner(u.user, slot), slot, sequence, Uncertain)
		}
	}
	for range c.random.IntN(len(u.up) + 1) {
		c.serve(u)
	}
	u.ledger.Leave(&u.receiver)
	u.member, u.welcomed, u.up, u.down = false, false, nil, nil
}

// read lets a user read some of what waits for it.
func (c *chat) read(u *chatter, n int) {
	for ; n > 0 && len(u.down) > 0; n-- {
		if c.faults != nil && u.welcomed && c.faults.strike(c, u) {
			continue
		}
		m := u.down[0]
		u.down = u.down[1:]
		c.deliver(u, m)
	}
}

func (c *chat) deliver(u *chatter, m letter) {
	switch m.kind {
	case welcome:
		u.ledger.Join(&u.receiver, u.user, c.ordinal, c.next(u))
		u.welcomed = true
	case broadcast:
		u.ledger.Broadcast(&u.receiver, m.packet, c.now)
	case whisper:
		u.ledger.Whisper(&u.receiver, m.user, m.text, uint64(m.id), c.now)
	}
}

// run lets so many things happen, then everything arrive, and returns what the audit comes to. Who is not settled by then
// is returned as well.
func (c *chat) run(steps int) (t Tally, unsettled []uint32) {
	for range steps {
		c.step()
	}
	for _, u := range c.users {
		for len(u.up) > 0 {
			c.serve(u)
		}
	}
	for _, u := range c.users {
		c.read(u, len(u.down))
	}
	for _, u := range c.users {
		if u.welcomed && !u.ledger.Settled(&u.receiver, c.next(u), &c.outcomes) {
			unsettled = append(unsettled, u.user)
		}
	}
	for _, u := range c.users {
		if u.welcomed {
			u.ledger.Finish(&u.receiver, c.next(u))
		}
	}
	return Merge(c.ordinal, &c.outcomes, c.ledgers...), unsettled
}
