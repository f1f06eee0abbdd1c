package plot

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the pictures in testdata anew")

var gap = math.NaN()

// overTime is a chart with everything that the axis of time can carry.
func overTime(width int) *Chart {
	c := &Chart{
		Title: "Latency over time", About: "Three lines over a minute & a half; the <spike> stands out.",
		Width: width, X: Axis{Unit: Clock, Name: "minutes:seconds since the start"},
		Y:     Axis{Unit: Milliseconds, Scale: Log, Rules: []Rule{{"limit: 50 ms", 50}}},
		Bands: []Band{{"ramp", 0, 30}, {"steady", 30, 100}, {"spike", 100, 110}, {"churn", 110, 150}},
		Series: []Series{
			{Name: "p50"}, {Name: "p99"}, {Name: "max", Color: Colors}, {Name: "asked", Color: 2, Dashed: true}},
	}
	for s := range 150 {
		base := .3 + .1*math.Sin(float64(s)/7)
		if s >= 100 && s < 110 {
			base *= 20
		}
		c.At = append(c.At, float64(s+1))
		p99 := 4 * base
		if s >= 60 && s < 65 || s == 67 {
			p99 = gap
		}
		c.Series[0].Values = append(c.Series[0].Values, base)
		c.Series[1].Values = append(c.Series[1].Values, p99)
		c.Series[2].Values = append(c.Series[2].Values, base*float64(8+s*7%11))
		c.Series[3].Values = append(c.Series[3].Values, 1.3)
	}
	return c
}

func percentiles() *Chart {
	c := &Chart{Title: "Latency by percentile", X: Axis{Scale: Percentile, Unit: Percent},
		Y:      Axis{Unit: Milliseconds},
		Series: []Series{{Name: "broadcast"}, {Name: "broadcast, raw", Color: 1, Dashed: true}, {Name: "login"}}}
	for d := 0.; d <= 6; d += .1 {
		c.At = append(c.At, 1-math.Pow(10, -d))
		c.Series[0].Values = append(c.Series[0].Values, 1+d*d*d)
		c.Series[1].Values = append(c.Series[1].Values, 1+d*d)
		if d < 3 {
			c.Series[2].Values = append(c.Series[2].Values, 40+d)
		}
	}
	return c
}

func stacked() *Chart {
	return &Chart{Title: "Refusals", Height: 200, At: []float64{1, 2, 3, 4}, X: Axis{Unit: Clock},
		Y: Axis{Unit: PerSecond, Name: "each second"},
		Series: []Series{{Name: "RATE_LIMITED", Mark: Stacked, Values: []float64{0, 120, 40, 0}},
			{Name: "SERVER_BUSY", Mark: Stacked, Values: []float64{10, gap, 900}},
			{Name: "others", Mark: Stacked, Values: []float64{0, 0, 30}}}}
}

func steps() *Chart {
	return &Chart{Title: "Cost by sessions", At: []float64{1000, 10_000, 100_000, 1e6},
		X: Axis{Scale: Log, Name: "sessions", Rules: []Rule{{"of this machine", 28_000}}}, Y: Axis{Unit: Bytes},
		Series: []Series{{Name: "resident", Mark: Dots, Values: []float64{30 << 20, 61 << 20, 140 << 20, 690 << 20}},
			{Name: "given", Mark: Step, Values: []float64{64 << 20, 64 << 20, 256 << 20, 1 << 30}}}}
}

func bars() *Bars {
	return &Bars{Title: "Fan-out to 1,000 receivers", About: "Bars of four programs.",
		Y:      Axis{Unit: Milliseconds, Rules: []Rule{{"target", 4}}},
		Series: []string{"bare write loop", "Hubbub", "Redis", "NATS"},
		Groups: []Group{
			{"1 in flight", []Bar{{1.1, 1, 1.2}, {1.18, 1.1, 1.3}, {4.1, 3.9, 4.6}, {5.2, 5, 6.1}}},
			{"64 in flight", []Bar{{.31, .3, .32}, {.33, .32, .36}, {2.1, 2, 2.4}, {3.8, 3.5, 4.1}}},
			{"256 in flight, all of them at once", []Bar{{.3, .3, .3}, {.31, .3, .33}, {2.2, 2.1, 2.3}, {Value: gap}}},
		}}
}

// pictures are the charts whose SVG is kept in testdata.
func pictures() map[string]string {
	return map[string]string{
		"time": overTime(0).SVG(), "narrow": overTime(340).SVG(), "inline": overTime(600).Inline("wide"),
		"percentiles": percentiles().SVG(), "stacked": stacked().SVG(), "steps": steps().SVG(),
		"bars": bars().SVG(), "bars_inline": bars().Inline(""),
		"empty": (&Chart{Title: "Nothing"}).SVG(), "no_bars": (&Bars{Title: "Nothing"}).SVG(),
	}
}

func TestPictures(t *testing.T) {
	for name, got := range pictures() {
		file := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs from what it was; look at both, and if the new one is right, run this with -update", file)
		}
		if err := wellFormed(got); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func wellFormed(picture string) error {
	d := xml.NewDecoder(strings.NewReader(picture))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
