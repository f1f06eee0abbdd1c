//go:build !linux

package testenv

import "testing"

// Terminals ends a test that needs terminals where there are none; other systems have them.
func Terminals(testing.TB) {}
