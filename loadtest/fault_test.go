package loadtest

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/internal/chattest"
	"hubbub/loadtest/audit"
	"hubbub/loadtest/report"
	"hubbub/loadtest/scenario"
)

func TestMain(m *testing.M) { chattest.Main(m) }

// startServer runs a server whose clients may say as much as they like, and take their time to log in. It returns its
// address.
func startServer(t *testing.T) string {
	t.Helper()
	return chattest.Serve(t, "--message-rate=0", "--login-timeout=2m", "--drain=100ms").Address
}

// Each load test waits at its end for what is under way. Where nothing may be lost that is a last resort and as long as
// anything; where something is, it is waited for, for longer than the server, which is another process, gets no processor
// from a busy machine.
const (
	forNothing = time.Minute
	forLosses  = 15 * time.Second
)

// load runs a load test of so many users against an address.
func load(t *testing.T, address string, users int, phases string, drain time.Duration) *report.Run {
	t.Helper()
	plan, err := scenario.Parse("test.yaml", fmt.Appendf(nil, "name: test\nconnections: %d\nphases:\n%s", users, phases))
	if err != nil {
		t.Fatal(err)
	}
	run, err := Run(t.Context(), Config{Plan: plan, Targets: []netip.AddrPort{netip.MustParseAddrPort(address)}, Loops: 2, Drain: drain})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// TestFaultsAreCaught: every message that a faulty network spoils is found, counted exactly and told as what it is, and
// nothing else is.
func TestFaultsAreCaught(t *testing.T) {
	const (
		notify  = codec.TypeBroadcastNotify
		whisper = codec.TypeWhisperNotify
	)
	f := func(fault fault, every int64, kind codec.Type, want ...audit.Kind) {
		t.Run(fmt.Sprintf("%v one in %d of %v", want, every, kind), func(t *testing.T) {
			t.Parallel()
			users, phases := 60, "  - {name: all, duration: 1500ms, broadcast: 600/s}\n"
			switch {
			case kind == whisper: // two users in each loop: whoever whispers to one is the same
				users, phases = 4, "  - {name: all, duration: 700ms, whisper: 10000/s}\n"
			case kind == codec.TypeLoginResponse || kind == codec.TypeLogoutResponse:
				phases = "  - {name: all, duration: 1500ms, ramp: 100ms, broadcast: 100/s, churn: 100%/s}\n"
			case every < 10_000:
				phases = "  - {name: all, duration: 1500ms, broadcast: 350/s}\n"
			}
			p, address := startProxy(t, startServer(t), fault, every, kind)
			drain := forNothing
			if fault != none {
				drain = forLosses
			}
			if kind != codec.TypeLoginResponse { // nobody speaks before all have come, however long that takes
				phases = "  - {name: arrive, duration: 100ms}\n" + phases
			}
			run := load(t, address, users, phases, drain)
			spoiled := uint64(p.spoiled.Load())
			if fault != none && spoiled == 0 {
				t.Fatalf("nothing was spoiled among %d messages", p.passed.Load())
			}
			var found uint64
			for _, kind := range want {
				found += run.Audit.Counts[kind]
			}
			if all := total(run.Audit.Counts); found != spoiled || all != found {
				t.Errorf("%d messages of %d were spoiled, the audit found %v: %+v", spoiled, p.passed.Load(), run.Audit.Counts, run.Audit.Findings)
			}
			if passed := fault == none; run.Verdict.Passed != passed {
				t.Errorf("the verdict is %+v", run.Verdict)
			}
		})
	}
	f(none, 1, notify)
	f(none, 1, whisper)
	for _, every := range []int64{1000, 20_000} {
		f(drop, every, notify, audit.Lost)
		f(double, every, notify, audit.Duplicated)
		f(swap, every, notify, audit.Reordered, audit.Disordered)
		f(alter, every, notify, audit.Altered)
	}
	f(drop, 1000, whisper, audit.Lost)
	f(double, 1000, whisper, audit.Duplicated)
	f(swap, 1000, whisper, audit.Reordered)
	f(alter, 1000, whisper, audit.Altered)
	f(drop, 100, codec.TypeBroadcastResponse, audit.Unanswered)
	f(drop, 50, codec.TypeLoginResponse, audit.Unanswered)
	f(drop, 50, codec.TypeLogoutResponse, audit.Unanswered)
}

// TestAnswersThatOvertake: a server that answers a failure before the success of what came earlier, because that waits
// for the database, is accused of nothing; and an answer that is lost is found all the same, whichever it is.
func TestAnswersThatOvertake(t *testing.T) {
	f := func(t *testing.T, fault fault) {
		t.Parallel()
		// Each user sends some 300 broadcasts. However they bunch on a slow machine, no more than 200 or so are refused, and
		// 500, five bursts, are needed to be disconnected for it; and some are refused, unless all take 20 s.
		server := chattest.Serve(t, "--message-rate=10", "--message-burst=100", "--login-timeout=2m", "--drain=100ms", "--database=sqlite", "--data-dir="+t.TempDir())
		p, address := startProxy(t, server.Address, fault, 100, codec.TypeBroadcastResponse)
		drain := forNothing
		if fault != none {
			drain = forLosses
		}
		run := load(t, address, 5, "  - {name: arrive, duration: 100ms}\n  - {name: all, duration: 2s, broadcast: 750/s}\n", drain)
		if fault != none && p.spoiled.Load() == 0 {
			t.Fatalf("nothing was spoiled among %d answers", p.passed.Load())
		}
		if run.Total.Refused["RATE_LIMITED"] == 0 || p.overtaken.Load() == 0 {
			t.Errorf("%v was refused, and %d answers were overtaken, so nothing was decided", run.Total.Refused, p.overtaken.Load())
		}
		found, spoiled := run.Audit.Counts[audit.Unanswered], uint64(p.spoiled.Load())
		if all := total(run.Audit.Counts); found != spoiled || all != found {
			t.Errorf("%d answers were lost, the audit found %v: %+v", spoiled, run.Audit.Counts, run.Audit.Findings)
		}
		end := time.Duration(run.Seconds * float64(time.Second)) // of what came; what is missing then is told after the wait
		if spoiled > 0 && (len(run.Audit.Findings) == 0 || run.Audit.Findings[0].At > end) {
			t.Errorf("that answers were lost was told only at the end, after %v: %+v", end, run.Audit.Findings)
		}
		if len(run.Total.Disconnects) > 0 {
			t.Errorf("connections ended: %v", run.Total.Disconnects)
		}
	}
	t.Run("none lost", func(t *testing.T) { f(t, none) })
	t.Run("some lost", func(t *testing.T) { f(t, drop) })
}

func total(counts map[audit.Kind]uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// TestPauseIsCharged: a server that stops for a second in the middle is charged for every message that should have been
// sent meanwhile, and not only for those that were on their way.
func TestPauseIsCharged(t *testing.T) {
	p, address := startProxy(t, startServer(t), none, 1, codec.TypeBroadcastNotify)
	go p.pause(time.Second)
	run := load(t, address, 20, "  - {name: arrive, duration: 200ms}\n  - {name: steady, duration: 3s, broadcast: 200/s}\n", forNothing)
	l := run.Total.Latency[report.Broadcast]
	if l.P99 < 900 || l.P90 < 500 {
		t.Errorf("of 3 s the server stood still for 1 s, and p90 is %.0f ms and p99 %.0f ms", l.P90, l.P99)
	}
	if !run.Verdict.Passed {
		t.Errorf("the verdict is %+v", run.Verdict)
	}
}

// TestSlowIsNotLost: what is still coming at the end is waited for, however long it takes.
func TestSlowIsNotLost(t *testing.T) {
	_, address := startProxy(t, startServer(t), delay, 1, codec.TypeBroadcastNotify)
	run := load(t, address, 4, "  - {name: all, duration: 700ms, ramp: 0s, broadcast: 1000/s}\nmessage-bytes: 1000\n", time.Second)
	if l := run.Total.Latency[report.Broadcast]; l.Max < 2000 {
		t.Errorf("the slowest message took %.0f ms, so nothing was to be waited for", l.Max)
	}
	if !run.Verdict.Passed {
		t.Errorf("the verdict is %+v", run.Verdict)
	}
}

// TestBreachesAreTold: what ends a connection, or should, is counted as often as it happens, and whoever it happens to
// comes back.
func TestBreachesAreTold(t *testing.T) {
	f := func(fault fault, every int64, kind codec.Type, reason string) {
		t.Run(fmt.Sprintf("%v at one in %d of %v", fault, every, kind), func(t *testing.T) {
			t.Parallel()
			p, address := startProxy(t, startServer(t), fault, every, kind)
			run := load(t, address, 40, "  - {name: all, duration: 3s, ramp: 100ms, broadcast: 100/s, whisper: 200/s}\n", forLosses)
			var told uint64
			for got, n := range run.Total.Disconnects {
				if strings.Contains(got, reason) {
					told += n
				}
			}
			if spoiled := uint64(p.spoiled.Load()); told != spoiled || told == 0 || count(run.Total.Disconnects) != told {
				t.Errorf("%d connections were to be ended, and these were: %v", spoiled, run.Total.Disconnects)
			}
			if !run.Audit.Clean() || run.Total.Logins <= 40 || run.Verdict.Passed {
				t.Errorf("%d logins, the audit found %v: %+v, the verdict is %+v", run.Total.Logins, run.Audit.Counts, run.Audit.Findings, run.Verdict)
			}
		})
	}
	f(double, 50, codec.TypeWhisperResponse, "request that waits for none")
	f(double, 20, codec.TypeLoginResponse, "login that nobody asked for")
	f(garbage, 3000, codec.TypeBroadcastNotify, "broke the protocol")
	f(cut, 3000, codec.TypeBroadcastNotify, "") // closed, reset or broken, by what was on its way
	f(cut, 100, codec.TypeWhisperNotify, "")
}
