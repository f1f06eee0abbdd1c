//go:build !linux

package term

import "golang.org/x/term"

// ReadHidden reads a line from a terminal that does not show it. One goroutine at a time.
func ReadHidden(fd int) (string, error) {
	line, err := term.ReadPassword(fd)
	return string(line), err
}
