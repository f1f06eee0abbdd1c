package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hubbub/loadtest/plot"
)

// writePage returns a run's page. Run the tests with -artifacts to keep the pages and look at them.
func writePage(t *testing.T, name string, r *Run) string {
	t.Helper()
	path := filepath.Join(t.ArtifactDir(), name+".html")
	if err := r.WriteHTML(path); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// content is a page taken apart.
type content struct {
	text     string // what one reads, scripts and styles excepted
	elements map[string]int
	scripts  []string
}

// loads are the attributes that make a browser fetch something.
var loads = []string{"src", "srcset", "data", "poster", "action", "formaction", "background", "href"}

// reaches finds what makes a style or a script fetch something.
var reaches = regexp.MustCompile(`(?i)url\(|@import|@font-face|fetch\(|XMLHttpRequest|import\(|WebSocket`)

// readPage takes a page apart, and fails the test when it is not well-formed or reaches for anything outside of it.
func readPage(t *testing.T, page string) (c content) {
	t.Helper()
	script := regexp.MustCompile(`(?s)<script[^>]*>(.*?)</script>`)
	for _, m := range script.FindAllStringSubmatch(page, -1) {
		c.scripts = append(c.scripts, m[1])
	}
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	for _, m := range append(style.FindAllStringSubmatch(page, -1), script.FindAllStringSubmatch(page, -1)...) {
		if hit := reaches.FindString(m[1]); hit != "" {
			t.Errorf("the page reaches outside: %s", hit)
		}
	}
	page = style.ReplaceAllString(script.ReplaceAllString(page, "<script></script>"), "<style></style>")
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	c.elements = map[string]int{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return c
		}
		if err != nil {
			t.Fatalf("the page is broken: %v", err)
		}
		switch token := token.(type) {
		case xml.CharData:
			c.text += string(token) + " "
		case xml.StartElement:
			c.elements[token.Name.Local]++
			for _, a := range token.Attr {
				name := strings.ToLower(a.Name.Local)
				if slices.Contains(loads, name) && !strings.HasPrefix(a.Value, "data:") && token.Name.Local != "a" {
					t.Errorf("<%s %s=%q> reaches outside of the page", token.Name.Local, a.Name.Local, a.Value)
				}
				if strings.HasPrefix(name, "on") {
					t.Errorf("<%s %s=%q>", token.Name.Local, a.Name.Local, a.Value)
				}
			}
		}
	}
}

func (c *content) says(t *testing.T, texts ...string) {
	t.Helper()
	text := strings.ReplaceAll(c.text, "\u00a0", " ")
	for _, want := range texts {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func (c *content) keepsQuiet(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(c.text, text) {
			t.Errorf("the page says %q", text)
		}
	}
}

func TestPassedPage(t *testing.T) {
	r := cleanSample()
	c := readPage(t, writePage(t, "passed", r))
	c.says(t, "Passed", fmt.Sprintf("2,000 users sent %s messages within 3 min", count(sum(r.Total.Sent))),
		count(r.Audit.Checked)+" deliveries compared", "clean",
		"Latency by percentile", "Broadcast latency over time", "Messages sent", "Messages delivered", "Connections",
		"Processor time", "Memory", "hubbub loadtest --target tcp://10.0.0.7:9000 --scenario lobby --fail-if 'p99>50ms'",
		"linux 6.8.0, amd64", "name: lobby", "Metrics of the server that changed  (4)", "+18,231,007", "88.1 s",
		"the same within 10 %")
	c.keepsQuiet(t, "Failed", "Refusals", "Ceiling", ", raw", "interrupted", "NaN")
	if c.elements["figure"] != 13 || c.elements["svg"] < 2*13 {
		t.Errorf("there are %d figures with %d pictures, want 13 with two or three each", c.elements["figure"], c.elements["svg"])
	}
}

func TestFailedPage(t *testing.T) {
	r := failedSample()
	page := writePage(t, "failed", r)
	c := readPage(t, page)
	c.says(t, "Failed", "The run was interrupted", r.Generator.Bottleneck, "Refusals and disconnects", "SERVER_BUSY",
		"cut: SLOW_CONSUMER", "login: connection refused", "1,224", "owed to a receiver and never seen there",
		"Where: the first 101 findings", "96.013 s", "It came behind number 89.", "broadcast, raw")
	c.says(t, r.Verdict.Reasons...)
	if strings.Index(page, r.Verdict.Reasons[0]) > strings.Index(page, `class="tiles"`) {
		t.Error("the reasons don't come first")
	}
}

func TestCeilingPage(t *testing.T) {
	c := readPage(t, writePage(t, "ceiling", ceilingSample()))
	c.says(t, "p99<50ms was met up to 3,000 broadcasts a second.", "ceiling", "broadcasts a second within p99<50ms", "3,810")
	r := ceilingSample()
	r.Ceiling.Knee = 0
	c = readPage(t, writePage(t, "no_ceiling", r))
	c.says(t, "No rate that was tried met p99<50ms.")
}

// A run without anything, or with a part of it, is a page too.
func TestPartialPages(t *testing.T) {
	c := readPage(t, writePage(t, "empty", &Run{}))
	c.says(t, "Failed", "There was nothing to compare.")
	c.keepsQuiet(t, "NaN", "Inf", "there are no values")
	r := cleanSample()
	r.Server, r.Load.Window = nil, 16
	for i := range r.Series {
		r.Series[i].Server = nil
	}
	for f, l := range r.Total.Latency {
		l.HDR = "damaged"
		r.Total.Latency[f] = l
	}
	c = readPage(t, writePage(t, "partial", r))
	c.says(t, "not known", "In a closed loop of 16 in flight", "closed: 16 messages in flight")
	c.keepsQuiet(t, "Latency by percentile", "Metrics of the server", ", asked")
}

func TestPageSize(t *testing.T) {
	for _, seconds := range []int{600, 3600} {
		page := writePage(t, fmt.Sprint("soak", seconds), soakSample(seconds))
		if len(page) > 400<<10 {
			t.Errorf("the page of a run of %d s has %d KiB, more than 400", seconds, len(page)>>10)
		}
		c := readPage(t, page)
		c.says(t, fmt.Sprintf("Each point is the worst of %d seconds.", (seconds+curvePoints-1)/curvePoints))
	}
}

// Names from outside are text wherever they appear, and the data for the script stays data.
func TestHostileNames(t *testing.T) {
	const evil = `</script></pre><img src="http://evil.test/x" onerror=alert(1)>&amp;'"{{.}}`
	r := failedSample()
	r.Load.Name, r.Load.Scenario, r.Load.Targets, r.Command = evil, evil, []string{evil}, []string{evil}
	r.Phases[1].Name, r.Verdict.Reasons[0], r.Generator.Bottleneck = evil, evil, evil
	r.Environment = Environment{Version: evil, System: evil, Processor: evil}
	r.Server.Version, r.Server.URL, r.Server.After[evil] = evil, evil, 1
	r.Audit.Findings[0].Note, r.Audit.Findings[0].Kind = evil, evil
	r.Ceiling = &Ceiling{Objective: evil, Unit: evil, Knee: 1, Steps: []Step{{Rate: 1, Why: evil, P50: 1, P99: 2}}}
	r.Total.Refused[evil] = 1
	r.Series[3].Totals.Refused = map[string]uint64{evil: 1}
	r.Series[3].Phase = evil
	page := writePage(t, "hostile", r)
	c := readPage(t, page)
	c.says(t, evil)
	if c.elements["img"] > 0 {
		t.Error("a name became an element")
	}
	data := 0
	for _, script := range c.scripts {
		if strings.HasPrefix(script, "{") {
			data++
			if !json.Valid([]byte(script)) {
				t.Errorf("the data of a figure is broken: %.200s", script)
			}
		}
	}
	if data != c.elements["figure"] {
		t.Errorf("%d of %d figures have their data", data, c.elements["figure"])
	}
}

// However many seconds become one point, the worst of them, their sum and their mean stay what they are.
func TestThin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := make([]Second, rapid.IntRange(1, 5*curvePoints).Draw(t, "seconds"))
		highest, total, known := math.NaN(), 0.0, 0
		for i := range seconds {
			if rapid.IntRange(0, 9).Draw(t, "known") == 0 {
				continue
			}
			v := rapid.Float64Range(0, 1000).Draw(t, "value")
			seconds[i].Server = &Usage{CPU: v}
			if !(v <= highest) {
				highest = v
			}
			total, known = total+v, known+1
		}
		cpu := used(func(u *Usage) float64 { return u.CPU })
		points, each := thin(seconds)
		if len(points) > curvePoints || each*len(points) < len(seconds) {
			t.Fatalf("%d seconds are %d points of %d", len(seconds), len(points), each)
		}
		worst, sum := math.NaN(), 0.0
		for _, s := range points {
			w, n := byWorst.over(s, cpu), bySum.over(s, cpu)
			here := 0.0
			for i := range s {
				if s[i].Server != nil {
					here++
				}
			}
			if m := byMean.over(s, cpu); math.IsNaN(n) != math.IsNaN(m) || math.Abs(m*here-n) > 1e-6 {
				t.Fatalf("of %g seconds the mean is %g, the sum %g", here, m, n)
			}
			if !math.IsNaN(n) {
				sum += n
			}
			if !math.IsNaN(w) && !(w <= worst) {
				worst = w
			}
		}
		if math.Abs(sum-total) > 1e-6*max(1, total) || known > 0 && worst != highest {
			t.Fatalf("the points have the sum %g and the worst %g, the seconds %g and %g", sum, worst, total, highest)
		}
	})
}

// The curve of a distribution ends at its slowest value, and a raw one is drawn where it differs.
func TestPercentileCurves(t *testing.T) {
	v := newView(failedSample())
	f := v.percentiles()
	names := []string{}
	for i, s := range f.chart.Series {
		names = append(names, s.Name)
		flow, of := Flow(strings.TrimSuffix(s.Name, ", raw")), v.Total.Latency
		if strings.HasSuffix(s.Name, "raw") {
			of = v.Total.Raw
		}
		last := slices.Index(f.chart.At, 1-1/float64(of[flow].Count))
		if last < 0 || f.chart.Series[i].Values[last] != of[flow].Max {
			t.Errorf("the curve of %s does not end at %g", s.Name, of[flow].Max)
		}
		k := slices.IndexFunc(f.chart.At, func(share float64) bool { return math.Abs(share-.99) < 1e-9 })
		if s.Values[k] != of[flow].P99 {
			t.Errorf("%s: p99 is drawn at %g and is %g", s.Name, s.Values[k], of[flow].P99)
		}
	}
	if got := strings.Join(names, "; "); got != "broadcast; broadcast, raw; whisper; whisper, raw; answer; answer, raw; login" {
		t.Errorf("the curves are %s", got)
	}
}

// Each layer of the bars adds up to what was counted of its reason, and many reasons become one layer.
func TestTroubleOverTime(t *testing.T) {
	r := failedSample()
	f := newView(r).troubleOverTime()
	want := map[string]uint64{"refused: SERVER_BUSY": r.Total.Refused["SERVER_BUSY"],
		"refused: RATE_LIMITED": r.Total.Refused["RATE_LIMITED"],
		"cut: SLOW_CONSUMER":    r.Total.Disconnects["SLOW_CONSUMER"], "login: connection refused": 60}
	for _, s := range f.chart.Series {
		sum := 0.0
		for _, v := range s.Values {
			sum += v
		}
		if sum != float64(want[s.Name]) || sum == 0 {
			t.Errorf("%s adds up to %g, want %d", s.Name, sum, want[s.Name])
		}
	}
	r.Series[7].Totals.Refused = map[string]uint64{"A": 1, "B": 2, "C": 3, "D": 4}
	for name, n := range r.Series[7].Totals.Refused {
		r.Total.Refused[name] = n
	}
	f = newView(r).troubleOverTime()
	last := f.chart.Series[len(f.chart.Series)-1]
	if len(f.chart.Series) != plot.Colors || last.Name != "others" || last.Values[7] != 6 {
		t.Errorf("there are %d layers, the last is %s with %g", len(f.chart.Series), last.Name, last.Values[7])
	}
}

// What a run did not have is not drawn.
func TestAbsentFlows(t *testing.T) {
	v := newView(makeRun([]load{{"only", 40, 100, 10, 0, 0, 1, 1}}))
	for _, f := range []*figure{v.sentOverTime(), v.deliveriesOverTime(), v.loginsOverTime()} {
		for _, s := range f.chart.Series {
			if strings.HasPrefix(s.Name, "whisper") || s.Name == "left" {
				t.Errorf("%s shows %s", f.Title, s.Name)
			}
		}
	}
	if v.latencyOverTime(Whisper) != nil {
		t.Error("there is a chart of the latency of no whisper")
	}
}

func TestTiles(t *testing.T) {
	at := func(n uint64) Totals {
		return Totals{Intended: map[Flow]uint64{Broadcast: n / 10}, Delivered: map[Flow]uint64{Broadcast: n}}
	}
	r := &Run{
		Seconds: 40,
		Phases: []Phase{{From: 0, To: 10, Totals: at(0)}, {From: 10, To: 30, Totals: at(4000)},
			{From: 30, To: 40, Totals: at(2000)}},
		Series: []Second{{At: 12, Totals: at(170)}, {At: 13, Totals: at(9120)}, {At: 14, Totals: at(30)}},
		Total:  at(6000),
	}
	r.Total.Latency = map[Flow]Latency{Broadcast: {Count: 6000, P50: .25, P99: 7, Max: 1200}}
	r.Series[1].Phase = "spike"
	r.Series[1].Totals.Latency = map[Flow]Latency{Broadcast: {Count: 9120, Max: 1200}}
	want := []tile{
		{"deliveries a second", "200", "mean of the phases that wanted any; in the best second 9,120", ""},
		{"p50", "250 µs", "half of all broadcast deliveries were as fast or faster", ""},
		{"p99", "7 ms", "99 in 100 were as fast or faster", ""},
		{"max", "1.2 s", "the slowest one, after 13 s, in spike", ""},
		{"audit", "none", "there was nothing to compare", ""},
	}
	got := newView(r).Tiles
	for i := range got {
		got[i].Value = strings.ReplaceAll(got[i].Value, "\u00a0", " ")
		got[i].About = strings.ReplaceAll(got[i].About, "\u00a0", " ")
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestWriteHTMLReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.html")
	for range 2 {
		if err := soakSample(31).WriteHTML(path); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("there are %d files, %v", len(files), err)
	}
	taken := filepath.Join(dir, "folder.html")
	if err := os.MkdirAll(filepath.Join(taken, "full"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := (&Run{}).WriteHTML(taken); err == nil {
		t.Error("a page took the place of a folder")
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 2 {
		t.Errorf("what could not be placed was left behind: %v, %v", files, err)
	}
	err := (&Run{}).WriteHTML(filepath.Join(dir, "missing", "report.html"))
	if err == nil || !strings.Contains(err.Error(), "can't write "+filepath.Join(dir, "missing", "report.html")) {
		t.Errorf("got %v", err)
	}
}

func TestCommandLine(t *testing.T) {
	v := &view{Run: &Run{Command: []string{"hubbub", "loadtest", "--fail-if", "p99>50ms", "", "it's", "a=b"}}}
	if got, want := v.line(), `hubbub loadtest --fail-if 'p99>50ms' '' 'it'\''s' a=b`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLatencyLimit(t *testing.T) {
	f := func(objective string, want float64, good bool) {
		t.Helper()
		if ms, ok := latencyLimit(objective); ok != good || ok && ms != want {
			t.Errorf("%s: got %g, %t", objective, ms, ok)
		}
	}
	f("p99<50ms", 50, true)
	f("whisper.max <= 1.5s", 1500, true)
	f("lost<1", 0, false)
	f("p99>-1ms", 0, false)
	f("server-memory<64MiB", 0, false)
	f("", 0, false)
}

// The script writes numbers by plot's units and scales, which it knows by their places.
func TestScriptKnowsUnits(t *testing.T) {
	units := []plot.Unit{plot.Count, plot.PerSecond, plot.Milliseconds, plot.Clock, plot.Bytes, plot.Percent}
	scales := []plot.Scale{plot.Linear, plot.Log, plot.Percentile}
	for i, u := range units {
		if int(u) != i {
			t.Errorf("the script takes unit %d for %d", u, i)
		}
	}
	for i, s := range scales {
		if int(s) != i {
			t.Errorf("the script takes scale %d for %d", s, i)
		}
	}
}
