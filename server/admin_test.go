package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
)

// patience bounds every wait of these tests. It is what a hang costs, not what anything may take.
const patience = time.Minute

// patientLimits have nothing happen by the passing of time.
var patientLimits = adminLimits{
	connections: operatorsMax, header: time.Hour, read: time.Hour, write: time.Hour, idle: time.Hour,
	grace: adminDefaults.grace, slow: adminDefaults.slow,
}

func adminForTest(t *testing.T, config Config, limits adminLimits) *Admin {
	t.Helper()
	if config.Admin == "" {
		config.Admin = "127.0.0.1:0"
	}
	a, err := startAdmin(config, zap.NewNop(), zap.NewAtomicLevel(), limits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// say sends what is no request yet, or is one.
func (a *Admin) say(t *testing.T, text string) net.Conn {
	t.Helper()
	c, err := net.DialTimeout("tcp", a.Address(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, text) // who is closed meanwhile can't say it
	return c
}

// ask sends a request as it is written and returns the answer.
func (a *Admin) ask(t *testing.T, request string) (status int, body string) {
	t.Helper()
	c := a.say(t, request)
	defer c.Close()
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	return response.StatusCode, string(text)
}

// The ways not to ask.
var unfinished = []string{
	"", "G", "GET /readyz HTTP/1.1\r\nHost: localhost\r\n", "PUT /loglevel HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nlevel=",
	"GET /readyz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
	"GET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 40<<10),
	"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n" + strings.Repeat("x", 8<<10),
}

// TestAdminIdleConnections: who is silent, says half of something or has said it all does not keep others from asking, and
// never has more than the port's places.
func TestAdminIdleConnections(t *testing.T) {
	a := adminForTest(t, Config{}, patientLimits)
	held := make([]net.Conn, 1000)
	for i := range held {
		held[i] = a.say(t, unfinished[i%len(unfinished)])
	}
	for range 50 {
		if status, _ := a.ask(t, "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); status != 200 {
			t.Fatalf("/livez: %d", status)
		}
	}
	gone := make(chan struct{}, len(held))
	for _, c := range held {
		go func() {
			_, _ = io.Copy(io.Discard, c)
			gone <- struct{}{}
		}()
	}
	for range len(held) - operatorsMax {
		<-gone // all that are beyond the port's places
	}
}

// TestAdminFlood: while others connect without end and say nothing, who asks is answered.
func TestAdminFlood(t *testing.T) {
	a := adminForTest(t, Config{}, patientLimits)
	stop := make(chan struct{})
	var flood sync.WaitGroup
	for range 2 {
		flood.Go(func() {
			var held [64]net.Conn
			for i := 0; ; i++ {
				select {
				case <-stop:
					for _, c := range held {
						if c != nil {
							c.Close()
						}
					}
					return
				default:
				}
				if c := held[i%len(held)]; c != nil {
					c.Close()
				}
				if c, err := net.Dial("tcp", a.Address()); err == nil {
					_, _ = io.WriteString(c, unfinished[i%5])
					held[i%len(held)] = c
				}
			}
		})
	}
	defer flood.Wait()
	defer close(stop)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for range 20 {
		if err := Health(ctx, a.Address()); err == nil || !strings.HasSuffix(err.Error(), "is not ready: starting") {
			t.Fatal(err)
		}
	}
}

// TestAdminSlowReaders: who does not take the answers does not keep others from asking.
func TestAdminSlowReaders(t *testing.T) {
	a := adminForTest(t, Config{}, patientLimits)
	for range operatorsMax + 8 {
		c := a.say(t, "")
		_ = c.(*net.TCPConn).SetReadBuffer(4 << 10)
		go func() {
			for { // until the server takes no more, since it gets rid of no answer
				if _, err := io.WriteString(c, strings.Repeat("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 100)); err != nil {
					return
				}
			}
		}()
	}
	for range 10 {
		if status, _ := a.ask(t, "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); status != 200 {
			t.Fatalf("/livez: %d", status)
		}
	}
}

// TestAdminKeepsWhoAsks: an answer that takes long comes, however many others want the place, and though it takes longer
// than a request may take to arrive. A busy machine may take longer to read a request: then there is more time for it.
func TestAdminKeepsWhoAsks(t *testing.T) {
	var err error
	for arrives := 50 * time.Millisecond; arrives < 10*time.Second; arrives *= 10 {
		if err = answersAmongOthers(t, arrives); err == nil {
			return
		}
		t.Logf("with %v to arrive: %v", arrives, err)
	}
	t.Error(err)
}

// answersAmongOthers asks for what takes four times as long as a request may take to arrive, while others want the place.
func answersAmongOthers(t *testing.T, arrives time.Duration) error {
	limits := patientLimits
	limits.header, limits.read, limits.write = arrives, arrives, time.Minute
	a := adminForTest(t, Config{Pprof: true}, limits)
	takes := 4 * arrives
	begun := time.Now()
	c := a.say(t, fmt.Sprintf("GET /debug/pprof/trace?seconds=%v HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", takes.Seconds()))
	for i := range 300 {
		a.say(t, unfinished[i%len(unfinished)])
	}
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	if took := time.Since(begun); err != nil || n == 0 || response.StatusCode != 200 || took < takes {
		return fmt.Errorf("the trace has %d bytes and status %d after %s: %v", n, response.StatusCode, took, err)
	}
	return nil
}

// TestAdminPlaces: of the connections of several addresses those go whose address has most.
func TestAdminPlaces(t *testing.T) {
	limits := patientLimits
	limits.connections = 8
	a := adminForTest(t, Config{}, limits)
	dialer := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.2")}}
	c, err := dialer.Dial("tcp", a.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 100 {
		a.say(t, "G")
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, "GET /livez HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if response, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || response.StatusCode != 200 {
		t.Errorf("who came first, and from elsewhere, had to go: %v", err)
	}
}
