//go:build !linux

package pgtest

import "syscall"

// asUser runs the programs as whoever runs the tests, who must not be root.
func asUser(string) (*syscall.SysProcAttr, error) { return nil, nil }
