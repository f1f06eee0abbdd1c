package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"hubbub/loadtest/audit"
)

// load is a stretch of a made-up run: how much of what is wanted, and how slow the server is then.
type load struct {
	name                           string
	seconds                        int
	users                          int // at its end
	broadcasts, whispers           float64
	churn                          float64 // users that leave and come again in each second
	broadcastMedian, whisperMedian float64 // ms
}

// made is a run in the making: counts and histograms of the whole and of the phase.
type made struct {
	run    *Run
	random *rand.Rand
	users  int
	hdr    map[*Totals]map[string]*hdrhistogram.Histogram
}

// cleanSample is a run of a lobby: ramp, steady, spike and churn, and nothing goes wrong.
func cleanSample() *Run {
	return makeRun([]load{
		{"ramp", 30, 2000, 5, 100, 0, .6, .2},
		{"steady", 60, 2000, 30, 1000, 0, .9, .25},
		{"spike", 15, 2000, 200, 4000, 0, 6, 1.4},
		{"churn", 60, 2000, 30, 1000, 40, 1.1, .3},
		{"last", 15, 2000, 0, 0, 0, 1, 1},
	})
}

// failedSample is the same with a server that stalls for a second, loses messages and throws users out.
func failedSample() *Run {
	r := makeRun([]load{
		{"ramp", 30, 2000, 5, 100, 0, .6, .2},
		{"steady", 60, 2000, 30, 1000, 0, .9, .25},
		{"spike", 15, 2000, 400, 9000, 0, 70, 30},
		{"churn", 60, 2000, 30, 1000, 60, 1.4, .5},
	})
	for i := range r.Series {
		s := &r.Series[i].Totals
		if i > 90 && i < 104 {
			s.Refused = map[string]uint64{"RATE_LIMITED": uint64(40 + i*7%31), "SERVER_BUSY": uint64(900 + i*131%700)}
			s.Disconnects = map[string]uint64{"SLOW_CONSUMER": uint64(i * 3 % 17)}
		}
		if i > 120 && i%9 == 0 {
			s.LoginRefused = map[string]uint64{"connection refused": 12}
		}
		for of, to := range map[*map[string]uint64]*map[string]uint64{
			&s.Refused: &r.Total.Refused, &s.Disconnects: &r.Total.Disconnects, &s.LoginRefused: &r.Total.LoginRefused,
		} {
			for name, n := range *of {
				if *to == nil {
					*to = map[string]uint64{}
				}
				(*to)[name] += n
			}
		}
	}
	for i := range r.Phases { // as the whole would be
		if r.Phases[i].Name == "spike" {
			r.Phases[i].Totals.Refused, r.Phases[i].Totals.Disconnects = r.Total.Refused, r.Total.Disconnects
		}
	}
	r.Audit.Counts = map[audit.Kind]uint64{audit.Lost: 1204, audit.Reordered: 3, audit.Unanswered: 17}
	for i := range 100 {
		r.Audit.Findings = append(r.Audit.Findings, audit.Finding{Kind: audit.Lost, Receiver: uint32(17 * i % 2000),
			Sender: 40, Number: uint64(8120 + i), ID: 381_640_270_137_888_768 + uint64(i)<<12,
			At:   96*time.Second + time.Duration(i)*13*time.Millisecond,
			Note: "The broadcasts before and after it came; the other receivers have it."})
	}
	r.Audit.Findings = append(r.Audit.Findings, audit.Finding{Kind: audit.Reordered, Receiver: 7, Sender: 12, Number: 88,
		At: 97 * time.Second, Note: "It came behind number 89."})
	r.Generator.Bottleneck = "The generator's busiest loop was working for 97 % of the spike: part of the latency there is its own."
	r.Interrupted = true
	r.Verdict = Verdict{Reasons: []string{
		"1,204 deliveries were lost, 3 were reordered and 17 requests were never answered.",
		"The server refused 17,000 requests with SERVER_BUSY and 700 with RATE_LIMITED.",
		"104 users were disconnected as SLOW_CONSUMER.",
		"--fail-if 'p99>50ms': p99 was 203 ms.",
	}}
	return r
}

// ceilingSample is a run in search of the ceiling.
func ceilingSample() *Run {
	r := makeRun([]load{{"search", 90, 500, 100, 0, 0, 1, 1}})
	r.Ceiling = &Ceiling{Objective: "p99<50ms", Knee: 3000, Unit: "broadcasts a second"}
	for _, rate := range []float64{500, 1000, 2000, 4000, 3000, 3500, 3750} {
		p99 := 2 + 6/(1-min(rate, 3990)/4000)
		r.Ceiling.Steps = append(r.Ceiling.Steps, Step{Rate: rate, Achieved: min(rate, 3810), Met: p99 < 50, P50: p99 / 7,
			P99: p99, Why: "p99 was " + strconv.FormatFloat(p99, 'f', 1, 64) + " ms"})
	}
	return r
}

// soakSample is a plain run of so many seconds.
func soakSample(seconds int) *Run {
	return makeRun([]load{{"ramp", 30, 500, 5, 10, 0, .6, .2}, {"steady", seconds - 30, 500, 20, 300, 5, 1, .3}})
}

func makeRun(loads []load) *Run {
	m := &made{run: &Run{
		Format: Format, Started: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC),
		Command: []string{"hubbub", "loadtest", "--target", "tcp://10.0.0.7:9000", "--scenario", "lobby",
			"--fail-if", "p99>50ms", "--admin", "http://10.0.0.7:9001", "--html", "lobby.html"},
		Environment: Environment{Version: "1.4.0", System: "linux 6.8.0, amd64", Processor: "AMD EPYC 7B13", Processors: 2,
			Memory: 8 << 30, Files: 65536},
		Load: Load{Name: "lobby", Targets: []string{"tcp://10.0.0.7:9000"}, Dialect: "native", Answers: true, Loops: 1,
			Seed:     42,
			Scenario: "name: lobby\nconnections: 2000\nphases:\n  - {name: ramp, duration: 30s, connections: 2000}\n"},
		Generator: Generator{CPUSeconds: 71.4, PeakResident: 38 << 20, Busy: .41,
			Lag: Latency{Count: 230_000, P50: .02, P99: .31, Max: 6.2}},
		Server: &Server{URL: "http://10.0.0.7:9001", Version: "1.4.0", CPUSeconds: 88.1, PeakResident: 44 << 20,
			Before: map[string]float64{"hubbub_sessions": 0, `hubbub_writes_total{loop="0"}`: 0, "go_goroutines": 14,
				"hubbub_panics_total": 0},
			After: map[string]float64{"hubbub_sessions": 2000, `hubbub_writes_total{loop="0"}`: 18_231_007,
				"go_goroutines": 19, "hubbub_panics_total": 0, "process_cpu_seconds_total": 88.132}},
		Verdict: Verdict{Passed: true},
	}, random: rand.New(rand.NewPCG(1, 2)), hdr: map[*Totals]map[string]*hdrhistogram.Histogram{}}
	r := m.run
	r.Total = emptyTotals()
	for _, l := range loads {
		m.phase(l)
	}
	m.summarize(&r.Total)
	r.Audit.Checked = r.Total.Delivered[Broadcast] + r.Total.Delivered[Whisper]
	return r
}

func emptyTotals() Totals {
	return Totals{Intended: map[Flow]uint64{}, Sent: map[Flow]uint64{}, Delivered: map[Flow]uint64{},
		Latency: map[Flow]Latency{}, Raw: map[Flow]Latency{}}
}

func (m *made) phase(l load) {
	r := m.run
	p := Phase{Name: l.name, From: r.Seconds, To: r.Seconds + float64(l.seconds), Totals: emptyTotals()}
	begin := m.users
	for i := range l.seconds {
		come := begin + (l.users-begin)*(i+1)/l.seconds - m.users
		m.users += come
		r.Seconds++
		s := Second{At: r.Seconds, Phase: l.name, Connections: m.users, Totals: emptyTotals()}
		s.LoggedIn = m.users - int(l.churn/4)
		s.Totals.Left = uint64(l.churn * (.8 + .4*m.random.Float64()))
		s.Totals.Logins = uint64(come) + s.Totals.Left
		to := []*Totals{&r.Total, &p.Totals, &s.Totals}
		m.latencies(to, Login, s.Totals.Logins, 2.5+l.churn/20, 0)
		late := 0.0
		if l.broadcastMedian > 20 {
			late = 60 + 40*m.random.Float64()
		}
		m.messages(to, Broadcast, l.broadcasts, float64(m.users), l.broadcastMedian, late)
		m.messages(to, Whisper, l.whispers, 1, l.whisperMedian, late)
		busy := (l.broadcasts*float64(m.users) + 3*l.whispers) / 250_000
		s.Generator = Usage{CPU: busy * (.7 + .1*m.random.Float64()), Resident: uint64(20<<20 + m.users*6000), Busy: busy,
			Lag: .1 + m.random.ExpFloat64()*.2 + late}
		s.Server = &Usage{CPU: busy * (.9 + .1*m.random.Float64()), Resident: uint64(24<<20 + m.users*9000),
			Sessions: m.users}
		if i == 20 {
			s.Server = nil // it did not answer in time
		}
		for _, t := range to[:2] {
			t.Logins, t.Left = t.Logins+s.Totals.Logins, t.Left+s.Totals.Left
		}
		s.Totals.BytesOut = uint64((l.broadcasts + l.whispers) * 80)
		s.Totals.BytesIn = uint64((l.broadcasts*float64(m.users) + l.whispers) * 96)
		r.Total.BytesIn += s.Totals.BytesIn
		r.Series = append(r.Series, s)
	}
	m.summarize(&p.Totals)
	r.Phases = append(r.Phases, p)
}

func (m *made) messages(to []*Totals, f Flow, rate, receivers, median, late float64) {
	n := uint64(rate * (.97 + .06*m.random.Float64()))
	for _, t := range to {
		t.Intended[f] += uint64(rate)
		t.Sent[f] += n
		t.Delivered[f] += uint64(float64(n) * receivers)
	}
	m.latencies(to, f, uint64(float64(n)*receivers), median, late)
	if f == Whisper {
		for _, t := range to {
			t.Answered += n
		}
		m.latencies(to, Answer, n, median*.8, late)
	}
}

// latencies draws 40 values, each for an equal share of n, log-normal as a queue's are, for the second and for the
// whole and the phase that it is in.
func (m *made) latencies(to []*Totals, f Flow, n uint64, median, late float64) {
	var values []float64
	for range min(n, 40) {
		v := median * math.Exp(m.random.NormFloat64()*.7)
		values = append(values, v+late)
		for _, t := range to[:2] {
			m.record(t, string(f), v+late, n/min(n, 40))
			m.record(t, string(f)+" raw", v, n/min(n, 40))
		}
	}
	if slices.Sort(values); n > 0 {
		last := len(values) - 1
		to[2].Latency[f] = Latency{Count: n, P50: values[last/2], P99: values[last*99/100], Max: values[last]}
	}
}

func (m *made) record(t *Totals, name string, ms float64, n uint64) {
	if m.hdr[t] == nil {
		m.hdr[t] = map[string]*hdrhistogram.Histogram{}
	}
	if m.hdr[t][name] == nil {
		m.hdr[t][name] = hdrhistogram.New(1, 600_000_000, 3)
	}
	_ = m.hdr[t][name].RecordValues(int64(ms*1000), int64(n)) // within the range
}

func (m *made) summarize(t *Totals) {
	for _, f := range Flows {
		if h := m.hdr[t][string(f)]; h != nil {
			t.Latency[f] = summary(h)
			t.Raw[f] = summary(m.hdr[t][string(f)+" raw"])
		}
	}
}

func summary(h *hdrhistogram.Histogram) Latency {
	at := func(p float64) float64 { return float64(h.ValueAtPercentile(p)) / 1000 }
	encoded, _ := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase) // to memory, where nothing fails
	return Latency{Count: uint64(h.TotalCount()), Min: at(0), Mean: h.Mean() / 1000, P50: at(50), P90: at(90), P99: at(99),
		P999: at(99.9), P9999: at(99.99), Max: float64(h.Max()) / 1000, HDR: string(encoded)}
}
