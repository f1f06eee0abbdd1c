package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// WriteFile writes the run as JSON: whole or not at all, so a reader never sees half a report. Samples of the server
// that are no numbers, as an empty summary's quantiles, have no form in JSON and are left out. It fails when the file
// can't be written.
func (r *Run) WriteFile(path string) error {
	out := *r
	if r.Server != nil {
		server := *r.Server
		server.Before, server.After = finite(server.Before), finite(server.After)
		out.Server = &server
	}
	return place(path, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", " ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(&out)
	})
}

func finite(samples map[string]float64) map[string]float64 {
	out := make(map[string]float64, len(samples))
	for name, v := range samples {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			out[name] = v
		}
	}
	return out
}

// ReadFile reads what WriteFile wrote. It fails when the file can't be read, when it is no report, and when it is one of
// a newer format than Format.
func ReadFile(path string) (*Run, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("can't read the report: %w", err)
	}
	r, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	return r, nil
}

// parse explains its errors as the end of a sentence that begins with the file's name.
func parse(text []byte) (*Run, error) {
	var head struct {
		Format      int `json:"format"`
		Environment struct {
			Version string `json:"version"`
		} `json:"environment"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, notReport(err)
	}
	switch {
	case head.Format <= 0:
		return nil, errors.New("is JSON but no report of `hubbub loadtest`: it has no format")
	case head.Format > Format:
		return nil, fmt.Errorf("is a report of format %d, and this version knows formats up to %d;"+
			" read it with the one that wrote it (%s) or a newer one", head.Format, Format, head.Environment.Version)
	}
	r := new(Run)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, notReport(err)
	}
	return r, nil
}

func notReport(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("is no report of `hubbub loadtest --json`, or only a part of one: byte %d: %w", syntax.Offset, err)
	}
	return fmt.Errorf("is no report of `hubbub loadtest --json`: %w", err)
}
