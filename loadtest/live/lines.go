package live

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"hubbub/loadtest/report"
)

const (
	// interval is the time between two lines.
	interval = 5 * time.Second
	// waitingMax is how many lines wait for whoever reads them; more are left out.
	waitingMax = 256
	// phaseMin is the width of the phase's column, which grows with the first longer name.
	phaseMin = 8
)

// Lines is a View for a pipe, a file or a terminal that can't move its cursor. It writes
//
//	35s steady    1,000 on  50 broadcasts/s  49,950 deliveries/s  broadcast p50 0.31 ms  p99 1.92 ms  clean
//
// every five seconds, and in between a line with "phase:", "ceiling:", "error:" or "ending:" when a phase begins, a step
// of the search for a ceiling is done, something goes wrong for the first time, or the run was asked to end.
//
// Rates are the means of the time since the line before; the latencies are those of its worst second, so that no stall
// hides between two lines; errors are counted from the start of the run.
type Lines struct {
	waiting chan string   // closed by Close; nil after it
	done    chan struct{} // closed when all is written

	dropped    int
	state      state
	known      map[string]bool // what has gone wrong before
	since      sums
	next       time.Duration
	phaseWidth int
	rates      map[report.Flow]bool // those that have a column, for good
}

// sums are what came since the line before.
type sums struct {
	sent       map[report.Flow]uint64
	deliveries uint64
	seconds    float64
	flow       report.Flow
	worst      report.Latency // of the second with the highest p99
}

// NewLines returns a view that writes to out, from a goroutine of its own.
func NewLines(out io.Writer) *Lines {
	l := &Lines{
		waiting:    make(chan string, waitingMax),
		done:       make(chan struct{}),
		known:      map[string]bool{},
		next:       interval,
		phaseWidth: phaseMin,
		rates:      map[report.Flow]bool{},
	}
	waiting := l.waiting
	go func() {
		defer close(l.done)
		for line := range waiting {
			// Whether or not anybody reads, the run goes on.
			_, _ = io.WriteString(out, line+"\n")
		}
	}()
	return l
}

// Update implements View.
func (l *Lines) Update(u Update) {
	if l.waiting == nil {
		return
	}
	before := l.state.phase
	step, ending := l.state.step, l.state.ending
	l.state.add(u)
	s := &l.state
	l.phaseWidth = max(l.phaseWidth, len([]rune(s.phase)))
	if s.phase != before {
		l.event("phase: %s connections wanted", comma(uint64(s.wanted)))
	}
	if s.step != step && s.step != "" {
		l.event("ceiling: %s", s.step)
	}
	for _, p := range s.problems {
		if !l.known[p.what] {
			l.known[p.what] = true
			l.event("error: %s, the first of this run", p)
		}
	}
	if s.ending && !ending {
		l.event("ending: the report comes")
	}
	l.since.add(s)
	if s.at >= l.next {
		l.print(l.line())
		l.since = sums{}
		l.next = s.at.Truncate(interval) + interval
	}
}

// Close implements View.
func (l *Lines) Close() {
	if l.waiting == nil {
		return
	}
	close(l.waiting)
	l.waiting = nil
	timer := time.NewTimer(closeMax)
	defer timer.Stop()
	select {
	case <-l.done:
	case <-timer.C:
	}
}

func (s *sums) add(from *state) {
	if s.sent == nil {
		s.sent = map[report.Flow]uint64{}
	}
	for flow, n := range from.counts.sent {
		s.sent[flow] += n
	}
	s.deliveries += from.counts.deliveries
	s.seconds += from.span
	if flow := from.flow(); flow != s.flow {
		s.flow, s.worst = flow, report.Latency{}
	}
	if now := from.now[s.flow]; now.Count > 0 && (s.worst.Count == 0 || now.P99 > s.worst.P99) {
		s.worst = now
	}
}

// line tells the time since the line before.
func (l *Lines) line() string {
	s := &l.state
	parts := []string{fmt.Sprintf("%s%8s on", l.prefix(), comma(uint64(s.loggedIn)))}
	for _, column := range []struct {
		flow   report.Flow
		format string
	}{{report.Broadcast, "%7s broadcasts/s"}, {report.Whisper, "%7s whispers/s"}} {
		if l.since.sent[column.flow] > 0 {
			l.rates[column.flow] = true
		}
		if l.rates[column.flow] {
			parts = append(parts, fmt.Sprintf(column.format, amount(rate(l.since.sent[column.flow], l.since.seconds))))
		}
	}
	p50, p99 := "–", "–"
	if l.since.worst.Count > 0 {
		p50, p99 = millis(l.since.worst.P50), millis(l.since.worst.P99)
	}
	return strings.Join(append(parts,
		fmt.Sprintf("%9s deliveries/s", amount(rate(l.since.deliveries, l.since.seconds))),
		fmt.Sprintf("%9s p50 %6s ms", l.since.flow, p50),
		fmt.Sprintf("p99 %6s ms", p99),
		l.verdict()), "  ")
}

// verdict tells what went wrong since the start of the run. A kind that is not named here had a line of its own.
func (l *Lines) verdict() string {
	const named = 3
	problems := l.state.problems
	if len(problems) == 0 {
		return "clean"
	}
	var all []string
	for _, p := range problems[:min(named, len(problems))] {
		all = append(all, p.String())
	}
	if more := len(problems) - named; more > 0 {
		all = append(all, fmt.Sprintf("and %d more kinds", more))
	}
	return strings.Join(all, ", ")
}

func (l *Lines) event(format string, args ...any) {
	l.print(l.prefix() + " " + fmt.Sprintf(format, args...))
}

// prefix is when and in which phase.
func (l *Lines) prefix() string {
	return fmt.Sprintf("%5.0fs %-*s", math.Round(l.state.at.Seconds()), l.phaseWidth, l.state.phase)
}

// print hands a line to the goroutine that writes. Where nobody reads, lines are left out, and that is said as soon as
// there is room.
func (l *Lines) print(line string) {
	if l.dropped > 0 {
		line = fmt.Sprintf("(%s lines are missing: they were not read in time)\n%s", comma(uint64(l.dropped)), line)
	}
	select {
	case l.waiting <- line:
		l.dropped = 0
	default:
		l.dropped++
	}
}
