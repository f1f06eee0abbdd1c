//go:build unix

package store

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// writable says why this user may not write to a file, nil when it may. The file is not opened: closing it would take this
// process's locks on it away.
func writable(path string) error {
	if err := unix.Access(path, unix.W_OK); err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return nil
}
