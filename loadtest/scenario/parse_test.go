package scenario

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// parsed returns the plan of a file that must be right.
func parsed(t testing.TB, text string) *Plan {
	t.Helper()
	p, err := Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParse(t *testing.T) {
	got := parsed(t, `
name: everything # and a comment
about: "All that: there is."
connections: 1000
friends: 3
message-bytes: 64*80 1KiB*15 100..1000*0.5
arrivals: poisson
users:
  - {name: talkers, weight: 10, broadcast: 1, whisper: 0.5}
  - name: readers
    weight: 90
phases:
  - {name: arrive, duration: 20s}
  - name: half
    duration: 1m30s
    connections: 500
    ramp: 5s
  - {name: all, duration: 1h, broadcast: 3000/min, whisper: 7200/h, churn: 2%/s, abrupt: 50%,
     frozen: 0.02, slow: 1%, slow-reads: 4KiB/s, ramp: 0s}
`)
	want := &Plan{
		Name: "everything", About: "All that: there is.", Connections: 1000, Friends: 3, Poisson: true,
		Sizes: Sizes{{80, 64, 64}, {15, 1024, 1024}, {0.5, 100, 1000}},
		Users: []Users{{"talkers", 10, 1, 0.5}, {"readers", 90, 0, 0}},
		Phases: []Phase{
			{Name: "arrive", Duration: 20 * time.Second, Connections: 1000, Ramp: 20 * time.Second},
			{Name: "half", Duration: 90 * time.Second, Connections: 500, Ramp: 5 * time.Second},
			{Name: "all", Duration: time.Hour, Connections: 1000, Broadcast: 50, Whisper: 2, Churn: 0.02,
				Abrupt: 0.5, Frozen: 0.02, Slow: 0.01, SlowReads: 4096},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseFillsIn(t *testing.T) {
	got := parsed(t, `
phases:
  - {duration: 10s, name: come}
  - {duration: 10s, name: stay}
  - {duration: 10s, name: go, connections: 7}
name: short
connections: 40`)
	ten := 10 * time.Second
	want := &Plan{
		Name: "short", Connections: 40, Friends: 8, Sizes: Sizes{{1, 64, 64}}, Users: []Users{everyone},
		Phases: []Phase{
			{Name: "come", Duration: ten, Connections: 40, Ramp: ten},
			{Name: "stay", Duration: ten, Connections: 40},
			{Name: "go", Duration: ten, Connections: 7, Ramp: ten},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestParseSaysWhatIsWrong: the whole error, to the letter, for what people get wrong.
func TestParseSaysWhatIsWrong(t *testing.T) {
	const head = "name: x\nconnections: 10\n"
	const phases = "phases:\n  - {name: all, duration: 1s}\n"
	const noScenario = "f.yaml is no scenario, or more than one: write one YAML document of the form that hubbub " +
		"loadtest show lobby prints"
	for _, test := range []struct{ text, want string }{
		{"", noScenario},
		{"# nothing\n", noScenario},
		{"name: a\n---\nname: b\n", noScenario},
		{strings.Repeat("#", fileMax+1), "f.yaml has 32769 bytes and a scenario at most 32768: is it the right file?"},
		{"name: [", "f.yaml:1: sequence end token ']' not found"},
		{"name: a\nname: b\n", `f.yaml:2: mapping key "name" already defined at [1:1]`},
		{"just a text", "f.yaml:1: a scenario is written as fields, name: value, of which there are name, about, " +
			"connections, friends, message-bytes, arrivals, users, phases"},
		{"name: x\nconections: 1\n" + phases, `f.yaml:2: a scenario has no field "conections"; did you mean connections?
f.yaml:1: a scenario needs a field connections`},
		{head + "rate: 5\n" + phases, `f.yaml:3: a scenario has no field "rate"; there are name, about, connections, ` +
			"friends, message-bytes, arrivals, users, phases"},
		{head, "f.yaml:1: a scenario needs phases: without any nothing happens"},
		{head + "phases: 3\n", "f.yaml:3: phases is a list: begin each line of it with a dash, as in - {name: steady, " +
			"duration: 60s}"},
		{head + "phases:\n - 3\n - {}\n", `f.yaml:4: a phase is written as fields, name: value, of which there are name, ` +
			`duration, connections, ramp, broadcast, whisper, churn, abrupt, frozen, slow, slow-reads
f.yaml:5: a phase needs a field name
f.yaml:5: a phase needs a field duration`},
		{head + "phases:\n - {name: a, duration: 20, broadcst: 1}\n", `f.yaml:4: a phase has no field "broadcst"; ` +
			`did you mean broadcast?
f.yaml:4: duration: "20" is not a duration: write one such as 90s, 1m30s or 500ms`},
		{head + "phases:\n - {name: a, duration: 2s, broadcast: 20/m, churn: 2%, abrupt: half, slow-reads: 4KiB/min}\n",
			`f.yaml:4: broadcast: "20/m" is not a rate: write messages a second, as in 50/s, or 3000/min
f.yaml:4: churn: "2%" is not a share of the users a second: write one such as 2%/s or 30%/min
f.yaml:4: abrupt: "half" is not a share: write one such as 2% or 0.02
f.yaml:4: slow-reads: "4KiB/min" is not a number of bytes a second: write one such as 4KiB/s`},
		{head + "friends: a few\nmessage-bytes: 64 10%\narrivals: odd\n" + phases,
			`f.yaml:3: friends: "a few" is not a whole number: write digits only, as in 10000
f.yaml:4: message-bytes: "10%" is not a size: write bytes, such as 64, 1KiB or 1..1000, and behind a * how many there ` +
				`are of it beside the others, as in 64*80 1KiB*20
f.yaml:5: arrivals: "odd" is neither even nor poisson`},
		{head + "users:\n - {name: a, weight: .inf}\n" + phases,
			`f.yaml:4: weight: ".inf" is not a number: write one such as 10 or 0.5`},
		{head + "about:\nfriends: [1]\n" + phases, `f.yaml:3: about has no value: write one or leave the field out
f.yaml:4: friends: write one plain value; lists, anchors and tags mean nothing here`},
		{head + "friends: 17\n" + phases, "f.yaml: friends: must be between 1 and 16, not 17"},
		{head + "friends: 0\nphases:\n - {name: all, duration: 0s}\n", `f.yaml: friends: must be between 1 and 16, not 0
f.yaml: phase all: duration: must be above 0 and at most 24h, not 0s`},
	} {
		if p, err := Parse("f.yaml", []byte(test.text)); err == nil || err.Error() != test.want || p != nil {
			t.Errorf("%.200q\ngives %v\nwant  %s", test.text, err, test.want)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(path, []byte("name: x\nconnections: 10\nphases: [{name: all, duration: 1s}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := Load(path); err != nil || p.Name != "x" {
		t.Errorf("a file gives %+v, %v", p, err)
	}
	if p, err := Load("storm"); err != nil || p.Name != "storm" {
		t.Errorf("storm gives %+v, %v", p, err)
	}
	for source, want := range map[string]string{
		"looby":            `no scenario is called "looby" and there is no such file; did you mean lobby?`,
		"mine":             `no scenario is called "mine" and there is no such file; there are lobby, whispers, churn, storm, soak`,
		filepath.Dir(path): "read the scenario: read " + filepath.Dir(path) + ": is a directory",
	} {
		if _, err := Load(source); err == nil || err.Error() != want {
			t.Errorf("%s gives %v, want %s", source, err, want)
		}
	}
}

func TestBuiltins(t *testing.T) {
	plans := Builtins()
	entries, err := files.ReadDir("builtin")
	if err != nil || len(entries) != len(plans) {
		t.Errorf("%d files are %d plans, %v", len(entries), len(plans), err)
	}
	for i, p := range plans {
		if p.Name != builtins[i] || p.About == "" {
			t.Errorf("the file %s is called %q, about %q", builtins[i], p.Name, p.About)
		}
	}
	first, _ := Builtin("lobby")
	first.Phases[0].Duration = 0
	if second, ok := Builtin("lobby"); !ok || second.Phases[0].Duration == 0 {
		t.Error("a built-in scenario is not a copy of the caller's own")
	}
	if _, ok := Builtin("nightmare"); ok {
		t.Error("there is a nightmare")
	}
}

// TestUnsetIsReadable: what fields are unset must be what they are written as, for the writer leaves it out.
func TestUnsetIsReadable(t *testing.T) {
	p, users := &Plan{Connections: 5, Phases: make([]Phase, 1)}, &Users{}
	for _, f := range append(append(p.fields(), users.fields()...), p.phaseFields(0)...) {
		if f.unset == "" {
			continue
		}
		if err := f.value.UnmarshalText([]byte(f.unset)); err != nil || f.value.String() != f.unset {
			t.Errorf("%s: unset it is %q, which is read as %q, %v", f.name, f.unset, f.value, err)
		}
	}
}
