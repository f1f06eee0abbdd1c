package loadtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hubbub/loadtest/report"
)

// serverWatch looks at the server's /metrics every second. The zero value watches nothing.
type serverWatch struct {
	url     string
	client  http.Client
	stop    context.CancelFunc
	stopped chan struct{}

	mu     sync.Mutex
	before map[string]float64
	now    map[string]float64
	at     time.Time // of now
	usage  *report.Usage
	peak   uint64
}

// lookEvery is how often the server is asked, lookLimit how long it may take to answer.
const (
	lookEvery = time.Second
	lookLimit = 5 * time.Second
)

// watchServer begins to watch the server behind the operators' endpoint at url, until end.
func watchServer(ctx context.Context, url string) (*serverWatch, error) {
	w := &serverWatch{}
	if url == "" {
		return w, nil
	}
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	w.url = strings.TrimSuffix(strings.TrimSuffix(url, "/"), "/metrics")
	first, err := w.look(ctx)
	if err != nil {
		return nil, fmt.Errorf("--admin: look at the server's metrics: %w; leave --admin out to run without them", err)
	}
	w.before = first
	w.take(first)
	ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	w.stopped = make(chan struct{})
	go w.keepLooking(ctx)
	return w, nil
}

func (w *serverWatch) keepLooking(ctx context.Context) {
	defer close(w.stopped)
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			if samples, err := w.look(ctx); err == nil {
				w.take(samples)
			}
		}
	}
}

// look asks for the metrics.
func (w *serverWatch) look(ctx context.Context) (map[string]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := w.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(response.Body, 300)) // such as which hosts it is asked by
		return nil, fmt.Errorf("%s answered %s: %s", request.URL, response.Status, bytes.TrimSpace(why))
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s is no metrics page: %w", request.URL, err)
	}
	samples := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			sample(samples, family.GetName(), m)
		}
	}
	return samples, nil
}

// sample adds a metric by name and labels; of histograms and summaries the count and the sum.
func sample(into map[string]float64, name string, m *dto.Metric) {
	var labels []string
	for _, l := range m.GetLabel() {
		labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
	}
	suffix := ""
	if len(labels) > 0 {
		slices.Sort(labels)
		suffix = "{" + strings.Join(labels, ",") + "}"
	}
	switch {
	case m.Counter != nil:
		into[name+suffix] = m.Counter.GetValue()
	case m.Gauge != nil:
		into[name+suffix] = m.Gauge.GetValue()
	case m.Untyped != nil:
		into[name+suffix] = m.Untyped.GetValue()
	case m.Histogram != nil:
		into[name+"_count"+suffix], into[name+"_sum"+suffix] = float64(m.Histogram.GetSampleCount()), m.Histogram.GetSampleSum()
	case m.Summary != nil:
		into[name+"_count"+suffix], into[name+"_sum"+suffix] = float64(m.Summary.GetSampleCount()), m.Summary.GetSampleSum()
	}
}

// The samples that the report draws.
const (
	cpuSample      = "process_cpu_seconds_total"
	residentSample = "process_resident_memory_bytes"
	sessionsSample = "hubbub_sessions{"
	loggedInLabel  = `state="authenticated"`
	versionSample  = "hubbub_build_info{"
)

// take keeps what a look saw.
func (w *serverWatch) take(samples map[string]float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	resident := uint64(samples[residentSample])
	w.peak = max(w.peak, resident)
	if w.now != nil {
		w.usage = &report.Usage{Resident: resident, Sessions: loggedIn(samples),
			CPU: (samples[cpuSample] - w.now[cpuSample]) / now.Sub(w.at).Seconds()}
	}
	w.now, w.at = samples, now
}

// loggedIn adds up the dialects' sessions.
func loggedIn(samples map[string]float64) (n int) {
	for name, value := range samples {
		if strings.HasPrefix(name, sessionsSample) && strings.Contains(name, loggedInLabel) {
			n += int(value)
		}
	}
	return n
}

// latest is what the server used between the last two looks; nil: not known.
func (w *serverWatch) latest() *report.Usage {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.usage
}

// close ends the watch. It may be called more than once.
func (w *serverWatch) close() {
	if w.stop != nil {
		w.stop()
		<-w.stopped
		w.client.CloseIdleConnections()
	}
}

// end takes a last look and returns what was seen; nil when nothing was watched.
func (w *serverWatch) end() *report.Server {
	if w.url == "" {
		return nil
	}
	w.close()
	if samples, err := w.look(context.Background()); err == nil {
		w.take(samples)
	}
	w.client.CloseIdleConnections()
	s := &report.Server{URL: w.url, Before: w.before, After: w.now, PeakResident: w.peak,
		CPUSeconds: w.now[cpuSample] - w.before[cpuSample]}
	for name := range maps.Keys(w.now) {
		if labels, ok := strings.CutPrefix(name, versionSample); ok {
			_, version, _ := strings.Cut(labels, `version="`)
			s.Version, _, _ = strings.Cut(version, `"`)
		}
	}
	return s
}
