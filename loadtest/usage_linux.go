package loadtest

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what this process has used since its start.
type usage struct {
	cpu            time.Duration
	resident, peak uint64 // bytes; 0: not known
}

func ownUsage() usage {
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &r) != nil {
		return usage{}
	}
	u := usage{cpu: time.Duration(r.Utime.Nano() + r.Stime.Nano()), peak: uint64(r.Maxrss) << 10}
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			pages, _ := strconv.ParseUint(fields[1], 10, 64)
			u.resident = pages * uint64(os.Getpagesize())
		}
	}
	return u
}

// system is the operating system, its kernel and the architecture.
func system() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return runtime.GOOS + " " + runtime.GOARCH
	}
	return "Linux " + unix.ByteSliceToString(name.Release[:]) + " " + runtime.GOARCH
}

func openFiles() uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return limit.Cur
}
