package report

import (
	"time"

	"hubbub/loadtest/audit"
)

// Format is the version of the JSON form of a Run. A reader refuses a newer one.
const Format = 1

// Run is all that is known of one load test; it is what --json writes. Times within it are seconds from its start.
type Run struct {
	Format      int         `json:"format"`
	Started     time.Time   `json:"started"`
	Seconds     float64     `json:"seconds"`     // from the first connection to the last message that was waited for
	Interrupted bool        `json:"interrupted"` // by the user; what was measured until then holds
	Command     []string    `json:"command"`
	Environment Environment `json:"environment"`
	Load        Load        `json:"load"`
	Phases      []Phase     `json:"phases"`
	Series      []Second    `json:"series"`
	Total       Totals      `json:"total"`
	Audit       audit.Tally `json:"audit"`
	Generator   Generator   `json:"generator"`
	Server      *Server     `json:"server,omitempty"`  // nil: --admin was not given, or nobody answered there
	Ceiling     *Ceiling    `json:"ceiling,omitempty"` // nil: --find-ceiling was not given
	Verdict     Verdict     `json:"verdict"`
}

// Environment is where the generator ran.
type Environment struct {
	Version    string `json:"version"` // of the generator
	System     string `json:"system"`  // operating system, kernel, architecture
	Processor  string `json:"processor"`
	Processors int    `json:"processors"` // that this process may use
	Memory     uint64 `json:"memory_bytes"`
	Files      uint64 `json:"file_limit"` // descriptors that this process may open
}

// Load is what was asked for.
type Load struct {
	Scenario string   `json:"scenario"` // its YAML, complete
	Name     string   `json:"name"`
	Targets  []string `json:"targets"`
	Dialect  string   `json:"dialect"` // native or classic
	Window   int      `json:"window"`  // messages in flight in a closed loop; 0: open loop
	Answers  bool     `json:"answers"` // every message asks for an answer
	Loops    int      `json:"loops"`   // event loops of the generator
	Seed     uint64   `json:"seed"`
}

// Flow names a kind of latency that is measured, each from the moment at which the plan wanted the message to be sent.
type Flow string

// The flows. Broadcast and Whisper count at their receivers, one value a delivery; Answer at the sender.
const (
	Broadcast Flow = "broadcast" // from sender to a receiver
	Whisper   Flow = "whisper"
	Answer    Flow = "answer" // from a request to its response
	Login     Flow = "login"  // from the wish to connect to LOGIN_RESPONSE
)

// Flows lists the flows in the order in which they are told.
var Flows = []Flow{Broadcast, Whisper, Answer, Login}

// Latency is a distribution, in milliseconds.
type Latency struct {
	Count uint64  `json:"count"`
	Min   float64 `json:"min_ms"`
	Mean  float64 `json:"mean_ms"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	P999  float64 `json:"p99_9_ms"`
	P9999 float64 `json:"p99_99_ms"`
	Max   float64 `json:"max_ms"`
	// HDR is the whole histogram of microseconds, as HdrHistogram's compressed V2 encoding in base64. Empty in Series.
	HDR string `json:"hdr,omitempty"`
}

// Totals are the counts of a run, of a phase or of a second.
type Totals struct {
	Intended     map[Flow]uint64   `json:"intended"`      // messages that the plan wanted to be sent
	Sent         map[Flow]uint64   `json:"sent"`          // messages handed to the socket
	Delivered    map[Flow]uint64   `json:"delivered"`     // copies that arrived at receivers
	Answered     uint64            `json:"answered"`      // responses of every result
	Refused      map[string]uint64 `json:"refused"`       // by result code: requests that the server turned down
	Logins       uint64            `json:"logins"`        // that succeeded
	LoginRefused map[string]uint64 `json:"login_refused"` // by result code, or by the error of connect
	Disconnects  map[string]uint64 `json:"disconnects"`   // that nobody here asked for, by reason
	Left         uint64            `json:"left"`          // connections that the plan ended (churn)
	BytesIn      uint64            `json:"bytes_in"`
	BytesOut     uint64            `json:"bytes_out"`
	// Latency counts from the intended moment, Raw from the moment of sending: where they differ, the generator or the
	// way to the server was late, and Raw hides it (coordinated omission).
	Latency map[Flow]Latency `json:"latency"`
	Raw     map[Flow]Latency `json:"raw"`
}

// Phase is one phase of the scenario as it went.
type Phase struct {
	Name   string  `json:"name"`
	From   float64 `json:"from"`
	To     float64 `json:"to"`
	Totals Totals  `json:"totals"`
}

// Second is one second of a run: a point of the charts over time. Only the maps' present keys are drawn.
type Second struct {
	At          float64 `json:"at"` // the second's end
	Phase       string  `json:"phase"`
	Connections int     `json:"connections"` // open
	LoggedIn    int     `json:"logged_in"`
	Totals      Totals  `json:"totals"`
	Generator   Usage   `json:"generator"`
	Server      *Usage  `json:"server,omitempty"`
}

// Usage is what a process used in one second.
type Usage struct {
	CPU      float64 `json:"cpu"` // processors: 0.5 is half of one
	Resident uint64  `json:"resident_bytes"`
	Lag      float64 `json:"lag_ms"`   // generator: how late its latest message was sent
	Busy     float64 `json:"busy"`     // generator: the share of time in which its busiest loop was not waiting, 0 to 1
	Sessions int     `json:"sessions"` // server: logged in
}

// Generator tells how the generator itself fared.
type Generator struct {
	CPUSeconds   float64 `json:"cpu_seconds"`
	PeakResident uint64  `json:"peak_resident_bytes"`
	Busy         float64 `json:"busy"`                 // as in Usage, over the phases that send
	Lag          Latency `json:"lag"`                  // how late messages were sent
	Bottleneck   string  `json:"bottleneck,omitempty"` // a sentence when the generator was the limit, else empty
}

// Server is what the server's own /metrics said.
type Server struct {
	URL          string             `json:"url"`
	Version      string             `json:"version"`
	CPUSeconds   float64            `json:"cpu_seconds"` // between the first and the last look
	PeakResident uint64             `json:"peak_resident_bytes"`
	Before       map[string]float64 `json:"before"` // every sample, by name and labels
	After        map[string]float64 `json:"after"`
}

// Ceiling is what --find-ceiling found.
type Ceiling struct {
	Objective string  `json:"objective"`
	Knee      float64 `json:"knee"` // the highest rate a second that met it; 0: none did
	Unit      string  `json:"unit"` // what the rate counts, as in "broadcasts a second"
	Steps     []Step  `json:"steps"`
}

// Step is one rate that was tried, in the order of trying.
type Step struct {
	Rate     float64 `json:"rate"`     // asked for
	Achieved float64 `json:"achieved"` // sent
	Met      bool    `json:"met"`
	Why      string  `json:"why"` // what broke the objective, or the figure that met it
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
}

// Verdict is the end of it: a run passes when the audit is clean, every request was answered, nobody was disconnected
// or refused against the plan, and every --fail-if kept quiet.
type Verdict struct {
	Passed  bool     `json:"passed"`
	Reasons []string `json:"reasons"` // why not, one sentence each
}
