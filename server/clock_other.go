//go:build !linux

package server

import "time"

// uptime is the time since the process began, on a clock that nobody sets.
func uptime() time.Duration { return time.Since(begun) }

// kernelClock is for Linux alone.
func kernelClock() string { return "unknown" }
