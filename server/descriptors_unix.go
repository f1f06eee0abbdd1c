//go:build unix

package server

import (
	"math"

	"golang.org/x/sys/unix"
)

// raiseDescriptors raises the limit of open files to the hard limit and returns what it is then.
func raiseDescriptors() (uint64, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxInt32, err
	}
	if limit.Cur < limit.Max {
		raised := limit
		raised.Cur = limit.Max
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &raised); err != nil {
			return uint64(limit.Cur), err
		}
		limit = raised
	}
	return uint64(limit.Cur), nil
}
