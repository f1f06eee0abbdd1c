package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// checkListen reports why nobody can listen on the address of a flag, as far as its text tells: no name is looked up, and
// nothing is asked of this machine. Anyone.
func checkListen(flag, address, example string) error {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err == nil && !validHost(host) {
		err = fmt.Errorf("%q is no address and no name of a host", host)
	}
	if err != nil {
		return fmt.Errorf("%s %q can't be used: %w; give host:port, such as %s", flag, address, err, example)
	}
	return nil
}

// validHost reports whether a host is an address, can be a name, or is empty, which is everywhere.
func validHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return true
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	last := name[strings.LastIndexByte(name, '.')+1:]
	return validName(name) && strings.Trim(last, "0123456789") != "" // else it is an address with a mistake
}

// checkApart reports that two addresses claim the same port, so that the server would be in its own way.
func checkApart(listen, admin string) error {
	chat, port, err := net.SplitHostPort(listen)
	operators, adminPort, adminErr := net.SplitHostPort(admin)
	if errors.Join(err, adminErr) != nil {
		return nil // one of them is nowhere
	}
	number, err := net.LookupPort("tcp", port)
	adminNumber, adminErr := net.LookupPort("tcp", adminPort)
	if errors.Join(err, adminErr) != nil || number == 0 || number != adminNumber {
		return nil
	}
	if chat != operators && !everywhere(chat) && !everywhere(operators) {
		return nil
	}
	return fmt.Errorf("--listen and --admin must have different ports, and both have %d", number)
}

// everywhere reports whether a host stands for all addresses of the machine.
func everywhere(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.IsUnspecified()
}
