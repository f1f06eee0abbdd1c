package swarm_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/internal/chattest"
	"hubbub/loadtest/audit"
	"hubbub/loadtest/scenario"
	"hubbub/loadtest/swarm"
)

func TestMain(m *testing.M) { chattest.Main(m) }

// start runs a server whose clients may say as much as they like, and take their time to log in.
func start(t *testing.T, flags ...string) netip.AddrPort {
	t.Helper()
	s := chattest.Serve(t, append([]string{"--message-rate=0", "--login-timeout=2m", "--drain=100ms"}, flags...)...)
	return netip.MustParseAddrPort(s.Address)
}

// run runs a swarm and returns what it counted.
func run(t *testing.T, c swarm.Config) (*swarm.Second, audit.Tally) {
	t.Helper()
	return observe(t, c, func(*swarm.Second) {})
}

// observe is run with a look at every second.
func observe(t *testing.T, c swarm.Config, look func(*swarm.Second)) (*swarm.Second, audit.Tally) {
	t.Helper()
	return watch(t.Context(), t, c, look)
}

// watch is observe for a run that also ends when ctx does.
func watch(ctx context.Context, t *testing.T, c swarm.Config, look func(*swarm.Second)) (*swarm.Second, audit.Tally) {
	t.Helper()
	if err := c.Plan.Check(audit.StampBytes); err != nil {
		t.Fatal(err)
	}
	total := swarm.NewSecond()
	c.Second = func(s *swarm.Second) {
		look(s)
		total.Add(s)
		total.LoggedIn = max(total.LoggedIn, s.LoggedIn)
	}
	c.Prefix, c.Mark, c.Seed = "user", 7, 1
	if c.Drain == 0 {
		c.Drain = 30 * time.Second // what a loss costs, not what anything takes
	}
	s, err := swarm.New(c)
	if err != nil {
		t.Fatal(err)
	}
	tally, err := s.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return total, tally
}

// plan is a scenario in the form of the files.
func plan(t *testing.T, text string) *scenario.Plan {
	t.Helper()
	p, err := scenario.Parse("test.yaml", []byte("name: test\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const steady = `
connections: 60
phases:
  - {name: arrive, duration: 200ms}
  - {name: steady, duration: 1s, broadcast: 100/s, whisper: 200/s}
`

func TestSteady(t *testing.T) {
	f := func(t *testing.T, dialect codec.Dialect, loops int) {
		t.Helper()
		total, tally := run(t, swarm.Config{Plan: plan(t, steady), Targets: []netip.AddrPort{start(t)}, Dialect: dialect,
			Loops: loops, Answers: true})
		if !tally.Clean() {
			t.Errorf("the audit found %v: %+v", tally.Counts, tally.Findings)
		}
		if total.Logins != 60 || total.LoggedIn != 60 {
			t.Errorf("%d logins, %d at once; want 60", total.Logins, total.LoggedIn)
		}
		if l := total.Latency[swarm.Login]; l.TotalCount() != 60 || l.Min() == 0 {
			t.Errorf("of %d logins one took %d µs from the wish to connect", l.TotalCount(), l.Min())
		}
		b, w := total.Sent[swarm.Broadcast], total.Sent[swarm.Whisper]
		if b != 100 || w != 200 {
			t.Errorf("%d broadcasts and %d whispers were sent, want 100 and 200", b, w)
		}
		if got := total.Delivered[swarm.Broadcast]; got != b*59 {
			t.Errorf("%d broadcasts came to %d receivers, want %d", b, got, b*59)
		}
		if got := total.Delivered[swarm.Whisper]; got != w {
			t.Errorf("%d whispers arrived of %d", got, w)
		}
		for flow, want := range map[swarm.Flow]uint64{swarm.Broadcast: b * 59, swarm.Whisper: w, swarm.Login: 60} {
			latency, raw := total.Latency[flow].TotalCount(), total.Raw[flow].TotalCount()
			if uint64(latency) != want || raw != latency {
				t.Errorf("%d latencies of %s and %d raw ones were recorded, want %d", latency, flow, raw, want)
			}
		}
		if got := tally.Checked; got != b*59+w {
			t.Errorf("%d deliveries were checked, want %d", got, b*59+w)
		}
		if dialect == codec.Native && total.Answered != b+w {
			t.Errorf("%d answers to %d messages", total.Answered, b+w)
		}
		if len(total.Refused)+len(total.LoginRefused)+len(total.Disconnects) > 0 {
			t.Errorf("refused %v, logins refused %v, disconnects %v", total.Refused, total.LoginRefused, total.Disconnects)
		}
	}
	t.Run("native", func(t *testing.T) { f(t, codec.Native, 1) })
	t.Run("three loops", func(t *testing.T) { f(t, codec.Native, 3) })
	t.Run("classic", func(t *testing.T) { f(t, codec.Classic, 2) })
}

// TestChurn: users leave and come back while everybody talks, until enough of them have, however long that takes. What is
// said is so little that a busy machine keeps up with it.
func TestChurn(t *testing.T) {
	f := func(t *testing.T, dialect codec.Dialect, abrupt string) {
		t.Helper()
		const leave, login = 60, 120
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		left, logins := uint64(0), uint64(0)
		total, tally := watch(ctx, t, swarm.Config{Plan: plan(t, `
connections: 80
friends: 2
phases:
  - {name: arrive, duration: 100ms}
  - {name: churn, duration: 2m, broadcast: 20/s, whisper: 400/s, churn: 50%/s`+abrupt+`}
`), Targets: []netip.AddrPort{start(t)}, Dialect: dialect, Loops: 2, Answers: true}, func(s *swarm.Second) {
			if left, logins = left+s.Left, logins+s.Logins; left >= leave && logins >= login {
				stop()
			}
		})
		if !tally.Clean() {
			t.Errorf("the audit found %v: %+v", tally.Counts, tally.Findings)
		}
		if total.Left < leave || total.Logins < login {
			t.Errorf("%d left and %d logged in, so nothing was decided", total.Left, total.Logins)
		}
		if len(total.Refused)+len(total.LoginRefused)+len(total.Disconnects) > 0 {
			t.Errorf("refused %v, logins refused %v, disconnects %v", total.Refused, total.LoginRefused, total.Disconnects)
		}
	}
	t.Run("native", func(t *testing.T) { f(t, codec.Native, ", abrupt: 50%") })
	t.Run("classic", func(t *testing.T) { f(t, codec.Classic, "") })
}

// TestGrowthWithChurn: a phase that grows ends when it should, although some of its users are away at any moment.
func TestGrowthWithChurn(t *testing.T) {
	c := swarm.Config{Plan: plan(t, `
connections: 100
phases:
  - {name: grow, duration: 1s, ramp: 100ms, churn: 100%/s}
  - {name: shrink, duration: 300ms, connections: 3, ramp: 0s}
  - {name: grow again, duration: 1s, connections: 100, ramp: 0s, churn: 100%/s, whisper: 100/s}
`), Targets: []netip.AddrPort{start(t)}, Loops: 2, Answers: true}
	var last time.Duration
	total, tally := observe(t, c, func(s *swarm.Second) {
		if s.Phase != "" {
			last = s.At
		}
	})
	if !tally.Clean() || len(total.Refused)+len(total.LoginRefused)+len(total.Disconnects) > 0 {
		t.Errorf("the audit found %v, refused %v, logins refused %v, disconnects %v", tally.Counts, total.Refused, total.LoginRefused, total.Disconnects)
	}
	if last > 4*time.Second {
		t.Errorf("2.3 s took %s", last)
	}
}

// TestLateLoops: loops that are held up for longer than phases take send all the same what each phase wanted, and what
// they send late counts as late from the moment at which it was wanted.
func TestLateLoops(t *testing.T) {
	text := "connections: 10\nphases:\n  - {name: arrive, duration: 200ms}\n"
	for i := range 20 {
		text += fmt.Sprintf("  - {name: phase %d, duration: 50ms, broadcast: 100/s}\n", i)
	}
	held := false
	total, tally := observe(t, swarm.Config{Plan: plan(t, text), Targets: []netip.AddrPort{start(t)}, Loops: 2, Answers: true},
		func(s *swarm.Second) {
			if !held && s.Index == 3 {
				held = true
				<-time.After(800 * time.Millisecond)
			}
		})
	if !tally.Clean() {
		t.Errorf("the audit found %v: %+v", tally.Counts, tally.Findings)
	}
	if got := total.Sent[swarm.Broadcast]; got < 99 || got != total.Intended[swarm.Broadcast] {
		t.Errorf("%d broadcasts were sent of %d, want all 100", got, total.Intended[swarm.Broadcast])
	}
	latency, raw, lag := total.Latency[swarm.Broadcast].Mean(), total.Raw[swarm.Broadcast].Mean(), total.Lag.Mean()
	if lag < 50_000 || latency < raw+lag/2 {
		t.Errorf("on average messages left %.0f µs late and arrived %.0f µs after their moment, %.0f µs after they were sent", lag, latency, raw)
	}
}

// TestTooMuch: a load that no generator can bear ends, its remainder is told as not sent, and the server is
// accused of nothing.
func TestTooMuch(t *testing.T) {
	c := swarm.Config{Plan: plan(t, `
connections: 10
phases:
  - {name: arrive, duration: 100ms}
  - {name: too much, duration: 1s, broadcast: 10/s, whisper: 10000000/s}
`), Targets: []netip.AddrPort{start(t)}, Loops: 1, Answers: true}
	total, tally := run(t, c)
	if !tally.Clean() {
		t.Errorf("the audit found %v", tally.Counts)
	}
	if len(total.Refused)+len(total.Disconnects) > 0 {
		t.Errorf("refused %v, disconnects %v", total.Refused, total.Disconnects)
	}
	if got := total.Intended[swarm.Whisper]; got < 9_990_000 || total.Sent[swarm.Whisper] >= got {
		t.Errorf("%d messages were wanted and %d sent, want some 10,000,000 and less", got, total.Sent[swarm.Whisper])
	}
}

// TestReadersThatDoNotRead: the kernels and the outbox take less than the 14 MB that a reader leaves, and those who read are
// behind by what is in flight at most, two megabytes, however slow the machine is. Large messages make that many bytes cheap.
func TestReadersThatDoNotRead(t *testing.T) {
	const enough = 450
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	sent := uint64(0)
	total, tally := watch(ctx, t, swarm.Config{Plan: plan(t, `
connections: 10
message-bytes: 32000
phases:
  - {name: arrive, duration: 100ms}
  - {name: frozen, duration: 2m, broadcast: 1/s, frozen: 10%, slow: 10%, slow-reads: 2KiB/s}
`), Targets: []netip.AddrPort{start(t, "--outbox-bytes=6MiB", "--max-message=32768", "--max-packet=40000")}, Loops: 1, Answers: true,
		Window: 64}, func(s *swarm.Second) {
		if sent += s.Sent[swarm.Broadcast]; sent >= enough {
			stop()
		}
	})
	if !tally.Clean() {
		t.Errorf("the audit found %v: %+v", tally.Counts, tally.Findings)
	}
	if total.Left != 2 {
		t.Errorf("%d readers were closed, want 2; disconnects %v", total.Left, total.Disconnects)
	}
	if len(total.Disconnects) > 0 {
		t.Errorf("disconnects %v", total.Disconnects)
	}
}

// TestSlowReaders: they read as fast as the phase says, also when a packet is more than what they read at a time.
func TestSlowReaders(t *testing.T) {
	total, tally := run(t, swarm.Config{Plan: plan(t, `
connections: 12
message-bytes: 1000
phases:
  - {name: arrive, duration: 100ms}
  - {name: slow, duration: 3s, broadcast: 50/s, slow: 8%, slow-reads: 4KiB/s}
  - {name: leave, duration: 100ms, connections: 0, ramp: 0s}
`), Targets: []netip.AddrPort{start(t)}, Loops: 3})
	if !tally.Clean() {
		t.Errorf("the audit found %v: %+v", tally.Counts, tally.Findings)
	}
	const slow = 3 * 4 // packets of a little more than 1 KiB
	quick := total.Sent[swarm.Broadcast] * 10
	if got := total.Delivered[swarm.Broadcast]; got < quick+slow/2 || got > quick+slow*2 {
		t.Errorf("%d broadcasts of %d came to a slow reader, want about %d", int(got)-int(quick), total.Sent[swarm.Broadcast], slow)
	}
}

// TestShortHeartbeat: users who say nothing keep the shortest heartbeat that a server can ask for.
func TestShortHeartbeat(t *testing.T) {
	total, _ := run(t, swarm.Config{Plan: plan(t, "connections: 200\nphases:\n  - {name: silence, duration: 6s, ramp: 0s}\n"),
		Targets: []netip.AddrPort{start(t, "--heartbeat=1s")}, Loops: 1})
	if len(total.Disconnects) > 0 {
		t.Errorf("disconnects %v", total.Disconnects)
	}
}

// TestForeignSource: an address that this machine does not have is not taken for one without free ports.
func TestForeignSource(t *testing.T) {
	total, _ := run(t, swarm.Config{Plan: plan(t, "connections: 1\nphases:\n  - {name: nobody, duration: 100ms, ramp: 0s}\n"),
		Targets: []netip.AddrPort{start(t)}, Sources: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Loops: 1})
	for reason := range total.LoginRefused {
		if !strings.Contains(reason, "192.0.2.1") {
			t.Errorf("the reason is %q and does not name the address", reason)
		}
	}
	if len(total.LoginRefused) == 0 {
		t.Error("the login was not refused")
	}
}

func TestClosedLoop(t *testing.T) {
	f := func(t *testing.T, phase string, flow swarm.Flow, loops int) {
		t.Helper()
		total, tally := run(t, swarm.Config{Plan: plan(t, `
connections: 40
phases:
  - {name: arrive, duration: 100ms}
  - {name: full, duration: 1s, `+phase+`: 1/s}
`), Targets: []netip.AddrPort{start(t)}, Loops: loops, Answers: false, Window: 4})
		if !tally.Clean() {
			t.Errorf("the audit found %v: %+v", tally.Counts, tally.Findings)
		}
		if got := total.Latency[flow].TotalCount(); uint64(got) != total.Delivered[flow] {
			t.Errorf("%d latencies were recorded of %d deliveries", got, total.Delivered[flow])
		}
		if total.Sent[flow] < 100 {
			t.Errorf("%d were sent in a second", total.Sent[flow])
		}
	}
	t.Run("broadcast", func(t *testing.T) { f(t, "broadcast", swarm.Broadcast, 1) })
	t.Run("broadcast from two loops", func(t *testing.T) { f(t, "broadcast", swarm.Broadcast, 2) })
	t.Run("whisper", func(t *testing.T) { f(t, "whisper", swarm.Whisper, 2) })
}

// TestTooMany: what a machine can't give is told before anybody connects.
func TestTooMany(t *testing.T) {
	_, err := swarm.New(swarm.Config{Plan: &scenario.Plan{Connections: 1 << 20}, Loops: 1, Dialect: codec.Native,
		Targets: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1")}})
	if err == nil || !strings.Contains(err.Error(), "give --source-addresses") {
		t.Errorf("a million connections from one address: %v", err)
	}
}
