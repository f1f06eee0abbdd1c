package server

import (
	"net"
	"os"
	"strings"
	"testing"

	"go.uber.org/zap"
)

func TestAdminHostsAllow(t *testing.T) {
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := newAdminHosts("10.1.2.3:9001", "hubbub.example.org, *.Hubbub.svc ,192.0.2.7,2001:db8::7,[2001:db8::8],my_chat")
	if err != nil {
		t.Fatal(err)
	}
	f := func(want bool, local string, asked ...string) {
		t.Helper()
		at, err := net.ResolveTCPAddr("tcp", local)
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range asked {
			if got := hosts.allows(host, at); got != want {
				t.Errorf("%q at %s: %v", host, local, got)
			}
		}
	}
	f(true, "172.17.0.2:9001", "", "localhost", "localhost:9001", "LOCALHOST.:8080", "127.0.0.1", "127.1.2.3:9001", "[::1]:9001", "[::1]",
		"[::ffff:127.0.0.1]:80", "172.17.0.2:9001", "172.17.0.2", "10.1.2.3:9001", own, strings.ToUpper(own)+":9001",
		"hubbub.example.org", "Hubbub.Example.Org.:9001", "a.hubbub.svc", "a.b.hubbub.svc:9001", "192.0.2.7:9001",
		"[2001:db8::7]:9001", "[2001:0db8:0::8]", "my_chat:9001")
	f(true, "[fe80::5%eth0]:9001", "[fe80::5]:9001", "[fe80::5%25eth0]:9001")
	f(true, "[::ffff:10.9.9.9]:9001", "10.9.9.9:9001")
	f(false, "172.17.0.2:9001", "evil.example", "evil.example:9001", "localhost.evil.example", "evil-localhost", "127.0.0.1.evil.example",
		"hubbub.example.org.evil.example", "xhubbub.example.org", "hubbub.svc", ".hubbub.svc", "evilhubbub.svc", "172.17.0.3:9001", "8.8.8.8",
		"[2001:db8::9]", "0.0.0.0:9001", "[::]:9001", "127.1", "2130706433", "0x7f000001", "localhost..", "localhost%evil.example", " ", "localhost,evil",
		"user@localhost", "localhost:9001:80", "[localhost]x")
}

func TestAdminHostsSetting(t *testing.T) {
	for _, good := range []string{"", ",", "a", "a,b", " a , *.b.c ", "1.2.3.4", "::1", "a_b-c.d"} {
		if _, err := newAdminHosts(":9001", good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"*", "*.", "a b", "a:9001", "http://a", "a/b", "a.*.b", "1.2.3.4:80", "10.0.0.0/8", "a..b", ".a", "[::1]:80", "ä"} {
		config := Config{Admin: ":9001", AdminHosts: bad}
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), "--admin-hosts") || !strings.Contains(err.Error(), "names such as") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestAdminRefusesOthers: a web page reaches nothing here, neither by a name of its own nor by ours, whatever it asks for
// and how.
func TestAdminRefusesOthers(t *testing.T) {
	level := zap.NewAtomicLevelAt(zap.InfoLevel)
	a, err := startAdmin(Config{Admin: "127.0.0.1:0", AdminHosts: "ops.example.org", Pprof: true}, zap.NewNop(), level, patientLimits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	_, port, _ := net.SplitHostPort(a.Address())
	requests := []string{"GET / ", "GET /livez ", "GET /readyz ", "GET /metrics ", "GET /loglevel ", "PUT /loglevel ", "POST /loglevel ",
		"DELETE /nowhere ", "OPTIONS * ", "HEAD /livez ", "GET /debug/pprof/ ", "GET /debug/pprof/cmdline ", "GET /debug/pprof/profile?seconds=1 "}
	f := func(want int, words string, header ...string) {
		t.Helper()
		for _, request := range requests {
			status, body := a.ask(t, request+"HTTP/1.1\r\nConnection: close\r\n"+strings.Join(header, "\r\n")+
				"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\nlevel=debug")
			if status != want || !strings.Contains(body, words) && !strings.HasPrefix(request, "HEAD") {
				t.Errorf("%s%v: %d %s", request, header, status, body)
			}
		}
	}
	const misdirected, forbidden = 421, 403
	for _, host := range []string{"evil.example", "evil.example:" + port, "192.0.2.1:" + port, "localhost.evil.example", "0.0.0.0:" + port} {
		f(misdirected, "operators are not answered under the host", "Host: "+host)
		f(misdirected, "or add the host to --admin-hosts", "Host: "+host, "Origin: http://"+host)
		f(misdirected, "--admin-hosts", "Host: "+host, "X-Forwarded-Host: localhost")
	}
	for _, origin := range []string{"http://evil.example", "http://evil.example:" + port, "null", "https://ops.example.org.evil.example",
		"http://localhost:1", "http://127.0.0.1", "file://", "chrome-extension://abc", "http://192.0.2.1:" + port, "x"} {
		f(forbidden, "may not ask the operators' port", "Host: localhost:"+port, "Origin: "+origin)
	}
	f(forbidden, "may not ask the operators' port", "Host: localhost:"+port, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors")
	f(forbidden, "may not ask the operators' port", "Host: localhost:"+port, "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors")
	if status, _ := a.ask(t, "GET http://evil.example/livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); status != misdirected {
		t.Errorf("a foreign host in the request's line: %d", status)
	}
	form := "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nContent-Length: 11\r\n\r\nlevel=debug"
	if status, _ := a.ask(t, "PUT /loglevel "+form); status != forbidden {
		t.Errorf("a form of another site: %d", status)
	}
	if level.Level() != zap.InfoLevel {
		t.Errorf("the level is %s now", level)
	}
}

// TestAdminAnswersItsOwn: programs, probes, balancers and the port's own pages get through.
func TestAdminAnswersItsOwn(t *testing.T) {
	level := zap.NewAtomicLevelAt(zap.InfoLevel)
	a, err := startAdmin(Config{Admin: "127.0.0.1:0", AdminHosts: "ops.example.org"}, zap.NewNop(), level, patientLimits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	_, port, _ := net.SplitHostPort(a.Address())
	f := func(request string, header ...string) {
		t.Helper()
		level.SetLevel(zap.InfoLevel)
		status, body := a.ask(t, request+"\r\n"+strings.Join(append(header, "Content-Length: 11", ""), "\r\n")+"\r\nlevel=debug")
		if status != 200 {
			t.Errorf("%s %v: %d %s", request, header, status, body)
		}
		if strings.HasPrefix(request, "PUT") && level.Level() != zap.DebugLevel {
			t.Errorf("%s %v: the level is %s", request, header, level)
		}
	}
	f("GET /livez HTTP/1.0")                          // HAProxy's option httpchk
	f("GET /livez HTTP/1.1", "Host: 127.0.0.1:"+port) // a kubelet's probe, Prometheus
	f("GET /metrics HTTP/1.1", "Host: ops.example.org")
	f("GET /metrics HTTP/1.1", "Host: ops.example.org", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate") // a link in a dashboard
	f("GET /metrics HTTP/1.1", "Host: localhost:"+port, "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate")
	f("PUT /loglevel HTTP/1.1", "Host: localhost:"+port, "Content-Type: application/x-www-form-urlencoded")
	f("PUT /loglevel HTTP/1.1", "Host: localhost:"+port, "Content-Type: application/x-www-form-urlencoded", "Origin: http://localhost:"+port, "Sec-Fetch-Site: same-origin")
	f("PUT /loglevel HTTP/1.1", "Host: 127.0.0.1:"+port, "Content-Type: application/x-www-form-urlencoded", "Origin: http://localhost:"+port)
	f("PUT /loglevel HTTP/1.1", "Host: ops.example.org", "Content-Type: application/x-www-form-urlencoded", "Origin: https://ops.example.org")
}
