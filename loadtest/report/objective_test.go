package report

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hubbub/loadtest/audit"
)

func TestObjectiveHolds(t *testing.T) {
	r := failedRun()
	whispers := cleanRun()
	for _, of := range []*Totals{&whispers.Total, &whispers.Phases[1].Totals} {
		for _, counts := range []map[Flow]uint64{of.Intended, of.Sent, of.Delivered} {
			delete(counts, Broadcast)
		}
		delete(of.Latency, Broadcast)
	}
	for _, c := range []struct {
		run   *Run
		text  string
		holds bool
		got   string
	}{
		{r, "p99>14ms", true, "broadcast p99 is 14.9 ms"},
		{r, "p99 > 15ms", false, "broadcast p99 is 14.9 ms"},
		{r, "broadcast.p99.9<=1s", true, "broadcast p99.9 is 36.6 ms"},
		{r, "whisper.p97.5<1ms", true, "whisper p97.5 is 208 µs"},
		{r, "login.max>1.5s", false, "login max is 1.10 ms"},
		{r, "mean>0s", true, "broadcast mean is 1.85 ms"},
		{r, "lost>0", true, "lost is 1,412"},
		{r, "lost>1412", false, "lost is 1,412"},
		{r, "lost>=1412", true, "lost is 1,412"},
		{r, "lost<1412", false, "lost is 1,412"},
		{r, "lost<=1412", true, "lost is 1,412"},
		{r, "duplicated>0", false, "duplicated is 0"},
		{r, "unanswered>1", true, "unanswered is 2"},
		{r, "disconnects>=13", true, "disconnects is 13"},
		{r, "refused>1211", true, "refused is 1,212"},
		{r, "login-refused>0", true, "login-refused is 1"},
		{r, "errors>=2641", true, "errors is 2,641"},
		{r, "rate<46/s", true, "broadcast rate is 45/s"},
		{r, "login.rate<201/s", true, "login rate is 200/s"},
		{r, "answer.rate>2000/s", true, "answer rate is 2,050/s"},
		{r, "deliveries<49950.5/s", true, "broadcast deliveries is 49,950/s"},
		{r, "server-cpu>0.5", false, "server-cpu is 0.47 processors"},
		{r, "server-cpu-per-delivery>10us", false, "server-cpu-per-delivery is 9.05 µs"},
		{r, "server-memory>18MiB", true, "server-memory is 18.3 MiB"},
		{r, "generator-memory>=24MiB", true, "generator-memory is 24.0 MiB"},
		{r, "generator-busy>80%", true, "generator-busy is 99.8 %"},
		{r, "generator-busy>0.999", false, "generator-busy is 99.8 %"},
		{r, "generator-cpu>0.59", true, "generator-cpu is 0.60 processors"},
		{r, "generator-lag>20us", true, "generator-lag is 21 µs"},
		{whispers, "p50<96us", true, "whisper p50 is 95 µs"},
		{&Run{Seconds: 2, Total: Totals{Sent: map[Flow]uint64{Whisper: 100}}}, "rate>=50/s", true, "whisper rate is 50/s"},
		{&Run{Total: Totals{Logins: 1}}, "errors>0", false, "errors is 0"},
	} {
		o, err := ParseObjective(c.text)
		if err != nil {
			t.Error(err)
			continue
		}
		if holds, got, err := o.Holds(c.run); holds != c.holds || got != c.got || err != nil || o.String() != c.text {
			t.Errorf("%s: %v, %q, %v; want %v, %q", o, holds, got, err, c.holds, c.got)
		}
	}
}

// TestObjectiveUnknown: a figure that the run does not have is not taken for one that is fine.
func TestObjectiveUnknown(t *testing.T) {
	lostAll := &Run{Seconds: 1, Total: Totals{
		Intended: map[Flow]uint64{Broadcast: 5, Whisper: 5}, Latency: map[Flow]Latency{Whisper: {Count: 5, P99: 1}},
	}}
	summary := &Run{Total: Totals{Latency: map[Flow]Latency{Broadcast: {Count: 5, P99: 1}}}}
	for text, c := range map[string]struct {
		run  *Run
		want string
	}{
		"p99>1s":               {lostAll, "no latency of broadcast was measured"},
		"answer.p99>1s":        {cleanRun(), "no latency of answer was measured"},
		"p98>1s":               {summary, "p98 of broadcast is not known: only its summary was kept"},
		"lost>0":               {lostAll, "the audit had nothing to compare"},
		"errors>0":             {lostAll, "the audit had nothing to compare"},
		"rate<1/s":             {&Run{}, "no phase wanted any broadcast"},
		"login.deliveries<0/s": {cleanRun(), "nothing of login is delivered"},
		"server-cpu>1":         {ceilingRun(), "give --admin"},
		"server-memory>1MiB":   {ceilingRun(), "give --admin"},
		"generator-lag>1s":     {&Run{}, "no message was sent"},
		"generator-cpu>1":      {&Run{}, "no messages were sent for a whole second"},
	} {
		o, err := ParseObjective(text)
		if err != nil {
			t.Error(err)
			continue
		}
		if text == "server-cpu>1" {
			for i := range c.run.Series {
				c.run.Series[i].Server = nil
			}
		}
		if _, _, err := o.Holds(c.run); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", text, err, c.want)
		}
		if v := Judge(c.run, []Objective{o}); v.Passed {
			t.Errorf("%s can't be checked, and the run passed", text)
		}
	}
	if _, _, err := (Objective{}).Holds(cleanRun()); err == nil {
		t.Error("an objective that asks for nothing was answered")
	}
}

func TestParseObjectiveErrors(t *testing.T) {
	for text, want := range map[string]string{
		"p99":                 `objective "p99": it has no > or <; an objective is [flow.]measure`,
		"p99=5ms":             "it has no > or <",
		"":                    "it has no > or <",
		"p99>":                `"" is no value for p99; write a duration as 50ms, 1.5s or 200us`,
		"p99>5":               "write a duration",
		"p99>-5ms":            "write a duration",
		"p99>>5ms":            "write a duration",
		"lost>1.5":            `"1.5" is no value for lost; write a whole number`,
		"rate>900":            "write a rate as 900/s",
		"rate>-1/s":           "write a rate as 900/s",
		"rate>Inf/s":          "write a rate as 900/s",
		"server-memory>many":  "write a size as 64MiB",
		"generator-busy>much": "write a share as 80% or 0.8",
		"p100>5ms":            `there is no measure "p100"; write one of p50, p90`,
		"p0>5ms":              "there is no measure",
		"pNaN>5ms":            "there is no measure",
		"latency>5ms":         `there is no measure "latency"`,
		"bcast.p99>5ms":       `there is no measure "bcast.p99"`,
		"whisper.lost>0":      `lost is told of the whole run; write it without "whisper."`,
	} {
		if _, err := ParseObjective(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestMeasureNames: an error lists every measure, and nothing that is none.
func TestMeasureNames(t *testing.T) {
	words := strings.FieldsFunc(measureNames, func(r rune) bool { return strings.ContainsRune(" ,;()", r) })
	for name := range measures {
		if !slices.Contains(words, name) {
			t.Errorf("%s is not listed", name)
		}
	}
	for _, kind := range audit.Kinds {
		if _, err := measureOf(string(kind)); err != nil || !slices.Contains(words, string(kind)) {
			t.Errorf("%s is not listed, or not known: %v", kind, err)
		}
	}
}

// TestObjectiveOpposites: of a condition and its contrary, one holds.
func TestObjectiveOpposites(t *testing.T) {
	r := failedRun()
	names := []string{"p50", "whisper.p99", "max", "mean", "login.p12.5", "generator-lag"}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "measure")
		value := rapid.SampledFrom([]string{"0s", "416us", "14.9ms", "21us", "1h"}).Draw(t, "value")
		for _, ops := range [][2]string{{">", "<="}, {"<", ">="}} {
			a, err := ParseObjective(name + ops[0] + value)
			if err != nil {
				t.Fatal(err)
			}
			b, err := ParseObjective(name + " " + ops[1] + " " + value)
			if err != nil {
				t.Fatal(err)
			}
			x, _, errA := a.Holds(r)
			y, _, errB := b.Holds(r)
			if x == y || errA != nil || errB != nil {
				t.Fatalf("%s: %v, %s: %v", a, x, b, y)
			}
		}
	})
}

// FuzzParseObjective: whatever is written, it is an objective or an error.
func FuzzParseObjective(f *testing.F) {
	for _, text := range []string{"p99>50ms", "whisper.p99.9 <= 1s", "lost>0", "rate<900/s", "server-memory>64MiB", "generator-busy>80%"} {
		f.Add(text)
	}
	r := cleanRun()
	f.Fuzz(func(t *testing.T, text string) {
		o, err := ParseObjective(text)
		if err != nil {
			return
		}
		o.Holds(r)
		if again, err := ParseObjective(o.String()); err != nil || again.Value != o.Value || again.Measure != o.Measure {
			t.Errorf("%q comes back as %+v: %v", text, again, err)
		}
	})
}

func TestJudge(t *testing.T) {
	never, err := ParseObjective("p99>1h")
	if err != nil {
		t.Fatal(err)
	}
	if v := Judge(cleanRun(), []Objective{never}); !v.Passed || len(v.Reasons) != 0 {
		t.Errorf("a clean run: %v", v)
	}
	for want, spoil := range map[string]func(*Run){
		"1 delivery was lost.":                        func(r *Run) { r.Audit.Counts = map[audit.Kind]uint64{audit.Lost: 1} },
		"2 whispers reached somebody else.":           func(r *Run) { r.Audit.Counts = map[audit.Kind]uint64{audit.Misrouted: 2} },
		"3 requests were refused: 3 SERVER_BUSY.":     func(r *Run) { r.Total.Refused = map[string]uint64{"SERVER_BUSY": 3} },
		"1 login failed: 1 connection refused.":       func(r *Run) { r.Total.LoginRefused = map[string]uint64{"connection refused": 1} },
		"1 connection ended against the plan: 1 EOF.": func(r *Run) { r.Total.Disconnects = map[string]uint64{"EOF": 1} },
		"Nothing was sent, so nothing was measured: give --broadcast or --whisper, or a scenario that has them.": func(r *Run) {
			r.Audit.Checked, r.Total.Sent, r.Total.Delivered = 0, nil, nil
		},
		"Nothing that was sent reached anybody, so nothing was compared: a message needs a second user who reads it.": func(r *Run) {
			r.Audit.Checked, r.Total.Delivered = 0, nil
		},
		"Nobody could log in, so nothing was measured.":                                              func(r *Run) { r.Total.Logins = 0 },
		"The audit compared none of the 3,117,000 deliveries, so it can't say that they were right.": func(r *Run) { r.Audit.Checked = 0 },
	} {
		r := cleanRun()
		spoil(r)
		if v := Judge(r, nil); v.Passed || !slices.Equal(v.Reasons, []string{want}) {
			t.Errorf("got %q, want %q", v.Reasons, want)
		}
	}
	// Each kind has words of its own, so that one of a later version is not forgotten.
	for _, kind := range audit.Kinds {
		if _, ok := faults[kind]; !ok {
			t.Errorf("%s has no words", kind)
		}
	}
}
