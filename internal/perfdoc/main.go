// Perfdoc draws the pictures of docs/PERFORMANCE.md from the figures that were measured, so that a picture can't say
// something else than the table beside it. Run it with
//
//	go generate ./internal/perfdoc
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"hubbub/loadtest/plot"
)

//go:generate go run . -root ../..

// Where the figures stand, and the pictures beside them.
const (
	folder  = "docs/performance"
	figures = "figures.yaml"
)

// book is the file of figures.
type book struct {
	Bars  []barsFigure
	Lines []lineFigure
}

// Picture is what every figure has; the reader of YAML can set no unexported one.
type Picture struct {
	File, Title, About string
	X, Y               axis
}

type axis struct {
	Name, Unit, Scale string
}

type barsFigure struct {
	Picture `yaml:",inline"`
	Series  []string
	Groups  []struct {
		Name string
		Bars [][]float64 // each its value, or value, least and greatest
	}
}

type lineFigure struct {
	Picture `yaml:",inline"`
	At      []float64
	Series  []struct {
		Name   string
		Values []float64
		Dashed bool
	}
}

func main() {
	log.SetFlags(0)
	root := flag.String("root", ".", "the module's `directory`")
	flag.Parse()
	if err := draw(filepath.Join(*root, folder)); err != nil {
		log.Fatal(err)
	}
}

// draw writes every picture of the figures in a directory.
func draw(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, figures))
	if err != nil {
		return err
	}
	pictures, err := pictures(text)
	if err != nil {
		return fmt.Errorf("%s: %w", figures, err)
	}
	for name, svg := range pictures {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(svg), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pictures returns the pictures by file name.
func pictures(text []byte) (map[string]string, error) {
	var b book
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&b); err != nil {
		return nil, err
	}
	drawn := map[string]string{}
	for _, f := range b.Bars {
		svg, err := f.draw()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.File, err)
		}
		drawn[f.File] = svg
	}
	for _, f := range b.Lines {
		svg, err := f.draw()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.File, err)
		}
		drawn[f.File] = svg
	}
	return drawn, nil
}

func (f *barsFigure) draw() (string, error) {
	y, err := f.Y.axis()
	chart := plot.Bars{Title: f.Title, About: f.About, Y: y, Series: f.Series}
	for _, g := range f.Groups {
		group := plot.Group{Name: g.Name}
		for _, b := range g.Bars {
			switch len(b) {
			case 1:
				group.Bars = append(group.Bars, plot.Bar{Value: b[0], Low: b[0], High: b[0]})
			case 3:
				group.Bars = append(group.Bars, plot.Bar{Value: b[0], Low: b[1], High: b[2]})
			default:
				return "", fmt.Errorf("%s: a bar has its value, or value, least and greatest, not %v", g.Name, b)
			}
		}
		if len(group.Bars) != len(f.Series) {
			return "", fmt.Errorf("%s has %d bars for %d series", g.Name, len(group.Bars), len(f.Series))
		}
		chart.Groups = append(chart.Groups, group)
	}
	return chart.SVG(), err
}

func (f *lineFigure) draw() (string, error) {
	x, err := f.X.axis()
	if err != nil {
		return "", err
	}
	y, err := f.Y.axis()
	chart := plot.Chart{Title: f.Title, About: f.About, X: x, Y: y, At: f.At}
	for _, s := range f.Series {
		if len(s.Values) != len(f.At) {
			return "", fmt.Errorf("%s has %d values for %d places", s.Name, len(s.Values), len(f.At))
		}
		chart.Series = append(chart.Series, plot.Series{Name: s.Name, Values: s.Values, Dashed: s.Dashed, Mark: plot.Dots})
	}
	return chart.SVG(), err
}

func (a axis) axis() (plot.Axis, error) {
	unit, ok := units[a.Unit]
	if !ok {
		return plot.Axis{}, fmt.Errorf("the unit %q is not known", a.Unit)
	}
	scale, ok := scales[a.Scale]
	if !ok {
		return plot.Axis{}, fmt.Errorf("the scale %q is not known", a.Scale)
	}
	return plot.Axis{Name: a.Name, Unit: unit, Scale: scale}, nil
}

// The names of units and scales in the file; empty: plain numbers, evenly spread.
var (
	units = map[string]plot.Unit{"": plot.Count, "ms": plot.Milliseconds, "bytes": plot.Bytes, "share": plot.Percent,
		"seconds": plot.Clock, "rate": plot.PerSecond}
	scales = map[string]plot.Scale{"": plot.Linear, "log": plot.Log, "percentile": plot.Percentile}
)
