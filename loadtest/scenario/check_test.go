package scenario

import (
	"math"
	"strings"
	"testing"
	"time"
)

// minBytes stands for what the audit needs of a message.
const minBytes = 40

// sound returns a plan without faults.
func sound() *Plan {
	return &Plan{
		Name: "sound", Connections: 10, Friends: 2, Sizes: Sizes{{1, 64, 64}, {2, 100, 200}},
		Users: []Users{{"talkers", 1, 1, 1}, {"readers", 2, 0, 0}},
		Phases: []Phase{
			{Name: "arrive", Duration: time.Second, Connections: 10, Ramp: time.Second},
			{Name: "steady", Duration: time.Minute, Connections: 5, Broadcast: 1, Whisper: 1, Churn: 0.5, Abrupt: 0.5,
				Frozen: 0.1, Slow: 0.1, SlowReads: 100},
		},
	}
}

func TestCheckLetsThrough(t *testing.T) {
	edges := sound()
	edges.Connections, edges.Friends = connectionsMax, friendsMax
	edges.Sizes = Sizes{{weightMax, minBytes, messageMax}}
	edges.Name, edges.About = strings.Repeat("é", nameMax/2), strings.Repeat("x", aboutMax)
	edges.Phases = []Phase{{Name: "one", Duration: durationMax, Connections: 0, Ramp: durationMax, Broadcast: rateMax,
		Whisper: rateMax, Churn: 1, Abrupt: 1, Frozen: 0.5, Slow: 0.5, SlowReads: slowReadsMax}}
	for _, p := range append(Builtins(), sound(), edges) {
		if err := p.Check(minBytes); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}

// TestCheckFinds: each row spoils one thing of a sound plan and has the whole error.
func TestCheckFinds(t *testing.T) {
	for _, test := range []struct {
		want  string
		spoil func(p *Plan, steady *Phase)
	}{
		{"name: is empty", func(p *Plan, _ *Phase) { p.Name = "" }},
		{"name: has 65 bytes, more than 64", func(p *Plan, _ *Phase) { p.Name = strings.Repeat("x", 65) }},
		{`name: "a\nb" is not one line of printable text`, func(p *Plan, _ *Phase) { p.Name = "a\nb" }},
		{`about: "\xff" is not one line of printable text`, func(p *Plan, _ *Phase) { p.About = "\xff" }},
		{"about: has 201 bytes, more than 200", func(p *Plan, _ *Phase) { p.About = strings.Repeat("x", 201) }},
		{"connections: must be between 1 and 16000000, not 16000001", func(p *Plan, _ *Phase) { p.Connections = connectionsMax + 1 }},
		{"friends: must be between 1 and 16, not 0", func(p *Plan, _ *Phase) { p.Friends = 0 }},
		{"message-bytes: must have 1 to 32 sizes, not 0", func(p *Plan, _ *Phase) { p.Sizes = nil }},
		{"message-bytes: must have 1 to 32 sizes, not 33", func(p *Plan, _ *Phase) {
			for len(p.Sizes) < 33 {
				p.Sizes = append(p.Sizes, p.Sizes[0])
			}
		}},
		{"message-bytes: 39 is below 40, the least that holds what the audit needs", func(p *Plan, _ *Phase) { p.Sizes[0].Min = 39 }},
		{"message-bytes: 65488 is above 65487, the most that fits into a packet", func(p *Plan, _ *Phase) { p.Sizes[1].Max = messageMax + 1 }},
		{"message-bytes: 100..99 ends below its beginning", func(p *Plan, _ *Phase) { p.Sizes[1].Max = 99 }},
		{"message-bytes: weight: must be above 0 and at most 1000000000, not 0", func(p *Plan, _ *Phase) { p.Sizes[1].Weight = 0 }},
		{"message-bytes: weight: must be above 0 and at most 1000000000, not NaN", func(p *Plan, _ *Phase) { p.Sizes[1].Weight = math.NaN() }},
		{"users: must be between 1 and 20, not 21", func(p *Plan, _ *Phase) {
			for i := len(p.Users); i < 21; i++ {
				p.Users = append(p.Users, Users{Name: string(rune('a' + i)), Weight: 1})
			}
		}},
		{"users 2: name: is empty", func(p *Plan, _ *Phase) { p.Users[1].Name = "" }},
		{`users 2: name: "talkers" has been given before`, func(p *Plan, _ *Phase) { p.Users[1].Name = "talkers" }},
		{"users readers: weight: must be above 0 and at most 1000000000, not -1", func(p *Plan, _ *Phase) { p.Users[1].Weight = -1 }},
		{"users readers: broadcast: must be between 0 and 1000000000, not +Inf", func(p *Plan, _ *Phase) { p.Users[1].Broadcast = math.Inf(1) }},
		{"users readers: whisper: must be between 0 and 1000000000, not -1", func(p *Plan, _ *Phase) { p.Users[1].Whisper = -1 }},
		{"phases: must be between 1 and 50, not 0", func(p *Plan, _ *Phase) { p.Phases = nil }},
		{"phases: they take 24h0m1s together, more than 24h", func(_ *Plan, ph *Phase) { ph.Duration = 24 * time.Hour }},
		{"phase 2: name: is empty", func(_ *Plan, ph *Phase) { ph.Name = "" }},
		{`phase 2: name: "arrive" has been given before`, func(_ *Plan, ph *Phase) { ph.Name = "arrive" }},
		{"phase steady: duration: must be above 0 and at most 24h, not 0s", func(_ *Plan, ph *Phase) { ph.Duration = 0 }},
		{"phase steady: duration: must be above 0 and at most 24h, not 24h0m1s", func(_ *Plan, ph *Phase) { ph.Duration = 24*time.Hour + time.Second }},
		{"phase steady: ramp: must be between 0s and the phase's duration of 1m, not 1m1s", func(_ *Plan, ph *Phase) { ph.Ramp = 61 * time.Second }},
		{"phase steady: ramp: must be between 0s and the phase's duration of 1m, not -1ns", func(_ *Plan, ph *Phase) { ph.Ramp = -1 }},
		{"phase steady: connections: must be between 0 and those of the whole scenario, 10, not 11", func(_ *Plan, ph *Phase) { ph.Connections = 11 }},
		{"phase steady: broadcast: must be between 0/s and 10000000/s, not NaN", func(_ *Plan, ph *Phase) { ph.Broadcast = math.NaN() }},
		{"phase steady: whisper: must be between 0/s and 10000000/s, not -1/s", func(_ *Plan, ph *Phase) { ph.Whisper = -1 }},
		{"phase steady: churn: must be between 0%/s and 100%/s, not 200%/s", func(_ *Plan, ph *Phase) { ph.Churn = 2 }},
		{"phase steady: abrupt: must be between 0% and 100%, not 101%", func(_ *Plan, ph *Phase) { ph.Abrupt = 1.01 }},
		{"phase steady: abrupt: says how users drop in churn, and there is no churn", func(_ *Plan, ph *Phase) { ph.Churn = 0 }},
		{"phase steady: frozen: must be between 0% and 100%, not -1%", func(_ *Plan, ph *Phase) { ph.Frozen = -0.01 }},
		{"phase steady: slow: must be between 0% and 100%, not NaN", func(_ *Plan, ph *Phase) { ph.Slow = math.NaN() }},
		{"phase steady: slow: with frozen it is more than all users", func(_ *Plan, ph *Phase) { ph.Slow = 0.95 }},
		{"phase steady: slow-reads: must be between 0 and 1073741824, not 1073741825", func(_ *Plan, ph *Phase) { ph.SlowReads = slowReadsMax + 1 }},
		{"phase steady: slow-reads: slow says how many users are slow readers and slow-reads how slow they are: write both or neither",
			func(_ *Plan, ph *Phase) { ph.SlowReads = 0 }},
		{"phase steady: broadcast: no kind of users broadcasts: give one broadcast: 1", func(p *Plan, _ *Phase) { p.Users[0].Broadcast = 0 }},
		{"phase steady: whisper: no kind of users whispers: give one whisper: 1", func(p *Plan, _ *Phase) { p.Users[0].Whisper = 0 }},
		{"phase steady: whisper: one user has nobody to whisper to: have 2 connections or more", func(p *Plan, ph *Phase) {
			p.Connections, p.Phases[0].Connections, ph.Connections = 1, 1, 1
		}},
	} {
		p := sound()
		test.spoil(p, &p.Phases[1])
		err := p.Check(minBytes)
		if err == nil {
			t.Errorf("nothing is found, want %s", test.want)
		} else if got, _, _ := strings.Cut(err.Error(), "\nphase "); got != test.want && err.Error() != test.want {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
}

func TestCheckFindsAll(t *testing.T) {
	p := sound()
	p.Friends, p.Users[0].Weight, p.Phases[1].Churn = 0, 0, -1
	const want = "friends: must be between 1 and 16, not 0\n" +
		"users talkers: weight: must be above 0 and at most 1000000000, not 0\n" +
		"phase steady: churn: must be between 0%/s and 100%/s, not -100%/s"
	if err := p.Check(minBytes); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
