package swarm

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"hubbub/codec"
	"hubbub/loadtest/audit"
	"hubbub/loadtest/scenario"
)

// Config says whom to load, with what, and how to tell of it.
type Config struct {
	Plan    *scenario.Plan
	Targets []netip.AddrPort // users take them in turn; all belong to one chat
	Sources []netip.Addr     // local addresses, taken in turn; none: the system's choice
	Dialect codec.Dialect
	Prefix  string        // of the users' names; their number follows
	Mark    uint16        // of this run's messages, to tell them from others'
	Loops   int           // event loops, at least 1
	Seed    uint64        // of everything that is drawn by lot
	Window  int           // > 0: a closed loop, with so many messages in flight; 0: open
	Answers bool          // every message asks for an answer; classic knows none
	Drain   time.Duration // how long to wait at the end for more of what is still under way
	// Next is asked for another phase when the plan's are over, nil ends the run. It is called from Run's goroutine. Its
	// phases want no more connections than the plan has. May be nil.
	Next func() *scenario.Phase
	// Second is told of every second, from one goroutine. Its argument is reused when it returns.
	Second func(*Second)
}

// reserved is how many descriptors a process needs besides its connections.
const reserved = 64

func (c *Config) check() error {
	var errs []error
	add := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(len(c.Targets) == 0, "no target is given")
	add(c.Loops < 1 || c.Loops > 256, "the event loops must be 1 to 256, not %d", c.Loops)
	add(c.Window < 0, "a closed loop's window must be at least 1, not %d", c.Window)
	most := c.Plan.Connections
	files := openFiles()
	add(uint64(most)+reserved > files,
		"%d connections need %d open files and this process may have %d: raise the limit (ulimit -n) or take fewer",
		most, most+reserved, files)
	ports := localPorts() * len(c.Targets)
	add(ports > 0 && most > ports*max(1, len(c.Sources)),
		"%d connections are more than the %d ports that a local address has: give --source-addresses, at least %d of them",
		most, ports, (most+ports-1)/max(1, ports))
	for _, p := range c.Plan.Phases {
		add(p.Whisper > 0 && most < 2*c.Loops, "phase %q: whispering takes two users for each of the %d event loops", p.Name, c.Loops)
		add(p.Abrupt > 0 && p.Churn > 0 && !c.asks(),
			"phase %q: users who drop without a logout need answers to their messages, else nobody can tell what was accepted; set abrupt to 0", p.Name)
	}
	if c.Dialect == codec.Classic {
		for _, s := range c.Plan.Sizes {
			add(s.Max > 1024, "the classic dialect carries at most 1024 bytes, not %d", s.Max)
		}
	}
	for _, s := range c.Plan.Sizes {
		add(s.Min < audit.StampBytes, "messages need at least %d bytes, for the audit's stamp; %d is too small", audit.StampBytes, s.Min)
	}
	return errors.Join(errs...)
}

// asks reports whether messages get answers.
func (c *Config) asks() bool { return c.Answers && c.Dialect == codec.Native }
