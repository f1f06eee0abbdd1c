package report

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"hubbub/loadtest/audit"
)

// lognormal returns a histogram of n values around a median in µs.
func lognormal(seed uint64, n int, median, sigma float64) *hdrhistogram.Histogram {
	random := rand.New(rand.NewPCG(seed, 0))
	h := NewHistogram()
	for range n {
		if err := h.RecordValue(int64(median * math.Exp(sigma*random.NormFloat64()))); err != nil {
			panic(err)
		}
	}
	return h
}

// cleanRun is a run as it should be: a ramp of 5 s, then a minute of broadcasts and whispers among 1,000.
func cleanRun() *Run {
	broadcast, whisper := lognormal(1, 50_000, 310, 0.5), lognormal(2, 120_000, 95, 0.4)
	steady := Totals{
		Intended:  map[Flow]uint64{Broadcast: 3000, Whisper: 120_000},
		Sent:      map[Flow]uint64{Broadcast: 3000, Whisper: 120_000},
		Delivered: map[Flow]uint64{Broadcast: 2_997_000, Whisper: 120_000},
		Answered:  123_000,
		Latency:   map[Flow]Latency{Broadcast: Summarize(broadcast, true), Whisper: Summarize(whisper, true)},
	}
	logins := Summarize(lognormal(3, 1000, 420, 0.3), true)
	r := &Run{
		Format: Format, Started: time.Date(2026, 10, 1, 12, 0, 0, 250e6, time.UTC), Seconds: 65.2,
		Command:     []string{"hubbub", "loadtest", "--scenario", "lobby"},
		Environment: Environment{Version: "1.2.0", System: "linux 6.12 amd64", Processor: "a processor", Processors: 2, Memory: 8 << 30},
		Load:        Load{Scenario: "name: lobby\n", Name: "lobby", Targets: []string{"tcp://127.0.0.1:9000"}, Dialect: "native", Loops: 2},
		Phases: []Phase{
			{Name: "ramp", To: 5, Totals: Totals{Logins: 1000, Latency: map[Flow]Latency{Login: logins}}},
			{Name: "steady", From: 5, To: 65, Totals: steady},
		},
		Audit: audit.Tally{Checked: 3_117_000},
		Generator: Generator{CPUSeconds: 40, PeakResident: 24 << 20, Busy: 0.35,
			Lag: Latency{Count: 123_000, P99: 0.021, Max: 1.24}},
		Server: &Server{URL: "http://127.0.0.1:9001", Version: "1.2.0", CPUSeconds: 31, PeakResident: 19_200_000},
	}
	for _, p := range r.Phases {
		r.Total.Add(&p.Totals)
	}
	r.Total.Latency = map[Flow]Latency{
		Broadcast: steady.Latency[Broadcast], Whisper: steady.Latency[Whisper], Login: logins,
	}
	r.Total.Raw = r.Total.Latency
	for at := 1; at <= 65; at++ {
		s := Second{At: float64(at), Phase: "ramp", LoggedIn: min(1000, at*200), Generator: Usage{CPU: 0.6}, Server: &Usage{CPU: 0.1}}
		if at > 5 {
			s.Phase, s.Server.CPU = "steady", 0.47
			s.Totals.Sent = map[Flow]uint64{Broadcast: 50, Whisper: 2000}
			s.Totals.Delivered = map[Flow]uint64{Broadcast: 49_950, Whisper: 2000}
		}
		r.Series = append(r.Series, s)
	}
	r.Verdict = Judge(r, nil)
	return r
}

// failedRun is one in which everything went wrong that can.
func failedRun() *Run {
	r := cleanRun()
	r.Load.Targets = append(r.Load.Targets, "tcp://127.0.0.1:9010")
	late := lognormal(4, 50_000, 900, 1.2)
	r.Total.Latency[Broadcast] = Summarize(late, true)
	r.Total.Raw = map[Flow]Latency{Broadcast: Summarize(lognormal(1, 50_000, 310, 0.5), false), Whisper: r.Total.Latency[Whisper]}
	r.Phases[1].Totals.Intended = map[Flow]uint64{Broadcast: 3000, Whisper: 120_000}
	r.Phases[1].Totals.Sent = map[Flow]uint64{Broadcast: 2700, Whisper: 120_000}
	r.Total.Left = 1
	r.Total.Refused = map[string]uint64{"RATE_LIMITED": 9, "SERVER_BUSY": 1203}
	r.Total.LoginRefused = map[string]uint64{"LOGIN_USER_FULL": 1}
	r.Total.Disconnects = map[string]uint64{"SLOW_CONSUMER": 12, "connection reset by peer": 1}
	r.Audit = audit.Tally{Checked: 3_117_000, Untracked: 4200,
		Counts: map[audit.Kind]uint64{audit.Lost: 1412, audit.Reordered: 1, audit.Unanswered: 2},
		Findings: []audit.Finding{
			{Kind: audit.Lost, Receiver: 17, Sender: 3, Number: 1204, At: 12401 * time.Millisecond, Note: "it never came, although two later ones of the same sender did"},
			{Kind: audit.Lost, Receiver: 18, Sender: 3, Number: 1204, At: 12402 * time.Millisecond},
			{Kind: audit.Reordered, Receiver: 901, Sender: 44, Number: 2, At: 61 * time.Second, Note: "it came behind number 3"},
			{Kind: audit.Lost, Receiver: 19, Sender: 3, Number: 1204, At: 12403 * time.Millisecond},
			{Kind: audit.Lost, Receiver: 20, Sender: 3, Number: 1204, At: 12404 * time.Millisecond},
		}}
	r.Generator.Bottleneck = "the generator was the limit: its busiest loop had no time left in 31 of 60 seconds"
	r.Generator.Busy = 0.998
	slow, _ := ParseObjective("p99>5ms")
	knows, _ := ParseObjective("answer.p99>5ms")
	r.Verdict = Judge(r, []Objective{slow, knows})
	return r
}

// ceilingRun is a search for the ceiling that the user ended.
func ceilingRun() *Run {
	r := cleanRun()
	r.Interrupted = true
	r.Server = nil
	r.Load.Window = 1
	r.Ceiling = &Ceiling{Objective: "p99<50ms", Knee: 12_000, Unit: "whispers a second", Steps: []Step{
		{Rate: 1000, Achieved: 1000, Met: true, Why: "broadcast p99 is 1.92 ms", P50: 0.31, P99: 1.92},
		{Rate: 12_000, Achieved: 11_998.7, Met: true, Why: "broadcast p99 is 20.1 ms", P50: 4.1, P99: 20.1},
		{Rate: 14_000, Achieved: 13_204, Why: "broadcast p99 is 1.31 s", P50: 412, P99: 1310},
	}}
	return r
}

// earlyRun is a run that the user ended before anything could be measured.
func earlyRun() *Run {
	r := &Run{Seconds: 0.4, Interrupted: true, Load: cleanRun().Load, Phases: []Phase{{Name: "ramp", To: 0.4}}}
	r.Verdict = Judge(r, nil)
	return r
}
