package live

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/dustin/go-humanize"

	"hubbub/loadtest/report"
)

const (
	// behindMin is the share of the intended messages that must be missing before a rate is said to lag: a second's
	// end cuts between the intention and the sending of the last one.
	behindMin = 0.02
	// busyMax is the share of time above which a loop of the generator has no reserve left, so that its own delays
	// are in the latencies.
	busyMax = 0.9

	problemLines = 3
)

// progressRows tell how far the run is, who is there, what is sent and what goes wrong.
func (f *frame) progressRows() []string {
	rows := []string{
		f.row(f.phase, f.gauge(f.progress, f.progress, percent(f.progress))),
		f.connections(),
		f.row("", f.list(
			f.figure(comma(uint64(f.wanted)), " wanted"),
			f.figure(comma(uint64(f.open)), " open"),
			f.figure(comma(uint64(f.loggedIn)), " logged in"))),
		f.row("sent", f.list(f.sentRates()...)),
		f.row("delivered", f.list(
			f.figure(amount(rate(f.counts.deliveries, f.span)), "/s"),
			f.figure(bytesRate(f.counts.in, f.span), " in"),
			f.figure(bytesRate(f.counts.out, f.span), " out"))),
	}
	if f.step != "" {
		rows = append(rows, f.row("ceiling", f.step))
	}
	return append(rows, f.problemRows()...)
}

// gauge is a bar with a figure at its right.
func (f *frame) gauge(reached, underway float64, figure string) string {
	const figureWidth = 6
	return f.bar(max(0, f.width-labelWidth-figureWidth), reached, underway) + flush(figure, figureWidth)
}

// connections is a bar of all that are wanted or still open: logged in, open, and missing.
func (f *frame) connections() string {
	whole := float64(max(f.wanted, f.open, 1))
	in := float64(f.loggedIn) / whole
	return f.row("connections", f.gauge(in, float64(f.open)/whole, percent(in)))
}

// sentRates are the messages and logins of a second. One that lags behind the plan is told with what was wanted.
func (f *frame) sentRates() []string {
	var parts []string
	for _, sent := range []struct {
		flow report.Flow
		unit string
	}{{report.Broadcast, " broadcasts/s"}, {report.Whisper, " whispers/s"}} {
		got, want := rate(f.counts.sent[sent.flow], f.span), rate(f.counts.intended[sent.flow], f.span)
		switch {
		case want-got > max(1, behindMin*want):
			parts = append(parts, f.warn.Render(amount(got)+" of "+amount(want)+sent.unit))
		case got > 0:
			parts = append(parts, f.figure(amount(got), sent.unit))
		}
	}
	if f.counts.logins > 0 {
		parts = append(parts, f.figure(amount(rate(f.counts.logins, f.span)), " logins/s"))
	}
	if len(parts) == 0 {
		parts = append(parts, f.quiet.Render("nothing"))
	}
	return parts
}

func bytesRate(n uint64, seconds float64) string {
	return humanize.Bytes(uint64(rate(n, seconds))) + "/s"
}

// problemRows tell what went wrong since the start, in a few lines.
func (f *frame) problemRows() []string {
	if len(f.problems) == 0 {
		return []string{f.row("errors", f.good.Render("none"))}
	}
	room := f.width - labelWidth
	var lines []string
	line := ""
	for i, p := range f.problems {
		next := p.String()
		if line != "" {
			next = line + " · " + next
		}
		if line == "" || lipgloss.Width(next) <= room {
			line = next
			continue
		}
		if len(lines) == problemLines-1 {
			line = fmt.Sprintf("and %d more kinds", len(f.problems)-i+strings.Count(line, " · ")+1)
			break
		}
		lines, line = append(lines, line), p.String()
	}
	lines = append(lines, line)
	for i, text := range lines {
		label := pad("", labelWidth)
		if i == 0 {
			label = f.bad.Render(pad("✗ errors", labelWidth))
		}
		lines[i] = label + f.bad.Render(text)
	}
	return lines
}

// latencyTable has a line for each flow that came.
func (f *frame) latencyTable() []string {
	const cell = (panelWidth - labelWidth) / 6
	head := func(label string, cells ...string) string {
		line := pad(label, labelWidth)
		for _, c := range cells {
			line += flush(c, 6*cell/len(cells))
		}
		return f.quiet.Render(line)
	}
	table := []string{
		head("", "this second", "the whole run"),
		head("latency, ms", "p50", "p99", "max", "p50", "p99", "max"),
	}
	for _, flow := range report.Flows {
		now, run := f.now[flow], f.run[flow]
		if now.Count == 0 && run.Count == 0 {
			continue
		}
		table = append(table, f.row(string(flow), f.latencies(now, cell)+f.latencies(run, cell)))
	}
	return table
}

func (f *frame) latencies(l report.Latency, cell int) string {
	if l.Count == 0 {
		return strings.Repeat(f.quiet.Render(flush("–", cell)), 3)
	}
	return flush(millis(l.P50), cell) + f.strong.Render(flush(millis(l.P99), cell)) + flush(millis(l.Max), cell)
}

// processRows tell what the generator and the server use.
func (f *frame) processRows() []string {
	g := f.generator
	busy := f.figure(percent(g.Busy), " busy")
	if g.Busy > busyMax {
		busy = f.warn.Render(percent(g.Busy) + " busy, at its limit")
	}
	rows := []string{f.row("generator", f.list(f.figure(fmt.Sprintf("%.2f", g.CPU), " CPU"), busy,
		f.figure(millis(g.Lag), " ms late"), humanize.IBytes(g.Resident)))}
	if s := f.server; s != nil {
		rows = append(rows, f.row("server", f.list(f.figure(fmt.Sprintf("%.2f", s.CPU), " CPU"),
			humanize.IBytes(s.Resident), f.figure(comma(uint64(s.Sessions)), " sessions"))))
	}
	return rows
}

// charts are the p99 and the deliveries of the last seconds, each in so many rows; with none there are no charts.
func (f *frame) charts(width, rows int) []string {
	if rows <= 0 {
		return nil
	}
	flow := f.flow()
	p99 := f.chart("p99 of "+string(flow)+", ms", f.p99[flow], f.accent, width, rows)
	deliveries := f.chart("deliveries/s", f.deliveries, f.muted, width, rows)
	if rows > 1 {
		p99 = append(p99, "")
	}
	return append(p99, deliveries...)
}

// chart draws values below a title, with a scale at the left.
func (f *frame) chart(title string, values []float64, style lipgloss.Style, width, rows int) []string {
	const axis = 8
	cells := max(0, width-axis)
	values = values[max(0, len(values)-cells):]
	span := fmt.Sprintf("last %d s", len(values))
	lines := []string{f.quiet.Render(title + flush(span, width-lipgloss.Width(title)))}
	top := scale(values)
	for i, line := range columns(values, top, cells, rows) {
		mark := ""
		switch i {
		case 0:
			mark = short(top)
		case rows - 1:
			mark = "0"
		}
		lines = append(lines, f.quiet.Render(flush(mark, axis-2)+" │")+style.Render(line))
	}
	return lines
}
