//go:build !linux

package loadtest

import (
	"runtime"
	"time"
)

// usage is what usage_linux.go tells; here nothing is known, as no load test runs here.
type usage struct {
	cpu            time.Duration
	resident, peak uint64
}

func ownUsage() usage   { return usage{} }
func system() string    { return runtime.GOOS + " " + runtime.GOARCH }
func openFiles() uint64 { return 0 }
