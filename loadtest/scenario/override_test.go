package scenario

import (
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWith(t *testing.T) {
	p := parsed(t, `
name: x
connections: 1000
phases:
  - {name: arrive, duration: 20s}
  - {name: steady, duration: 60s, broadcast: 20/s, whisper: 200/s}
  - {name: half, duration: 20s, connections: 500, ramp: 10s, broadcast: 40/s}
  - {name: few, duration: 20s, connections: 1, ramp: 0s}
  - {name: none, duration: 20s, connections: 0, ramp: 20s}
`)
	if err := p.With(Override{}); err != nil || !reflect.DeepEqual(p, parsed(t, p.YAML())) {
		t.Errorf("without flags the plan becomes %+v, %v", p, err)
	}
	err := p.With(Override{
		Connections: new(100), Ramp: new(5 * time.Second), Broadcast: new(Rate(10)), Whisper: new(Rate(20)),
		MessageBytes: Sizes{{1, 100, 200}}, Duration: new(9 * time.Second),
	})
	want := parsed(t, `
name: x
connections: 100
message-bytes: 100..200
phases:
  - {name: arrive, duration: 2s}
  - {name: steady, duration: 6s, broadcast: 5/s, whisper: 20/s}
  - {name: half, duration: 2s, connections: 50, ramp: 1s, broadcast: 10/s}
  - {name: few, duration: 2s, connections: 1, ramp: 0s}
  - {name: none, duration: 2s, connections: 0, ramp: 2s}
`)
	if err != nil || !reflect.DeepEqual(p, want) {
		t.Errorf("%v, got\n%s\nwant\n%s", err, p.YAML(), want.YAML())
	}
}

func TestWithLeavesOutWhatIsEmpty(t *testing.T) {
	p, _ := Builtin("lobby")
	if err := p.With(Override{Ramp: new(time.Duration(0)), Whisper: new(Rate(0))}); err != nil {
		t.Fatal(err)
	}
	if first := p.Phases[0]; len(p.Phases) != 3 || first.Name != "steady" || first.Whisper != 0 || first.Broadcast != 20 {
		t.Errorf("left are %+v", p.Phases)
	}
	if phase, connections := p.At(0); phase != 0 || connections != 1000 {
		t.Errorf("without a ramp the plan begins in phase %d with %d connections", phase, connections)
	}
}

func TestWithSaysWhatDoesNotGo(t *testing.T) {
	for _, test := range []struct {
		text, want string
		flags      Override
	}{
		{"{name: come, duration: 1s}", "scenario x: --broadcast 0.5/s: none of its phases has a rate of broadcasts that " +
			"could be scaled; give one of them one", Override{Broadcast: new(Rate(0.5))}},
		{"{name: come, duration: 1s}", "scenario x: --whisper 5/s: none of its phases has a rate of whispers that " +
			"could be scaled; give one of them one", Override{Whisper: new(Rate(5))}},
		{"{name: come, duration: 1s}", "scenario x: --duration 1m: it is nothing but ramps, which --ramp scales",
			Override{Duration: new(time.Minute)}},
		{"{name: come, duration: 1s, ramp: 0s}", "scenario x: --ramp 1m: it has no ramp that could be scaled",
			Override{Ramp: new(time.Minute)}},
		{"{name: come, duration: 1s, whisper: 1/s}", "scenario x doesn't go with the flags: phase come: whisper: one user " +
			"has nobody to whisper to: have 2 connections or more", Override{Connections: new(1)}},
		{"{name: come, duration: 1s, whisper: 1/s}", "scenario x doesn't go with the flags: phase come: whisper: " +
			"must be between 0/s and 10000000/s, not -1/s", Override{Whisper: new(Rate(-1))}},
		{"{name: come, duration: 1s}", "scenario x doesn't go with the flags: phases: must be between 1 and 50, not 0",
			Override{Ramp: new(time.Duration(0))}},
	} {
		p := parsed(t, "name: x\nconnections: 10\nphases:\n  - "+test.text)
		before := p.YAML()
		if err := p.With(test.flags); err == nil || err.Error() != test.want {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
		if p.YAML() != before {
			t.Errorf("in spite of the error the plan becomes\n%s", p.YAML())
		}
	}
}

// TestWithKeepsProportions: ramps and the rest take exactly the time that was asked for, in the proportions that they
// had, and the largest rate is the one that was asked for.
func TestWithKeepsProportions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		ramps, rates := times(p)
		broadcast := Rate(rapid.Float64Range(0.001, rateMax).Draw(t, "rate"))
		wanted := time.Duration(rapid.Int64Range(int64(2*time.Hour), int64(12*time.Hour)).Draw(t, "time"))
		before := *p
		var o Override
		if rates > 0 {
			o.Broadcast = &broadcast
		}
		if ramps > 0 {
			o.Ramp = &wanted
		}
		if p.Duration() > ramps {
			o.Duration = &wanted
		}
		if err := p.With(o); err != nil {
			t.Fatal(err)
		}
		gotRamps, gotRates := times(p)
		if rates > 0 && Rate(gotRates) != broadcast {
			t.Fatalf("the largest rate is %g, want %g", gotRates, broadcast)
		}
		if ramps > 0 && gotRamps != wanted || before.Duration() > ramps && p.Duration()-gotRamps != wanted {
			t.Fatalf("ramps take %s, the rest %s, want %s", gotRamps, p.Duration()-gotRamps, wanted)
		}
		if ramps == 0 || len(p.Phases) != len(before.Phases) {
			return
		}
		for i := range p.Phases {
			got, want := float64(p.Phases[i].Ramp)/float64(wanted), float64(before.Phases[i].Ramp)/float64(ramps)
			if math.Abs(got-want) > 1e-9 {
				t.Fatalf("phase %d has %g of the ramps, had %g", i, got, want)
			}
		}
	})
}

// times returns how long a plan's ramps take together, and its largest rate of broadcasts.
func times(p *Plan) (ramps time.Duration, broadcast float64) {
	for i := range p.Phases {
		ramps += p.Phases[i].Ramp
		broadcast = max(broadcast, p.Phases[i].Broadcast)
	}
	return ramps, broadcast
}

func TestSimple(t *testing.T) {
	for _, test := range []struct {
		flags Override
		want  []Phase
	}{
		{Override{}, []Phase{
			{Name: "ramp", Duration: 10 * time.Second, Ramp: 10 * time.Second, Connections: 1000},
			{Name: "steady", Duration: time.Minute, Connections: 1000, Broadcast: 10, Whisper: 100},
		}},
		{Override{Broadcast: new(Rate(50))}, []Phase{
			{Name: "ramp", Duration: 10 * time.Second, Ramp: 10 * time.Second, Connections: 1000},
			{Name: "steady", Duration: time.Minute, Connections: 1000, Broadcast: 50},
		}},
		{Override{Ramp: new(time.Duration(0)), Whisper: new(Rate(0))}, []Phase{
			{Name: "steady", Duration: time.Minute, Connections: 1000},
		}},
		{Override{Connections: new(10_000), Ramp: new(30 * time.Second), Broadcast: new(Rate(50)), Whisper: new(Rate(2000)),
			Duration: new(90 * time.Second)}, []Phase{
			{Name: "ramp", Duration: 30 * time.Second, Ramp: 30 * time.Second, Connections: 10_000},
			{Name: "steady", Duration: 90 * time.Second, Connections: 10_000, Broadcast: 50, Whisper: 2000},
		}},
		{Override{Ramp: new(time.Duration(0)), Duration: new(time.Second)}, []Phase{
			{Name: "steady", Duration: time.Second, Connections: 1000, Broadcast: 10, Whisper: 100},
		}},
	} {
		p := Simple(test.flags)
		if err := p.Check(minBytes); err != nil || !reflect.DeepEqual(p.Phases, test.want) {
			t.Errorf("got  %+v, %v\nwant %+v", p.Phases, err, test.want)
		}
	}
	if p := Simple(Override{MessageBytes: Sizes{{1, 200, 200}}}); p.Sizes.String() != "200" {
		t.Errorf("messages have %s bytes", p.Sizes)
	}
	if err := Simple(Override{Connections: new(0)}).Check(minBytes); err == nil {
		t.Error("a load of nobody passes the check")
	}
}
