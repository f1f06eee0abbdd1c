//go:build !linux

package server

// writeDirect is nil: writes go through gnet.
var writeDirect func(descriptor int32, p []byte) int

// PauseReading implements session.Conn: here gnet's loops can't be told to stop reading, so that a client that sends faster
// than the server works is disconnected when too much waits.
func (*conn) PauseReading(bool) bool { return false }
