package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestOperatorsDoNotWaitForOthers: a thousand connections that ask nothing, or never to the end, do not keep operators from
// asking, nor take descriptors.
func TestOperatorsDoNotWaitForOthers(t *testing.T) {
	t.Parallel()
	p := serve(t, "--database", "none")
	before := p.metric("process_open_fds")
	for i := range 1000 {
		c, err := net.DialTimeout("tcp", p.admin, patience)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, []string{"", "GET /rea", "GET /readyz HTTP/1.1\r\nHost: localhost\r\nX: ", "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
			"PUT /loglevel HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\nlev"}[i%5])
	}
	for range 20 {
		out, ok := run(t, nil, "health", "--admin", p.admin, "--timeout", "30s")
		if !ok || out != "ready\n" {
			t.Fatalf("health: %s", out)
		}
		begun := time.Now()
		if status, body := p.get("/readyz"); status != 200 {
			t.Fatalf("/readyz: %d %s", status, body)
		}
		t.Logf("/readyz took %s", time.Since(begun).Round(time.Millisecond))
	}
	if v := p.metric("process_open_fds"); v > before+40 {
		t.Errorf("%v descriptors were open before, %v are now", before, v)
	}
}

// TestAdminRefusesForeignHosts: what a web page could ask by a name of its own is refused, with what to do.
func TestAdminRefusesForeignHosts(t *testing.T) {
	t.Parallel()
	p := serve(t, "--database", "none", "--admin-hosts", "ops.example.org")
	ask := func(request string) (int, string) {
		t.Helper()
		c, err := net.DialTimeout("tcp", p.admin, patience)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(c, request)
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(body)
	}
	put := " HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n"
	if status, body := ask("PUT /loglevel" + put + "Host: evil.example\r\n\r\nlevel=error"); status != 421 || !strings.Contains(body, "--admin-hosts") {
		t.Errorf("a foreign host: %d %s", status, body)
	}
	if status, body := ask("PUT /loglevel" + put + "Host: ops.example.org\r\nOrigin: http://evil.example\r\n\r\nlevel=error"); status != 403 {
		t.Errorf("a foreign origin: %d %s", status, body)
	}
	if _, body := p.get("/loglevel"); !strings.Contains(body, `"info"`) {
		t.Errorf("the level is %s now", body)
	}
	if status, body := ask("GET /readyz HTTP/1.0\r\n\r\n"); status != 200 {
		t.Errorf("a check of HAProxy: %d %s", status, body)
	}
	if status, body := ask("GET /readyz HTTP/1.1\r\nHost: ops.example.org:443\r\n\r\n"); status != 200 {
		t.Errorf("by a name of --admin-hosts: %d %s", status, body)
	}
}
