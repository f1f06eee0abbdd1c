//go:build !linux

package server

// poller is what gnet's loops wait with. Only on Linux can it be told anything.
type poller struct{}

func findPoller(int) *poller { return nil }

func (*poller) listen(bool) bool { return false }
