package report

import (
	"fmt"
	"slices"
	"strings"
)

// Objective is a condition on a run, as "p99>50ms" or "whisper.max<1s". --fail-if gives what must not hold,
// --find-ceiling what must. ParseObjective makes one; its zero value is none.
type Objective struct {
	Flow    Flow    // empty: broadcast if the run has any, else whisper; or the measure is the whole run's
	Measure string  // as it was written: p99, max, lost, …
	Op      string  // >, >=, < or <=
	Value   float64 // of the measure, in ms, a second, bytes, processors, or as a share from 0 to 1
	text    string
	measure measure
}

const objectiveForm = "an objective is [flow.]measure, one of > >= < <=, and a value, as p99>50ms or whisper.max<1s"

// ParseObjective reads [flow.]measure op value. The flows are broadcast, whisper, answer and login. The measures, with
// their values:
//
//	p50 p99 p99.9 …, max, mean      the corrected latency of a flow, as 50ms
//	rate                            what was sent of a flow in the phases that wanted it, as 900/s
//	deliveries                      what arrived of it there, as 45000/s
//	lost duplicated reordered disordered altered echoed misrouted unanswered contradicted
//	                                what the audit counted, as 0
//	disconnects refused login-refused
//	                                what went against the plan
//	errors                          all of those together
//	server-cpu                      processors that the server kept busy while messages were sent, as 0.5
//	server-cpu-per-delivery         its processor time for each of them, as 2us
//	server-memory                   the most that was resident, as 64MiB
//	generator-cpu generator-memory  likewise
//	generator-busy                  the share of time in which its busiest loop was not waiting, as 80%
//	generator-lag                   how late it sent, at p99
//
// An error says what can be written.
func ParseObjective(text string) (Objective, error) {
	o, err := parseObjective(strings.TrimSpace(text))
	if err != nil {
		return Objective{}, fmt.Errorf("objective %q: %w", text, err)
	}
	return o, nil
}

func parseObjective(text string) (Objective, error) {
	at := strings.IndexAny(text, "<>")
	if at < 0 {
		return Objective{}, fmt.Errorf("it has no > or <; %s", objectiveForm)
	}
	o := Objective{text: text, Op: text[at : at+1]}
	name, value := strings.TrimSpace(text[:at]), text[at+1:]
	if rest, ok := strings.CutPrefix(value, "="); ok {
		o.Op, value = o.Op+"=", rest
	}
	value = strings.TrimSpace(value)

	if flow, rest, ok := strings.Cut(name, "."); ok && slices.Contains(Flows, Flow(flow)) {
		o.Flow, name = Flow(flow), rest
	}
	var err error
	o.Measure = name
	if o.measure, err = measureOf(name); err != nil {
		return Objective{}, err
	}
	if o.Flow != "" && !o.measure.flows {
		return Objective{}, fmt.Errorf("%s is told of the whole run; write it without %q", name, o.Flow+".")
	}
	if o.Value, err = o.measure.read(value); err != nil {
		return Objective{}, fmt.Errorf("%q is no value for %s; write %s", value, name, o.measure.example)
	}
	return o, nil
}

// String returns the objective as it was written.
func (o Objective) String() string { return o.text }

// Holds reports whether the condition is true of a run, and got says in words what the figure is: "broadcast p99 is
// 61.2 ms". A run without phases is judged as one phase from its start to Seconds. It fails when the run has no such
// figure: then nobody knows whether the condition holds.
func (o Objective) Holds(r *Run) (holds bool, got string, err error) {
	if o.measure.of == nil {
		return false, "", fmt.Errorf("an objective comes from ParseObjective")
	}
	flow, name := o.Flow, o.Measure
	if o.measure.flows {
		if flow == "" {
			flow = r.mainFlow()
		}
		name = string(flow) + " " + name
	}
	v, err := o.measure.of(r, flow)
	if err != nil {
		return false, "", err
	}
	switch o.Op {
	case ">":
		holds = v > o.Value
	case ">=":
		holds = v >= o.Value
	case "<":
		holds = v < o.Value
	case "<=":
		holds = v <= o.Value
	}
	return holds, name + " is " + o.measure.write(v), nil
}

// mainFlow is the flow that is meant when none is named. What counts is what was wanted: where all broadcasts were
// lost, whispers don't stand in for them.
func (r *Run) mainFlow() Flow {
	if r.Total.has(Broadcast) || r.Total.Latency[Broadcast].Count > 0 || !r.Total.has(Whisper) {
		return Broadcast
	}
	return Whisper
}
