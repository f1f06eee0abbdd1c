package loadtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"hubbub/codec"
	"hubbub/loadtest/audit"
	"hubbub/loadtest/live"
	"hubbub/loadtest/report"
	"hubbub/loadtest/scenario"
	"hubbub/loadtest/swarm"
)

// Config is a load test. Plan and Targets must be given, the rest has defaults.
type Config struct {
	Plan    *scenario.Plan
	Targets []netip.AddrPort // of one chat; users take them in turn
	Sources []netip.Addr     // local addresses; none: the system's choice
	Dialect codec.Dialect
	Loops   int           // event loops; default: one less than there are processors, at least 1
	Seed    uint64        // of all that is drawn by lot; default: drawn itself
	Window  int           // > 0: a closed loop, with so many messages in flight
	Silent  bool          // messages ask for no answers
	Drain   time.Duration // how long to wait at the end for more of what is still under way; default: 10 s

	Admin     string             // URL of the server's operators' endpoint; empty: unknown
	Objective *report.Objective  // find the highest rate that meets it; nil: no search
	Step      time.Duration      // how long the search stays at a rate; default: 5 s
	FailIf    []report.Objective // besides what fails every run

	Command []string  // for the report
	Version string    // of this program
	Out     io.Writer // where progress is shown; nil: nowhere
	Abandon func()    // at the second Ctrl+C in the live view; nil: nothing
}

const (
	defaultDrain = 10 * time.Second
	defaultStep  = 5 * time.Second
)

func (c Config) withDefaults(processors int) Config {
	if c.Loops == 0 {
		c.Loops = max(1, min(processors-1, c.Plan.Connections/2))
	}
	if c.Seed == 0 {
		c.Seed = rand.Uint64()
	}
	if c.Drain == 0 {
		c.Drain = defaultDrain
	}
	if c.Step == 0 {
		c.Step = defaultStep
	}
	return c
}

// Run puts the load on the targets and returns what it found. The error says that there was no run, or that it broke
// off because of the generator; what the server did wrong is in the report's verdict. When ctx ends, sending ends too,
// and the report tells what was measured until then.
func Run(ctx context.Context, c Config) (*report.Run, error) {
	env := environment(c.Version)
	c = c.withDefaults(env.Processors)
	ctx, end := context.WithCancel(ctx)
	defer end()
	if last := c.Plan.Phases[len(c.Plan.Phases)-1]; c.Objective != nil && last.Broadcast+last.Whisper == 0 {
		return nil, errors.New("the search for the ceiling starts at the rates of the last phase, and it has none: give --broadcast or --whisper")
	}
	if err := knock(ctx, c.Targets, c.Sources); err != nil {
		return nil, err
	}
	watch, err := watchServer(ctx, c.Admin)
	if err != nil {
		return nil, err
	}
	defer watch.close()
	if c.Objective != nil {
		c.Plan = firstStep(c.Plan, c.Step)
	}
	rec := newRecorder(&c, env, watch)
	rec.stopped = ctx.Err
	// Names and marks tell this run's users and messages from those of another one at the same server.
	mark := uint16(rand.Uint32())
	s, err := swarm.New(swarm.Config{Plan: c.Plan, Targets: c.Targets, Sources: c.Sources, Dialect: c.Dialect,
		Prefix: audit.UserPrefix(mark), Mark: mark, Loops: c.Loops, Seed: c.Seed, Window: c.Window,
		Answers: !c.Silent, Drain: c.Drain, Next: rec.nextStep, Second: rec.second})
	if err != nil {
		return nil, err
	}
	if c.Out != nil {
		rec.view = live.New(c.Out, live.Config{Name: c.Plan.Name, Targets: rec.run.Load.Targets, End: end, Abandon: c.Abandon})
	}
	rec.begin()
	tally, err := s.Run(ctx)
	if rec.view != nil {
		rec.view.Close()
	}
	if err != nil {
		return nil, err
	}
	return rec.end(tally, ctx.Err() != nil), nil
}

// knockLimit is how long a target may take to accept a connection.
const knockLimit = 5 * time.Second

// knock connects to every target once: a mistyped address should be told before a run, not by it.
func knock(ctx context.Context, targets []netip.AddrPort, sources []netip.Addr) error {
	dialer := net.Dialer{Timeout: knockLimit}
	if len(sources) > 0 {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(sources[0], 0))
	}
	for _, target := range targets {
		conn, err := dialer.DialContext(ctx, "tcp", target.String())
		if err != nil {
			return fmt.Errorf("nobody answers at %s: %w; is the server running there?", target, err)
		}
		conn.Close()
	}
	return nil
}

// answers reports whether messages get any: the classic dialect has none.
func (c *Config) answers() bool { return !c.Silent && c.Dialect == codec.Native }
