package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"

	"github.com/panjf2000/gnet/v2"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
)

// admin is the operators' port. A nil admin serves nothing.
type admin struct {
	listener net.Listener
	http     *http.Server
	done     chan struct{}
}

func startAdmin(s *Server, address string, withPprof bool) (*admin, error) {
	if address == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("can't listen for operators on %s: %w; choose another address with --admin, or none with --admin=", address, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "/livez\n/readyz\n/metrics\n/loglevel")
	})
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.serveReady)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{Registry: s.metrics.registry}))
	mux.Handle("/loglevel", s.level)
	if withPprof {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	a := &admin{listener: listener, done: make(chan struct{}), http: &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: zap.NewStdLog(s.log.Named("admin")),
	}}
	go func() {
		defer close(a.done)
		if err := a.http.Serve(newFew(listener, operatorsMax)); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("the operators' port stopped", zap.Error(err))
		}
	}()
	return a, nil
}

func (a *admin) address() string {
	if a == nil {
		return ""
	}
	return a.listener.Addr().String()
}

func (a *admin) close() {
	if a == nil {
		return
	}
	_ = a.http.Close()
	<-a.done
}

// serveReady answers 200 when the server can serve, and 503 with the reason when it can't.
func (s *Server) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), ReadyTimeout)
	defer cancel()
	checks, ok := s.check(ctx)
	w.Header().Set("Content-Type", "application/json")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"ready": ok, "checks": checks})
}

// check asks every loop and the pool for a sign of life.
func (s *Server) check(ctx context.Context) (checks map[string]string, ok bool) {
	checks, ok = map[string]string{"draining": "no"}, true
	fail := func(name, text string) { checks[name], ok = text, false }
	if s.draining.Load() {
		fail("draining", "yes")
	}
	select {
	case <-s.ready:
	default:
		fail("loops", "not started")
		return checks, ok
	}
	for _, l := range *s.loops.Load() {
		name := fmt.Sprintf("loop %d", l.lane.Index())
		checks[name] = "ok"
		answered := make(chan struct{})
		err := l.events.Execute(ctx, gnet.RunnableFunc(func(context.Context) error { close(answered); return nil }))
		if err != nil {
			fail(name, err.Error())
			continue
		}
		if !within(ctx, answered) {
			fail(name, "no answer within "+ReadyTimeout.String())
		}
	}
	checks["workers"] = "ok"
	answered := make(chan struct{})
	s.pool.probe(func() { close(answered) })
	if !within(ctx, answered) {
		fail("workers", fmt.Sprintf("no answer within %s; %d strands wait", ReadyTimeout, s.pool.depth()))
	}
	if s.store != nil { // last, because it may use up the time
		checks["database"] = "ok"
		if err := s.unfit(ctx); err != nil {
			fail("database", err.Error())
		}
	}
	return checks, ok
}

func within(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// few is a listener with a bounded number of connections at a time: those of operators must not use up the descriptors,
// without which the loops can't accept clients. Those beyond it wait in the kernel.
type few struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newFew(l net.Listener, n int) *few {
	return &few{Listener: l, places: make(chan struct{}, n), closed: make(chan struct{})}
}

// Accept implements net.Listener.
func (l *few) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &fewConn{Conn: c, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

// Close implements net.Listener.
func (l *few) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// fewConn gives its place back when it is closed.
type fewConn struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *fewConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
