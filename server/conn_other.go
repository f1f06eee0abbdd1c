//go:build !linux

package server

// writeDirect is nil: writes go through gnet.
var writeDirect func(descriptor int32, p []byte) int
