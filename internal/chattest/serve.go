package chattest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// Server is a real server in this process, for the tests and examples of what connects to one.
type Server struct {
	Address string // host:port

	cancel context.CancelFunc
	done   chan struct{}
	err    error // why it ended; once done is closed
	logs   *observer.ObservedLogs
}

// Start runs a server on a free port of 127.0.0.1, with these flags and for the rest the defaults.
func Start(flags ...string) (*Server, error) {
	config, err := settings(flags)
	if err != nil {
		return nil, err
	}
	core, logs := observer.New(zapcore.WarnLevel)
	running, _, closeStore, err := newServer(config, zap.New(core))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{cancel: cancel, done: make(chan struct{}), logs: logs}
	go func() {
		defer close(s.done)
		s.err = errors.Join(running.Run(ctx), closeStore())
	}()
	select {
	case <-running.Ready():
		s.Address = running.Address()
		return s, nil
	case <-s.done:
		cancel()
		return nil, fmt.Errorf("the server did not start: %w", s.err)
	}
}

// Serve is Start for a test: the server runs until the test ends, or StopIn.
func Serve(t testing.TB, flags ...string) *Server {
	t.Helper()
	s, err := Start(flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.StopIn(t) })
	return s
}

// StopIn is Stop for a test, which fails when the server did not end as it should.
func (s *Server) StopIn(t testing.TB) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

// Drain begins to shut the server down and does not wait for the end.
func (s *Server) Drain() { s.cancel() }

// Stop shuts the server down, waits until it has ended, and returns why that was not as it should be: what Run
// returned, and what was logged as an error.
func (s *Server) Stop() error {
	s.cancel()
	<-s.done
	failures := []error{s.err}
	for _, entry := range s.logs.FilterLevelExact(zapcore.ErrorLevel).All() {
		failures = append(failures, fmt.Errorf("the server logged an error: %s %v", entry.Message, entry.ContextMap()))
	}
	return errors.Join(failures...)
}

// Main runs the tests of a package that starts servers, and checks that they leave no goroutine behind. gnet and ants
// each keep a default pool for the life of the process, with two goroutines and idle workers. The server's own pool has
// workers of another type, which count.
func Main(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"),
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*goWorker).run.func1"))
}
