package server

import (
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
)

var (
	descPhase = desc("phase", "1 for what the process does now, 0 for the other phases.", "phase")
	descBuild = desc("build_info", "1, labelled by what was built.", "version", "revision", "go")

	descReload   = desc("config_reload_success", "1 when the settings could be read the last time, at the start or on a SIGHUP; 0 when they were wrong, and the former ones hold.")
	descReloaded = desc("config_reload_success_timestamp_seconds", "When the settings were last read without an error, in seconds since 1970.")
)

// processMetrics are those that are there in every phase, with those of the server that is attached.
type processMetrics struct {
	admin    *Admin
	registry *prometheus.Registry
}

func newProcessMetrics(a *Admin) *processMetrics {
	m := &processMetrics{admin: a, registry: prometheus.NewRegistry()}
	m.registry.MustRegister(m, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Gather implements prometheus.Gatherer.
func (m *processMetrics) Gather() ([]*dto.MetricFamily, error) {
	sources := prometheus.Gatherers{m.registry}
	if s := m.admin.at.Load().server; s != nil {
		sources = append(sources, s.metrics.registry)
	}
	return sources.Gather()
}

// Describe implements prometheus.Collector.
func (m *processMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descPhase, descBuild, descReload, descReloaded} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *processMetrics) Collect(ch chan<- prometheus.Metric) {
	now := m.admin.at.Load().now()
	for phase := range phases {
		is := 0.0
		if phase == now {
			is = 1
		}
		ch <- prometheus.MustNewConstMetric(descPhase, prometheus.GaugeValue, is, phase.label())
	}
	version, revision, goVersion := build()
	ch <- prometheus.MustNewConstMetric(descBuild, prometheus.GaugeValue, 1, version, revision, goVersion)
	success := 1.0
	if m.admin.reloads.failed.Load() {
		success = 0
	}
	ch <- prometheus.MustNewConstMetric(descReload, prometheus.GaugeValue, success)
	at := time.Duration(m.admin.reloads.at.Load()).Seconds()
	ch <- prometheus.MustNewConstMetric(descReloaded, prometheus.GaugeValue, at)
}

// build returns what the binary was built from.
func build() (version, revision, goVersion string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown", "unknown", "unknown"
	}
	revision = "unknown"
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			revision = setting.Value
		}
	}
	return info.Main.Version, revision, info.GoVersion
}

// Version returns the version, the revision and the Go version of the binary, for people.
func Version() string {
	version, revision, goVersion := build()
	return "hubbub " + version + " (revision " + revision + ", " + goVersion + ")"
}
