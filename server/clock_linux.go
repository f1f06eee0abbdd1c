package server

import (
	"time"

	"golang.org/x/sys/unix"
)

// uptime is the time since the machine began, on a clock that nobody sets and that does not stop while it sleeps.
func uptime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return time.Since(begun)
	}
	return time.Duration(t.Nano())
}

// kernelClock is what the kernel knows of its clock's source, for the log. It is no evidence: a wrong source is followed
// just as well.
func kernelClock() string {
	state, err := unix.Adjtimex(&unix.Timex{})
	switch {
	case err != nil:
		return "unknown: " + err.Error()
	case state == unix.TIME_ERROR:
		return "not synchronized"
	}
	return "synchronized"
}
