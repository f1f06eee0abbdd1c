package scenario

import (
	"fmt"
	"reflect"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"
)

// drawText draws a line of printable text, often one that means something in YAML.
func drawText(t *rapid.T, label string, longest int) string {
	printable := rapid.OneOf(
		rapid.RuneFrom([]rune(` :,-?&*!|>%@'"#{}[]~.0159aex\`)),
		rapid.RuneFrom(nil, unicode.Letter, unicode.Digit, unicode.Punct, unicode.Symbol),
	)
	return rapid.OneOf(
		rapid.SampledFrom([]string{"null", "true", "1", "1e3", ".inf", "2020-01-01", "<<", "---", "- a", "a: b", "a #b", "0x10", " ", "? a", "yes"}),
		rapid.StringOfN(printable, 1, longest/4, longest),
	).Draw(t, label)
}

func drawNumber(t *rapid.T, label string, low, high float64) float64 {
	return rapid.OneOf(
		rapid.Map(rapid.IntRange(0, 1000), func(n int) float64 { return min(max(float64(n)/1000, low), high) }),
		rapid.Map(rapid.IntRange(0, 1000), func(n int) float64 { return min(max(float64(n)/60, low), high) }),
		rapid.Float64Range(low, high),
	).Draw(t, label)
}

func drawPhase(t *rapid.T, connections int) Phase {
	ph := Phase{
		Duration:    time.Duration(rapid.Int64Range(1, int64(durationMax/phasesMax)).Draw(t, "duration")),
		Connections: rapid.IntRange(0, connections).Draw(t, "connections"),
		Broadcast:   drawNumber(t, "broadcast", 0, rateMax), Whisper: drawNumber(t, "whisper", 0, rateMax),
		Churn: drawNumber(t, "churn", 0, 1), Frozen: drawNumber(t, "frozen", 0, 0.5), Slow: drawNumber(t, "slow", 0, 0.5),
	}
	ph.Ramp = time.Duration(rapid.OneOf(rapid.SampledFrom([]int64{0, int64(ph.Duration)}),
		rapid.Int64Range(0, int64(ph.Duration))).Draw(t, "ramp"))
	if ph.Churn > 0 {
		ph.Abrupt = drawNumber(t, "abrupt", 0, 1)
	}
	if ph.Slow > 0 {
		ph.SlowReads = rapid.IntRange(1, slowReadsMax).Draw(t, "slow-reads")
	}
	return ph
}

// drawPlan draws a valid plan.
func drawPlan(t *rapid.T) *Plan {
	p := &Plan{
		Name: drawText(t, "name", nameMax), About: drawText(t, "about", aboutMax),
		Connections: rapid.IntRange(2, connectionsMax).Draw(t, "connections"),
		Friends:     rapid.IntRange(1, friendsMax).Draw(t, "friends"),
		Poisson:     rapid.Bool().Draw(t, "poisson"),
	}
	for range rapid.IntRange(1, 4).Draw(t, "sizes") {
		s := Size{Weight: drawNumber(t, "weight", 0.001, weightMax), Min: rapid.IntRange(1, messageMax).Draw(t, "min")}
		s.Max = rapid.IntRange(s.Min, messageMax).Draw(t, "max")
		p.Sizes = append(p.Sizes, s)
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "users") {
		u := Users{drawText(t, "name", nameMax-1), drawNumber(t, "weight", 0.001, weightMax),
			drawNumber(t, "broadcast", 0.001, weightMax), drawNumber(t, "whisper", 0.001, weightMax)}
		u.Name += string(rune('a' + i))
		p.Users = append(p.Users, u)
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "phases") {
		ph := drawPhase(t, p.Connections)
		ph.Name = string(rune('a'+i)) + drawText(t, "name", nameMax-1)
		p.Phases = append(p.Phases, ph)
	}
	return p
}

// TestYAMLRoundTrip: a valid plan is written as a file from which the same plan is read, whose text is the same again.
func TestYAMLRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		if err := p.Check(1); err != nil {
			t.Fatalf("drawn was %+v, which is wrong: %v", p, err)
		}
		text := p.YAML()
		again, err := Parse("again.yaml", []byte(text))
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%+v\nis written as\n%s\nand read as\n%+v, %v", p, text, again, err)
		}
		if again.YAML() != text {
			t.Fatalf("%s\nis written again as\n%s", text, again.YAML())
		}
	})
}

func ExamplePlan_YAML() {
	p, _ := Builtin("storm")
	fmt.Print(p.YAML())
	// Output:
	// name: storm
	// about: Five thousand people log in at once while a few are talking, as after a failure of the network.
	// connections: 5000
	// users:
	//   - {name: talkers, weight: 10, broadcast: 1, whisper: 1}
	//   - {name: readers, weight: 90}
	// phases:
	//   - {name: arrive, duration: 5s, connections: 200}                                    # from 0s on, 0 to 200 connections in 5s
	//   - {name: before, duration: 10s, connections: 200, broadcast: 20/s, whisper: 100/s}  # from 5s on, 200 connections
	//   - {name: storm, duration: 20s, ramp: 0s, broadcast: 20/s, whisper: 100/s}           # from 15s on, 200 to 5000 connections at once
	//   - {name: leave, duration: 10s, connections: 200, broadcast: 20/s, whisper: 100/s}   # from 35s on, 5000 to 200 connections in 10s
	//   - {name: second storm, duration: 20s, ramp: 0s, broadcast: 20/s, whisper: 100/s}    # from 45s on, 200 to 5000 connections at once
}

// TestLongestPlanFits: a file has room for every valid plan.
func TestLongestPlanFits(t *testing.T) {
	p := sound()
	const third = 1.0 / 3
	for i := range usersMax - len(p.Users) {
		p.Users = append(p.Users, Users{fmt.Sprintf(`%064d`, i), third, third, third})
	}
	for i := range phasesMax - len(p.Phases) {
		p.Phases = append(p.Phases, Phase{Name: fmt.Sprintf(`"""""""""""""""""""""""""""""""""""""""""""""""""""""""""""""%03d`, i),
			Duration: durationMax/phasesMax - 1, Connections: i % 2, Ramp: durationMax/phasesMax - 12345, Broadcast: third,
			Whisper: third, Churn: third, Abrupt: third, Frozen: third, Slow: third, SlowReads: slowReadsMax - 1})
	}
	text := p.YAML()
	if again, err := Parse("long.yaml", []byte(text)); err != nil || !reflect.DeepEqual(again, p) {
		t.Errorf("%d bytes are read as %v", len(text), err)
	}
}
