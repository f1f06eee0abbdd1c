package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/internal/pgtest"
	"hubbub/internal/testenv"
)

// The real program, built once for all tests.
var (
	// binary has the race detector when the tests have it.
	binary string
	// quick has not, and so starts four times as fast. It is for commands that end at once, of which the tests run hundreds.
	quick string
)

func TestMain(m *testing.M) {
	testenv.Require(pgtest.Program, "tmux")
	os.Exit(buildAndRun(m))
}

// atATime is how many tests run beside each other for each processor: they mostly wait, for a server's start, a lease or a
// timeout. Those that measure something, or that keep all processors busy, run alone and before.
const atATime = 2

// builtAlready names the program to a test that runs once more in a process of its own, on a disk of its own.
const builtAlready = "E2E_BINARY"

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "hubbub")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if flag.Parse(); flag.Lookup("test.parallel").Value.String() == flag.Lookup("test.parallel").DefValue {
		_ = flag.Set("test.parallel", strconv.Itoa(atATime*runtime.GOMAXPROCS(0)))
	}
	if binary = os.Getenv(builtAlready); binary != "" {
		quick = binary
		return m.Run()
	}
	quick, binary = filepath.Join(dir, "quick"), filepath.Join(dir, "hubbub")
	if err := build(quick); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if !raceEnabled {
		binary = quick
	} else if err := build(binary, testenv.RaceFlags()...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_ = os.Setenv(builtAlready, binary)
	return m.Run()
}

// build builds the program.
func build(path string, flags ...string) error {
	args := append([]string{"build", "-o", path}, flags...)
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return nil
}

// patience bounds every wait of these tests. It is what a hang costs, not what anything may take.
const patience = 5 * time.Minute

// process is a running server.
type process struct {
	t            testing.TB
	cmd          *exec.Cmd
	chat, admin  string // addresses
	mu           sync.Mutex
	log          bytes.Buffer // what it wrote to stderr
	exited       chan struct{}
	exit         error
	logged       *sync.Cond
	wantsNonZero bool
}

// serve starts the real program on free ports and waits until it says that it is open. It is stopped with the test,
// and must then exit with status 0. A login may take as long as anything, and so may silence: a busy machine is slow.
func serve(t testing.TB, args ...string) *process {
	t.Helper()
	return start(t, exec.Command(binary, append([]string{
		"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "json", "--drain", "0s",
		"--login-timeout", patience.String(), "--heartbeat", patience.String(), "--data-dir", t.TempDir(),
	}, args...)...))
}

func start(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := launch(t, cmd)
	p.chat = p.logValue("chat is open on ")
	return p
}

// launch starts the real program and waits until its operators' port answers, which is before it serves.
func launch(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, exited: make(chan struct{})}
	p.logged = sync.NewCond(&p.mu)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.mu.Lock()
			p.log.Write(append(lines.Bytes(), '\n'))
			p.logged.Broadcast()
			p.mu.Unlock()
		}
		p.exit = cmd.Wait()
		close(p.exited)
		p.logged.Broadcast()
	}()
	t.Cleanup(p.stop)
	p.admin = strings.TrimSuffix(p.logValue("operators: http://"), "/metrics")
	return p
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		p.t.Error("the server did not stop on SIGTERM")
	}
	if p.exit != nil && !p.wantsNonZero {
		p.t.Errorf("the server exited with %v; its log:\n%s", p.exit, p.tail())
	}
}

// tail returns the end of the log, or the race detector's report when there is one.
func (p *process) tail() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	log := p.log.String()
	if at := strings.Index(log, "WARNING: DATA RACE"); at >= 0 {
		log = log[at:]
		return log[:min(len(log), 6000)]
	}
	return log[max(0, len(log)-3000):]
}

// logValue waits for a line whose message begins with prefix, and returns the rest of the message.
func (p *process) logValue(prefix string) string {
	p.t.Helper()
	timer := time.AfterFunc(patience, p.logged.Broadcast)
	defer timer.Stop()
	begun := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for line := range bytes.Lines(p.log.Bytes()) {
			var entry struct{ Msg string }
			if json.Unmarshal(line, &entry) == nil && strings.HasPrefix(entry.Msg, prefix) {
				return entry.Msg[len(prefix):]
			}
		}
		select {
		case <-p.exited:
			p.t.Fatalf("the server exited (%v) before it logged %q:\n%s", p.exit, prefix, p.log.String())
		default:
		}
		if time.Since(begun) >= patience {
			p.t.Fatalf("the server did not log %q:\n%s", prefix, p.log.String())
		}
		p.logged.Wait()
	}
}

// get asks the operators' port.
func (p *process) get(path string) (status int, body string) {
	p.t.Helper()
	response, err := http.Get("http://" + p.admin + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// metric returns the value of a metric, given with its labels as it is printed.
func (p *process) metric(name string) float64 {
	p.t.Helper()
	_, text := p.get("/metrics")
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil {
				p.t.Fatal(err)
			}
			return v
		}
	}
	p.t.Fatalf("there is no metric %s", name)
	return 0
}

// eventually waits until the metric has the value, which it must reach without being asked to.
func (p *process) eventually(name string, want func(float64) bool) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		v := p.metric(name)
		if want(v) {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s stays at %v", name, v)
		}
		<-tick.C
	}
}

func equal(want float64) func(float64) bool { return func(v float64) bool { return v == want } }

// peer is a client at the level of packets.
type peer struct {
	t      testing.TB
	conn   *net.TCPConn
	in     *bufio.Reader
	packet []byte
	name   string
}

func dial(t testing.TB, address string) *peer {
	t.Helper()
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	return newPeer(t, c)
}

func newPeer(t testing.TB, c net.Conn) *peer {
	t.Helper()
	p := &peer{t: t, conn: c.(*net.TCPConn), in: bufio.NewReaderSize(c, 16<<10)}
	t.Cleanup(func() { c.Close() })
	return p
}

// login dials and logs in.
func login(t testing.TB, address, name string) *peer {
	t.Helper()
	p := dial(t, address)
	p.send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: name})
	m := p.read()
	answer, ok := m.(*codec.LoginResponse)
	if !ok || answer.Result != codec.Success {
		t.Fatalf("%s could not log in: %s", name, codec.Format(m))
	}
	p.name = strings.Clone(answer.User)
	return p
}

func (p *peer) send(messages ...codec.Message) {
	p.t.Helper()
	var out []byte
	for _, m := range messages {
		out = codec.Native.Append(out, m)
	}
	_ = p.conn.SetWriteDeadline(time.Now().Add(patience)) // of a connection that is gone Write tells
	if _, err := p.conn.Write(out); err != nil {
		p.t.Errorf("%s: %v", p.name, err)
	}
}

// next returns the next packet's message, whose strings are valid until the call after it.
func (p *peer) next() (codec.Message, error) {
	if p.in.Buffered() == 0 {
		_ = p.conn.SetReadDeadline(time.Now().Add(patience)) // of a connection that is gone Next tells
	}
	var err error
	if p.packet, err = codec.Native.Next(p.in, p.packet[:0], codec.MaxPacket); err != nil {
		return nil, err
	}
	return codec.Native.Decode(p.packet)
}

func (p *peer) read() codec.Message {
	p.t.Helper()
	m, err := p.next()
	if err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
	return m
}
