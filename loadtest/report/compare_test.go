package report

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
)

// noisyRun is a run of so many seconds whose figures are around a median in ms, with a noise that lasts: each second
// keeps the share stays of its predecessor's.
func noisyRun(random *rand.Rand, n int, median, sigma, stays float64) *Run {
	r := &Run{
		Phases:  []Phase{{Name: "steady", To: float64(n), Totals: Totals{Sent: map[Flow]uint64{Broadcast: 1}}}},
		Verdict: Verdict{Passed: true},
	}
	noise := random.NormFloat64()
	for at := 1; at <= n; at++ {
		noise = stays*noise + math.Sqrt(1-stays*stays)*random.NormFloat64()
		v := median * math.Exp(sigma*noise)
		r.Series = append(r.Series, Second{At: float64(at), Server: &Usage{CPU: v}, Totals: Totals{
			Latency:   map[Flow]Latency{Broadcast: {Count: 1, P50: v / 4, P99: v}},
			Sent:      map[Flow]uint64{Broadcast: 50},
			Delivered: map[Flow]uint64{Broadcast: 1000},
		}})
	}
	return r
}

// named returns a figure of the seconds by its name.
func named(t *testing.T, name string) metric {
	for _, f := range metrics {
		if f.name == name {
			return f
		}
	}
	t.Fatalf("no figure is called %s", name)
	return metric{}
}

// differing returns in how many of 300 comparisons a difference is told, where the newer run is slower by a factor.
func differing(f metric, n int, sigma, stays, factor float64) (share float64) {
	const trials = 300
	random := rand.New(rand.NewPCG(7, uint64(n)))
	for range trials {
		older, newer := noisyRun(random, n, 2, sigma, stays), noisyRun(random, n, 2*factor, sigma, stays)
		var c Comparison
		c.add(f, observe(f, older.sending()), observe(f, newer.sending()))
		if r := c.Ratios[0]; r.Low > 1 || r.High < 1 {
			share += 1.0 / trials
		}
	}
	return share
}

// TestCompareFalseAlarms: of intervals at 95 % around no difference at most about a twentieth misses it, be the noise of
// the seconds independent or such that it lasts for some of them.
func TestCompareFalseAlarms(t *testing.T) {
	for _, of := range []struct {
		figure string
		n      int
		stays  float64
	}{
		{"broadcast p99", 20, 0.3}, {"broadcast p99", 60, 0}, {"broadcast p99", 60, 0.5}, {"server CPU/delivery", 60, 0.3},
	} {
		share := differing(named(t, of.figure), of.n, 0.2, of.stays, 1)
		t.Logf("%s, %d s, %v of the noise stays: %.1f %% false alarms", of.figure, of.n, of.stays, share*100)
		if share > 0.08 || share < 0.005 {
			t.Errorf("%s, %d s, %v of the noise stays: %.1f %% false alarms, want about 5 %%", of.figure, of.n, of.stays, share*100)
		}
	}
}

// TestCompareFinds: a difference of a tenth is seen in a minute that is as noisy as a quiet machine's.
func TestCompareFinds(t *testing.T) {
	for _, name := range []string{"broadcast p99", "server CPU/delivery"} {
		if share := differing(named(t, name), 60, 0.1, 0.3, 1.1); share < 0.9 {
			t.Errorf("%s: a difference of 10 %% is found in %.1f %% of the comparisons", name, share*100)
		}
	}
}

// TestComparePhases: what differs between the phases of a run by plan does not blur the difference between two runs.
func TestComparePhases(t *testing.T) {
	spiky := func(seed uint64, median float64) *Run {
		random := rand.New(rand.NewPCG(seed, 0))
		calm, spike := noisyRun(random, 40, median, 0.05, 0), noisyRun(random, 40, 20*median, 0.05, 0)
		for i := range spike.Series {
			spike.Series[i].At += 40
		}
		spike.Phases[0].From, spike.Phases[0].To = 40, 80
		calm.Phases, calm.Series = append(calm.Phases, spike.Phases...), append(calm.Series, spike.Series...)
		return calm
	}
	for _, r := range Compare(spiky(1, 2), spiky(2, 2.2)).Ratios[:2] {
		if r.Words != "slower" || r.Low < 1.05 || r.High > 1.15 {
			t.Errorf("%s is %.2f to %.2f: %s", r.Name, r.Low, r.High, r.Words)
		}
	}
}

func TestCompareTooShort(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	c := Compare(noisyRun(random, 7, 2, 0.1, 0), noisyRun(random, 60, 4, 0.1, 0))
	for _, r := range c.Ratios {
		if r.Low != 0 || r.High != 0 || r.Words != tooShort {
			t.Errorf("%s of 7 seconds: %v to %v, %s", r.Name, r.Low, r.High, r.Words)
		}
	}
}

// TestCompareSending: seconds outside of the phases that send, and across their borders, are not looked at.
func TestCompareSending(t *testing.T) {
	r := noisyRun(rand.New(rand.NewPCG(1, 1)), 60, 2, 0.1, 0)
	r.Phases = []Phase{{Name: "ramp", To: 10.5}, {Name: "steady", From: 10.5, To: 60, Totals: r.Phases[0].Totals}}
	if c := Compare(r, r); c.Seconds != [2]int{49, 49} {
		t.Errorf("%v seconds of sending, want those from 12 to 60", c.Seconds)
	}
}

func TestCompareText(t *testing.T) {
	older := noisyRun(rand.New(rand.NewPCG(1, 1)), 60, 2, 0.1, 0.3)
	newer := noisyRun(rand.New(rand.NewPCG(2, 1)), 60, 2.3, 0.1, 0.3)
	for i := range newer.Series {
		newer.Series[i].Server = &Usage{CPU: older.Series[i].Server.CPU * 1.01}
	}
	older.Load, newer.Load = cleanRun().Load, cleanRun().Load
	older.Total.Latency = map[Flow]Latency{Broadcast: {Count: 1, P99: 2.6, Max: 14}}
	newer.Total.Latency = map[Flow]Latency{Broadcast: {Count: 1, P99: 2.9, Max: 1012}}
	older.Generator.PeakResident, newer.Generator.PeakResident = 24<<20, 25<<20
	write := func(name string, older, newer *Run, width int) {
		var out bytes.Buffer
		if err := Compare(older, newer).Text(&out, width, false); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.String())
	}
	write("compare.txt", older, newer, 80)
	write("compare.60.txt", older, newer, 60)
	write("compare.same.txt", older, older, 80)

	newer.Load.Scenario, newer.Load.Targets, newer.Load.Answers = "name: other\n", nil, true
	newer.Environment.Processors = 4
	newer.Interrupted, newer.Seconds, newer.Verdict.Passed = true, 31.5, false
	newer.Generator.Bottleneck = "it was"
	newer.Series = newer.Series[:5]
	write("compare.beware.txt", older, newer, 80)
	write("compare.nothing.txt", &Run{}, newer, 80)
}

// TestStudentT holds the expansion against the tables.
func TestStudentT(t *testing.T) {
	for freedom, want := range map[float64]float64{3: 3.182, 5: 2.571, 9: 2.262, 30: 2.042} {
		if got := studentT(freedom); math.Abs(got/want-1) > 0.01 {
			t.Errorf("with %v degrees of freedom %.3f, want %.3f", freedom, got, want)
		}
	}
}
