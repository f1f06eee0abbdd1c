package server

import (
	"net/netip"
	"sync"
)

// addresses counts connections by address, while a limit asks for it.
type addresses struct {
	mu    sync.Mutex
	count map[netip.Addr]int
}

// admit counts a connection unless its address has limit of them already. With a limit of 0 nothing is counted.
func (a *addresses) admit(from netip.Addr, limit int, c *conn) bool {
	if limit == 0 {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count[from] >= limit {
		return false
	}
	if a.count == nil {
		a.count = make(map[netip.Addr]int)
	}
	a.count[from]++
	c.address = from
	return true
}

// leave takes back what admit counted for the connection.
func (a *addresses) leave(c *conn) {
	if !c.address.IsValid() {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count[c.address]--; a.count[c.address] == 0 {
		delete(a.count, c.address)
	}
}
