package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/loadtest"
	"hubbub/loadtest/audit"
	"hubbub/loadtest/report"
	"hubbub/loadtest/scenario"
	"hubbub/server"
)

// loadtestCmd puts a load on a server, or tells of the scenarios that come with the program.
type loadtestCmd struct {
	Run  loadtestRunCmd  `cmd:"" default:"withargs" help:"Put a load on a server, check all that arrives, and report."`
	List loadtestListCmd `cmd:"" help:"List the scenarios that come with the program."`
	Show loadtestShowCmd `cmd:"" help:"Print a scenario, to start one of your own from."`
}

// Help is what the command's --help tells besides its commands.
func (*loadtestCmd) Help() string {
	return `The word run may be left out, and its flags are told by hubbub loadtest run --help:

    hubbub loadtest --connections 1000 --broadcast 50/s --whisper 500/s --html report.html`
}

// loadtestRunCmd puts a load on a server.
type loadtestRunCmd struct {
	Target []string `default:"tcp://127.0.0.1:9000" placeholder:"URL" help:"The server: tcp://HOST:PORT, or classic://HOST:PORT for the original's packets. Several addresses of one chat are used in turn (default: ${default})."`
	Admin  string   `placeholder:"URL" help:"The server's operators' endpoint, as in http://127.0.0.1:9001: its own figures then stand in the report."`

	Scenario     *string        `placeholder:"NAME|FILE" help:"A scenario: one that comes with the program (list), or a YAML file. The flags below change it."`
	Connections  *int           `placeholder:"1000" help:"Users, each with a connection (default: 1000, or the scenario's)."`
	Ramp         *time.Duration `placeholder:"10s" help:"How long it takes until all are logged in (default: 10s, or the scenario's)."`
	Duration     *time.Duration `placeholder:"60s" help:"How long messages are sent, after the ramp (default: 60s, or the scenario's)."`
	Broadcast    *scenario.Rate `placeholder:"10/s" help:"Broadcasts, of all users together (default: 10/s, or the scenario's; none with --whisper alone)."`
	Whisper      *scenario.Rate `placeholder:"100/s" help:"Whispers, of all users together (default: 100/s, or the scenario's; none with --broadcast alone)."`
	MessageBytes scenario.Sizes `placeholder:"64" help:"Bytes of a message: a number, a range as in 64..512, or a mixture as in 64*90 1000*10 (default: 64, or the scenario's)."`

	ClosedLoop  *int          `placeholder:"WINDOW" help:"Send the next message when one has arrived, with so many in flight, instead of at moments given by the rates: it shows throughput and hides latency."`
	FindCeiling *string       `placeholder:"OBJECTIVE" help:"Raise the rates until an objective breaks, as in 'p99<50ms', and report the highest that met it."`
	Step        time.Duration `default:"5s" help:"How long the search for the ceiling stays at a rate (default: ${default})."`
	NoAnswers   bool          `help:"Messages ask for no answer: what the server refuses can't be told apart from what it loses."`
	Drain       time.Duration `default:"10s" help:"How long to wait at the end for more of what is still under way (default: ${default})."`

	SourceAddresses string `placeholder:"A-B" help:"Local addresses to connect from, as in 127.0.0.2-127.0.0.60: one has ports for 28,000 connections to a target."`
	Loops           int    `help:"Event loops of the generator (default: one less than there are processors)."`
	Seed            uint64 `help:"Makes what is drawn by lot the same again. 0: drawn itself (default)."`

	FailIf  []string `sep:"none" placeholder:"CONDITION" help:"Fail when it holds, as in 'p99>50ms' or 'lost>0'; may be given more than once. Every audit finding, refusal and disconnect fails a run anyway."`
	JSON    *string  `name:"json" placeholder:"FILE" help:"Write the report as JSON."`
	HDR     *string  `name:"hdr" placeholder:"FILE" help:"Write the latencies as an HdrHistogram log."`
	HTML    *string  `name:"html" placeholder:"FILE" help:"Write the report as a page with charts, in one file."`
	Compare *string  `placeholder:"FILE" help:"Compare with the JSON report of an earlier run."`
}

// Help is what the command's --help tells besides its flags.
func (c *loadtestRunCmd) Help() string {
	return `Two examples:

    hubbub loadtest --connections 1000 --broadcast 50/s --whisper 500/s --html report.html
    hubbub loadtest --scenario churn --target tcp://chat.example.org:9000 --admin http://chat.example.org:9001

Every message has a moment at which it should be sent, and latency counts from it: a server that stops for a second is
charged for all that should have been sent meanwhile. Every message carries a number and a checksum, and every receiver
is checked: what is lost, doubled, out of order or altered fails the run.

The exit status is 0 when the run passed, 1 when it failed, and the last lines say why. Ctrl+C ends it with the report
of what was measured until then. Run it against servers that are yours: its messages stay in their history, until
hubbub history purge --marked removes them.`
}

// Run puts the load on the server and reports.
func (c *loadtestRunCmd) Run(ctx context.Context) error {
	config, err := c.config(ctx)
	if err != nil {
		return err
	}
	if err := c.writable(); err != nil { // before the run, which may take hours
		return err
	}
	var old *report.Run
	if c.Compare != nil {
		if old, err = report.ReadFile(*c.Compare); err != nil {
			return fmt.Errorf("--compare: %w", err)
		}
	}
	run, err := loadtest.Run(ctx, config)
	if err != nil {
		return err
	}
	width, color := outputStyle()
	// Neither is to be lost because the other can't be written.
	if err := errors.Join(run.Text(os.Stdout, width, color), c.write(run)); err != nil {
		return err
	}
	if old != nil {
		if err := report.Compare(old, run).Text(os.Stdout, width, color); err != nil {
			return err
		}
	}
	if !run.Verdict.Passed {
		os.Exit(1) // the report has said why
	}
	return nil
}

// config is the load test that the flags describe.
func (c *loadtestRunCmd) config(ctx context.Context) (config loadtest.Config, err error) {
	config = loadtest.Config{Loops: c.Loops, Seed: c.Seed, Silent: c.NoAnswers, Drain: c.Drain,
		Admin: c.Admin, Step: c.Step, Command: os.Args, Version: server.Version(), Out: os.Stderr,
		Abandon: func() { os.Exit(1) }}
	if c.ClosedLoop != nil {
		config.Window = *c.ClosedLoop
	}
	if config.Plan, err = c.plan(); err != nil {
		return config, err
	}
	if config.Targets, config.Dialect, err = targets(ctx, c.Target); err != nil {
		return config, fmt.Errorf("--target: %w", err)
	}
	if config.Sources, err = addressRange(c.SourceAddresses); err != nil {
		return config, fmt.Errorf("--source-addresses: %w", err)
	}
	for _, text := range c.FailIf {
		condition, err := report.ParseObjective(text)
		if err != nil {
			return config, fmt.Errorf("--fail-if: %w", err)
		}
		config.FailIf = append(config.FailIf, condition)
	}
	if c.FindCeiling != nil {
		if c.ClosedLoop != nil {
			return config, errors.New("--find-ceiling looks for a rate and --closed-loop has none: give one of them")
		}
		objective, err := report.ParseObjective(*c.FindCeiling)
		if err != nil {
			return config, fmt.Errorf("--find-ceiling: %w", err)
		}
		config.Objective = &objective
	}
	return config, nil
}

// plan is the scenario with what the flags change.
func (c *loadtestRunCmd) plan() (*scenario.Plan, error) {
	override := scenario.Override{Connections: c.Connections, Ramp: c.Ramp, Duration: c.Duration, Broadcast: c.Broadcast,
		Whisper: c.Whisper, MessageBytes: c.MessageBytes}
	if c.Scenario == nil {
		plan := scenario.Simple(override)
		return plan, plan.Check(audit.StampBytes)
	}
	plan, err := scenario.Load(*c.Scenario)
	if err != nil {
		return nil, err
	}
	if err := plan.With(override); err != nil {
		return nil, err
	}
	return plan, plan.Check(audit.StampBytes)
}

// writable reports which of the files that were asked for can't be written.
func (c *loadtestRunCmd) writable() error {
	var errs []error
	for _, file := range []struct {
		flag string
		path *string
	}{{"--json", c.JSON}, {"--hdr", c.HDR}, {"--html", c.HTML}} {
		if file.path == nil {
			continue
		}
		if err := report.Writable(*file.path); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file.flag, err))
		}
	}
	return errors.Join(errs...)
}

// write writes the files that were asked for.
func (c *loadtestRunCmd) write(run *report.Run) error {
	var errs []error
	for _, file := range []struct {
		path  *string
		write func(string) error
	}{{c.JSON, run.WriteFile}, {c.HDR, run.WriteHDR}, {c.HTML, run.WriteHTML}} {
		if file.path != nil {
			errs = append(errs, file.write(*file.path))
		}
	}
	return errors.Join(errs...)
}

// Validate reports what is wrong with the flags. kong calls it.
func (c *loadtestRunCmd) Validate() error {
	empty := func(text *string) bool { return text != nil && *text == "" }
	for _, check := range []struct {
		bad  bool
		text string
	}{
		{empty(c.Scenario), "--scenario is empty: name one of hubbub loadtest list, or a file, or leave it away"},
		{empty(c.JSON), "--json is empty: name a file, or leave it away"},
		{empty(c.HDR), "--hdr is empty: name a file, or leave it away"},
		{empty(c.HTML), "--html is empty: name a file, or leave it away"},
		{empty(c.Compare), "--compare is empty: name the JSON report of an earlier run, or leave it away"},
		{empty(c.FindCeiling), "--find-ceiling is empty: say an objective, such as 'p99<50ms', or leave it away"},
		{c.ClosedLoop != nil && *c.ClosedLoop < 1, "--closed-loop must be at least 1 message in flight"},
		{c.Loops < 0 || c.Loops > 256, "--loops must be between 0, which is one less than there are processors, and 256"},
		{c.Step <= 0, "--step must be longer than 0s"},
		{c.Drain <= 0, "--drain must be longer than 0s: what is under way when it ends counts as lost"},
	} {
		if check.bad {
			return errors.New(check.text)
		}
	}
	return nil
}

// outputStyle is the width of the standard output and whether it shows colours.
func outputStyle() (width int, color bool) {
	const plainWidth = 80
	fd := int(os.Stdout.Fd())
	if width, _, err := term.GetSize(fd); err == nil && width > 0 {
		return min(width, 100), os.Getenv("NO_COLOR") == ""
	}
	return plainWidth, false
}

// targets resolves the servers' addresses, which must all speak one dialect.
func targets(ctx context.Context, urls []string) (found []netip.AddrPort, dialect codec.Dialect, err error) {
	for i, url := range urls {
		scheme, address, ok := strings.Cut(url, "://")
		if !ok {
			scheme, address = "tcp", url
		}
		d, known := map[string]codec.Dialect{"tcp": codec.Native, "classic": codec.Classic}[scheme]
		switch {
		case !known:
			return nil, 0, fmt.Errorf("%s: the scheme must be tcp or classic, not %q", url, scheme)
		case i > 0 && d != dialect:
			return nil, 0, fmt.Errorf("%s: all targets of a run speak one dialect", url)
		}
		dialect = d
		resolved, err := resolve(ctx, client.WithPort(address))
		if err != nil {
			return nil, 0, err
		}
		found = append(found, resolved...)
	}
	return found, dialect, nil
}

// resolve returns the addresses behind HOST:PORT.
func resolve(ctx context.Context, address string) (found []netip.AddrPort, err error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", service)
	if err != nil {
		return nil, err
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	return []netip.AddrPort{netip.AddrPortFrom(addrs[0].Unmap(), uint16(port))}, nil
}

// mostSources bounds a range of addresses that was mistyped.
const mostSources = 65536

// addressRange reads "A-B", or one address.
func addressRange(text string) (found []netip.Addr, err error) {
	if text == "" {
		return nil, nil
	}
	first, last, ok := strings.Cut(text, "-")
	if !ok {
		last = first
	}
	from, err := netip.ParseAddr(first)
	if err != nil {
		return nil, err
	}
	to, err := netip.ParseAddr(last)
	if err != nil {
		return nil, err
	}
	if from.Compare(to) > 0 || from.Is4() != to.Is4() {
		return nil, fmt.Errorf("%s is no range: it must go upwards, as in 127.0.0.2-127.0.0.60", text)
	}
	for a := from; a.Compare(to) <= 0; a = a.Next() {
		if found = append(found, a); len(found) > mostSources {
			return nil, fmt.Errorf("%s has more than %d addresses", text, mostSources)
		}
	}
	return found, nil
}

// loadtestListCmd lists the scenarios.
type loadtestListCmd struct{}

// Run prints them.
func (*loadtestListCmd) Run() error {
	for _, plan := range scenario.Builtins() {
		fmt.Printf("%-10s %s\n", plan.Name, plan.About)
	}
	return nil
}

// loadtestShowCmd prints a scenario.
type loadtestShowCmd struct {
	Scenario string `arg:"" placeholder:"NAME|FILE" help:"Which one."`
}

// Run prints it.
func (c *loadtestShowCmd) Run() error {
	plan, err := scenario.Load(c.Scenario)
	if err != nil {
		return err
	}
	fmt.Print(plan.YAML())
	return nil
}
