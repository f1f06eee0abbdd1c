package scenario

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The bounds of a plan.
const (
	connectionsMax = 16_000_000
	friendsMax     = 16
	sizesMax       = 32
	usersMax       = 20
	phasesMax      = 50
	nameMax        = 64  // bytes
	aboutMax       = 200 // bytes
	rateMax        = 10_000_000
	weightMax      = 1_000_000_000
	slowReadsMax   = 1 << 30
	durationMax    = 24 * time.Hour

	// messageMax is the longest message in bytes: what the 16 bits of a packet's size leave for it beside a header, an
	// id, a name of 32 bytes and two lengths.
	messageMax = math.MaxUint16 - 48
)

// Check reports everything that is wrong with a plan, a line for each. minBytes is the least size of a message, below
// which what the audit writes into it has no room.
func (p *Plan) Check(minBytes int) error { return errors.Join(p.faults(minBytes)...) }

func (p *Plan) faults(minBytes int) []error {
	c := checker{}
	c.text("name", p.Name, 1, nameMax)
	c.text("about", p.About, 0, aboutMax)
	c.count("connections", p.Connections, 1, connectionsMax)
	c.count("friends", p.Friends, 1, friendsMax)
	c.sizes(p.Sizes, minBytes)

	c.count("users", len(p.Users), 1, usersMax)
	names := map[string]bool{}
	for i := range p.Users {
		u := &p.Users[i]
		c.within("users", i, u.Name, names)
		c.users(u)
	}
	c.where = ""
	c.count("phases", len(p.Phases), 1, phasesMax)
	names = map[string]bool{}
	for i := range p.Phases {
		ph := &p.Phases[i]
		c.within("phase", i, ph.Name, names)
		c.phase(ph, p.Connections)
		c.speakers(p, ph)
	}
	c.where = ""
	if len(p.Phases) <= phasesMax && len(c.faults) == 0 {
		c.expect(p.Duration() <= durationMax, "phases", "they take %s together, more than %s",
			duration(p.Duration()), duration(durationMax))
	}
	return c.faults
}

// checker collects what is wrong with a plan.
type checker struct {
	where  string // the phase or kind of users that is looked at, with ": " behind it; empty: the plan itself
	faults []error
}

// expect notes a fault of a field unless all is well.
func (c *checker) expect(well bool, field, format string, args ...any) {
	if !well {
		c.faults = append(c.faults, errors.New(c.where+field+": "+fmt.Sprintf(format, args...)))
	}
}

// within turns to an element of a list, whose name must be one of its own.
func (c *checker) within(list string, i int, name string, names map[string]bool) {
	c.where = list + " " + strconv.Itoa(i+1) + ": "
	c.text("name", name, 1, nameMax)
	c.expect(!names[name], "name", "%q has been given before", name)
	names[name] = true
	if utf8.ValidString(name) && name != "" {
		c.where = list + " " + name + ": "
	}
}

func (c *checker) text(field, s string, shortest, longest int) {
	c.expect(len(s) >= shortest, field, "is empty")
	c.expect(len(s) <= longest, field, "has %d bytes, more than %d", len(s), longest)
	unprintable := strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
	c.expect(utf8.ValidString(s) && !unprintable, field, "%q is not one line of printable text", s)
}

func (c *checker) count(field string, n, low, high int) {
	c.expect(n >= low && n <= high, field, "must be between %d and %d, not %d", low, high, n)
}

func (c *checker) number(field string, n, low, high float64, units []unit) {
	c.expect(n >= low && n <= high, field, "must be between %s and %s, not %s", // not a number is neither
		formatNumber(low, units), formatNumber(high, units), formatNumber(n, units))
}

func (c *checker) weight(field string, n float64) {
	c.expect(n > 0 && n <= weightMax, field, "must be above 0 and at most %d, not %s", weightMax, formatNumber(n, plain))
}

func (c *checker) sizes(sizes Sizes, minBytes int) {
	const field = "message-bytes"
	c.expect(len(sizes) >= 1 && len(sizes) <= sizesMax, field, "must have 1 to %d sizes, not %d", sizesMax, len(sizes))
	for _, s := range sizes {
		c.expect(s.Min <= s.Max, field, "%d..%d ends below its beginning", s.Min, s.Max)
		c.expect(s.Min >= minBytes, field, "%d is below %d, the least that holds what the audit needs", s.Min, minBytes)
		c.expect(s.Max <= messageMax, field, "%d is above %d, the most that fits into a packet", s.Max, messageMax)
		c.weight(field+": weight", s.Weight)
	}
}

func (c *checker) users(u *Users) {
	c.weight("weight", u.Weight)
	c.number("broadcast", u.Broadcast, 0, weightMax, plain)
	c.number("whisper", u.Whisper, 0, weightMax, plain)
}

func (c *checker) phase(ph *Phase, connections int) {
	c.expect(ph.Duration > 0 && ph.Duration <= durationMax, "duration",
		"must be above 0 and at most %s, not %s", duration(durationMax), duration(ph.Duration))
	c.expect(ph.Ramp >= 0 && ph.Ramp <= ph.Duration, "ramp",
		"must be between 0s and the phase's duration of %s, not %s", duration(ph.Duration), duration(ph.Ramp))
	c.expect(ph.Connections >= 0 && ph.Connections <= connections, "connections",
		"must be between 0 and those of the whole scenario, %d, not %d", connections, ph.Connections)
	c.number("broadcast", ph.Broadcast, 0, rateMax, rates)
	c.number("whisper", ph.Whisper, 0, rateMax, rates)
	c.number("churn", ph.Churn, 0, 1, sharesASecond)
	c.number("abrupt", ph.Abrupt, 0, 1, shares)
	c.expect(ph.Abrupt == 0 || ph.Churn != 0, "abrupt", "says how users drop in churn, and there is no churn")
	c.number("frozen", ph.Frozen, 0, 1, shares)
	c.number("slow", ph.Slow, 0, 1, shares)
	c.expect(!(ph.Frozen+ph.Slow > 1), "slow", "with frozen it is more than all users")
	c.count("slow-reads", ph.SlowReads, 0, slowReadsMax)
	c.expect((ph.Slow != 0) == (ph.SlowReads != 0), "slow-reads",
		"slow says how many users are slow readers and slow-reads how slow they are: write both or neither")
}

// speakers: what a phase wants to be sent, somebody must be able to send.
func (c *checker) speakers(p *Plan, ph *Phase) {
	broadcast, whisper := 0.0, 0.0
	for i := range p.Users {
		broadcast = max(broadcast, p.Users[i].Broadcast)
		whisper = max(whisper, p.Users[i].Whisper)
	}
	c.expect(ph.Broadcast == 0 || broadcast > 0, "broadcast", "no kind of users broadcasts: give one broadcast: 1")
	c.expect(ph.Whisper == 0 || whisper > 0, "whisper", "no kind of users whispers: give one whisper: 1")
	c.expect(ph.Whisper == 0 || p.Connections > 1, "whisper", "one user has nobody to whisper to: have 2 connections or more")
}
