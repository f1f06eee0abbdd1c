package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"hubbub/loadtest/plot"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string

	pageTemplate = template.Must(template.New("page").Parse(pageHTML))
)

// WriteHTML writes the run as one page that needs nothing else: no network, no other file and no script, though a small
// one points into the charts. A file that is there already is replaced, at once and only when the page is complete. The
// page of a run of ten minutes is below 400 KiB, and longer runs don't make it much larger: of their seconds so many are
// drawn as one point that there are 400 at most.
func (r *Run) WriteHTML(path string) error {
	var page bytes.Buffer
	if err := pageTemplate.Execute(&page, newView(r)); err != nil {
		return fmt.Errorf("can't write %s: %w", path, err)
	}
	return place(path, func(w io.Writer) error {
		_, err := page.WriteTo(w)
		return err
	})
}

// view is a run as the page shows it.
type view struct {
	*Run
	Tiles    []tile
	Sections []section

	main  Flow      // that the headlines are about
	moves []stretch // the seconds, as many as can be drawn
	each  int       // seconds that a stretch has
}

// tile is one of the few figures that matter.
type tile struct {
	Name, Value, About string
	Tone               string // good, bad or none
}

// section is a chapter of the page: pictures, then tables, then what only some want to see.
type section struct {
	Title, About string
	Code         string // as one would type it
	Figures      []*figure
	Grids        []*grid
	Folded       []folded
}

// folded is a text or a table that one opens.
type folded struct {
	Title string
	Text  string
	Grid  *grid
}

func newView(r *Run) *view {
	v := &view{Run: r}
	v.main = v.headline()
	v.moves, v.each = thin(r.Series)
	v.Tiles = v.tiles()
	for _, s := range []section{
		v.ceiling(), v.latencies(), v.throughput(), v.users(), v.trouble(), v.findings(), v.processes(), v.circumstances(),
	} {
		if len(s.Figures)+len(s.Grids)+len(s.Folded) > 0 || s.About != "" {
			s.Figures = arrange(s.Figures)
			v.Sections = append(v.Sections, s)
		}
	}
	return v
}

func (v *view) latencies() section {
	s := section{
		Title: "Latency",
		About: "Counted from the moment at which the plan wanted a message to be sent, so that the time which it waited " +
			"for its turn is not hidden.",
		Figures: []*figure{v.percentiles(), v.latencyOverTime(v.main)},
		Grids:   []*grid{v.percentileTable()},
	}
	if v.Load.Window > 0 {
		s.About = fmt.Sprintf("In a closed loop of %d in flight a message is sent when an earlier one has arrived: "+
			"this is the latency at that pace, and says nothing of one that users set.", v.Load.Window)
	}
	for _, f := range Flows {
		if f != v.main {
			s.Figures = append(s.Figures, v.latencyOverTime(f))
		}
	}
	for _, f := range s.Figures[:2] {
		if f != nil {
			f.Wide = true
		}
	}
	return s
}

func (v *view) throughput() section {
	return section{
		Title:   "Throughput",
		Figures: []*figure{v.sentOverTime(), v.deliveriesOverTime()},
		Grids:   []*grid{v.phaseTable()},
	}
}

func (v *view) users() section {
	return section{Title: "Users", Figures: []*figure{v.connectionsOverTime(), v.loginsOverTime()}}
}

func (v *view) trouble() section {
	s := section{Title: "Refusals and disconnects", Grids: []*grid{v.troubleTable()}}
	if s.Grids[0] == nil {
		return section{}
	}
	s.Figures = []*figure{v.troubleOverTime()}
	return s
}

func (v *view) findings() section {
	s := section{Title: "Audit", About: v.auditWords(), Grids: []*grid{v.auditTable()}}
	if found := v.findingsTable(); found != nil && len(found.Rows) > 12 {
		s.Folded = []folded{{Title: fmt.Sprintf("Where: the first %d findings", len(found.Rows)), Grid: found}}
	} else {
		s.Grids = append(s.Grids, found)
	}
	return s
}

func (v *view) processes() section {
	return section{
		Title: "Server and generator", About: v.Generator.Bottleneck,
		Figures: []*figure{v.cpuOverTime(), v.memoryOverTime(), v.lagOverTime(), v.bytesOverTime()},
		Grids:   []*grid{v.processTable()},
	}
}

func (v *view) circumstances() section {
	s := section{Title: "How it was made", Code: v.line(), Grids: []*grid{v.environmentTable()}}
	if v.Load.Scenario != "" {
		s.Folded = append(s.Folded, folded{Title: "The scenario, complete", Text: v.Load.Scenario})
	}
	if changed, same := v.metricTables(); changed != nil || same != nil {
		s.Folded = append(s.Folded,
			folded{Title: "Metrics of the server that changed", Grid: changed},
			folded{Title: "Metrics of the server that stayed the same", Grid: same})
	}
	return s
}

// Style is the rules of the page and of the charts in it.
func (v *view) Style() template.CSS { return template.CSS(plot.Style + pageCSS) }

// Light is the colors of the charts, which serve the whole page, by day.
func (v *view) Light() template.CSS { return template.CSS(plot.Light) }

// Dark is those by night.
func (v *view) Dark() template.CSS { return template.CSS(plot.Dark) }

// Script is what points into the charts.
func (v *view) Script() template.JS { return template.JS(pageJS) }
