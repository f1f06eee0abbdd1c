package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
)

// adminHosts are the names and addresses by which the operators' port may be asked. A web page anywhere can have its own
// name resolve to this machine (DNS rebinding) and then read and change whatever answers here, but the browser says that
// name in Host; a page that asks by a right name says in Origin where it comes from.
type adminHosts struct {
	names    map[string]bool
	suffixes []string // with a dot before them
	addrs    map[netip.Addr]bool
}

// newAdminHosts returns what may be called by listen, the address that is listened on, and by what --admin-hosts adds.
func newAdminHosts(listen, added string) (*adminHosts, error) {
	h := &adminHosts{names: map[string]bool{"localhost": true}, addrs: map[netip.Addr]bool{}}
	if own, err := os.Hostname(); err == nil && own != "" {
		h.names[strings.ToLower(own)] = true
	}
	if host := hostOf(listen); host != "" {
		h.add(host)
	}
	for entry := range strings.SplitSeq(added, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		host := hostOf(entry)
		_, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(entry, "["), "]"))
		if err != nil && (strings.Contains(entry, ":") || !validName(strings.TrimPrefix(host, "*."))) {
			return nil, fmt.Errorf("--admin-hosts: %q is no host: say names such as hubbub.example.org or *.hubbub.svc, or addresses, "+
				"without ports, with commas between them", entry)
		}
		h.add(host)
	}
	return h, nil
}

func (h *adminHosts) add(host string) {
	if addr, err := netip.ParseAddr(host); err == nil {
		h.addrs[addr] = true
	} else if suffix, ok := strings.CutPrefix(host, "*"); ok {
		h.suffixes = append(h.suffixes, suffix)
	} else {
		h.names[host] = true
	}
}

// validName reports whether a name consists of what names consist of. Docker's have underscores.
func validName(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// hostOf returns the host of host, host:port or [host]:port in the one form in which they are compared: in lower case,
// without brackets, zone or a dot at the end.
func hostOf(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.WithZone("").Unmap().String()
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// allows reports whether a connection that arrived at local may ask for this host. Without a host it is no browser: they
// send one since HTTP/1.1. HAProxy's checks have none.
func (h *adminHosts) allows(hostport string, local net.Addr) bool {
	if hostport == "" {
		return true
	}
	host := hostOf(hostport)
	addr, err := netip.ParseAddr(host)
	if err == nil {
		at, ok := local.(*net.TCPAddr)
		return addr.IsLoopback() || h.addrs[addr] || ok && at.AddrPort().Addr().Unmap().WithZone("") == addr
	}
	if h.names[host] {
		return true
	}
	for _, suffix := range h.suffixes {
		if strings.HasSuffix(host, suffix) && len(host) > len(suffix) {
			return true
		}
	}
	return false
}

// refuses returns the status and the sentence with which a request is refused, 0 when it is not.
func (h *adminHosts) refuses(r *http.Request, local net.Addr) (status int, why string) {
	if !h.allows(r.Host, local) {
		return http.StatusMisdirectedRequest, fmt.Sprintf("operators are not answered under the host %s: "+
			"ask by the address that you connect to, or add the host to --admin-hosts", quoted(r.Host))
	}
	origin := r.Header.Get("Origin")
	if origin != "" && !h.same(origin, r.Host, local) {
		return http.StatusForbidden, fmt.Sprintf("the web page at %s may not ask the operators' port: "+
			"open the port's own address instead, or use a program that is no browser", quoted(origin))
	}
	// Without Origin a browser says less. Somebody who follows a link to read something is welcome.
	site, reads := r.Header.Get("Sec-Fetch-Site"), r.Method == http.MethodGet || r.Method == http.MethodHead
	if origin == "" && site != "" && site != "same-origin" && site != "none" && !(reads && r.Header.Get("Sec-Fetch-Mode") == "navigate") {
		return http.StatusForbidden, "a web page of another site may not ask the operators' port: " +
			"open the port's own address instead, or use a program that is no browser"
	}
	return 0, ""
}

// same reports whether an origin is this port's: the host that was asked, or another one of its own at the same port.
func (h *adminHosts) same(origin, asked string, local net.Addr) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false // "null" among them
	}
	if strings.EqualFold(u.Host, asked) {
		return true
	}
	at, ok := local.(*net.TCPAddr)
	return ok && u.Port() == fmt.Sprint(at.Port) && h.allows(u.Host, local)
}

// quoted returns what a stranger said, fit for one line.
func quoted(said string) string {
	const most = 100
	if len(said) > most {
		return fmt.Sprintf("%q…", said[:most])
	}
	return fmt.Sprintf("%q", said)
}
