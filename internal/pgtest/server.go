package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hubbub/internal/testenv"
)

// Program is what testenv.Require needs to know of PostgreSQL: whoever has this one has all of them.
const Program = "initdb"

const (
	owner    = "hubbub"
	password = "sea@ of/voices" // URLs must get through with it
	// patience is how long the server may take to start, or to end. Tests that need it run beside others.
	patience = time.Minute
)

// Server is a PostgreSQL that listens on a Unix socket: no port that anybody else could take while it is stopped.
type Server struct {
	bin, dir  string
	attr      *syscall.SysProcAttr
	databases atomic.Int64

	process *os.Process
	ended   chan struct{} // closed when process has ended
}

// Start runs a server of the test's own until the test ends. Its data are written through to the disk, as in production.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.remove)
	return s
}

var (
	sharedServer = sync.OnceValues(func() (*Server, error) { shared.Store(true); return start() })
	shared       atomic.Bool // somebody called sharedServer
)

// Shared is the server of the test binary, started for the first test that asks. Its package's TestMain calls Main.
func Shared(t testing.TB) *Server {
	t.Helper()
	s, err := sharedServer()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Main runs the tests of a package that uses Shared, ends its server, and checks that no goroutine is left.
func Main(m *testing.M) {
	testenv.Require(Program)
	goleak.VerifyTestMain(suite{m})
}

type suite struct{ *testing.M }

func (s suite) Run() int {
	code := s.M.Run()
	if shared.Load() {
		if server, err := sharedServer(); err == nil {
			server.remove()
		}
	}
	return code
}

func start() (*Server, error) {
	initdb, err := testenv.Find(Program)
	if err != nil {
		return nil, err
	}
	s := &Server{bin: filepath.Dir(initdb)}
	if s.dir, err = os.MkdirTemp("", "pgtest"); err != nil {
		return nil, err
	}
	if err = s.initialize(); err == nil {
		err = s.launch()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	return s, nil
}

// initialize makes the data directory. The database's language is one that does not sort by bytes, so that a query that
// relies on the bytes' order without asking for it is found out.
func (s *Server) initialize() error {
	attr, err := asUser(s.dir)
	if err != nil {
		return err
	}
	s.attr = attr
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o644); err != nil { // its directory is the server's user's alone
		return err
	}
	return s.run("initdb", "--pgdata", s.data(), "--no-sync", "--username", owner, "--pwfile", secret, "--auth", "scram-sha-256",
		"--encoding", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en")
}

// launch starts the server and waits until it takes connections.
func (s *Server) launch() error {
	var output bytes.Buffer
	command := exec.Command(filepath.Join(s.bin, "postgres"), "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=")
	command.Dir, command.SysProcAttr, command.Stdout, command.Stderr = s.dir, s.attr, &output, &output
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // the server ends when the thread that started it does: with this process, not before
		err := command.Start()
		started <- err
		if err == nil {
			command.Wait() // how it ended shows in its output
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process, s.ended = command.Process, ended
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(patience); ; {
		if status, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid")); err == nil && ready(string(status), s.process.Pid) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ended:
			return fmt.Errorf("PostgreSQL did not start:\n%s", &output)
		case <-limit:
			s.end(syscall.SIGKILL)
			return fmt.Errorf("PostgreSQL was not ready after %v:\n%s", patience, &output)
		}
	}
}

// ready reads what the server writes about itself: its process in the first line, and how far it is in the eighth.
func ready(status string, pid int) bool {
	lines := strings.Split(status, "\n")
	return len(lines) >= 8 && lines[0] == fmt.Sprint(pid) && strings.TrimSpace(lines[7]) == "ready"
}

// URL makes an empty database and returns its URL.
func (s *Server) URL(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	if err := s.run("createdb", "--host", s.dir, "--username", owner, name); err != nil {
		t.Fatal(err)
	}
	return s.Address(name)
}

// Address returns the URL of a database that may not be there.
func (s *Server) Address(database string) string {
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword(owner, password), Path: "/" + database,
		RawQuery: url.Values{"host": {s.dir}}.Encode(),
	}).String()
}

// Stop ends the server in good order; its clients are sent away.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.end(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// Kill ends the server at once: what it did not write to its log by then is gone.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if err := s.end(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
}

// Start starts the server again after Stop or Kill, with the same data and the same URLs.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.launch(); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) end(how syscall.Signal) error {
	if err := s.process.Signal(how); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.ended:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("PostgreSQL did not end within %v of signal %v", patience, how)
	}
}

func (s *Server) remove() {
	if s.end(syscall.SIGQUIT) != nil {
		s.process.Kill()
		<-s.ended
	}
	os.RemoveAll(s.dir)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// run runs one of PostgreSQL's programs to its end.
func (s *Server) run(name string, args ...string) error {
	command := exec.Command(filepath.Join(s.bin, name), args...)
	command.Dir, command.SysProcAttr = s.dir, s.attr
	command.Env = append(os.Environ(), "PGPASSWORD="+password)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, output)
	}
	return nil
}
