package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
)

// Admin is the operators' port: health, metrics, the log's level. It lives as long as the process, and so longer than a
// Server: it answers while the database is opened, while the process stands by, and until the last message is kept. Any
// goroutine may call any method. A nil *Admin is one that nobody asked for: its methods do nothing.
type Admin struct {
	listener net.Listener
	http     *http.Server
	log      *zap.Logger
	ended    chan struct{} // closed once nothing is served any more

	at atomic.Pointer[position]
}

// position is how far the process is: a phase that SetPhase has set, or the server's own.
type position struct {
	phase  Phase
	detail string
	server *Server // nil: none runs
}

func (p *position) now() Phase {
	if p.server != nil {
		return p.server.phase()
	}
	return p.phase
}

// describe returns the phase for people, with its detail.
func (p *position) describe() string {
	if p.detail == "" {
		return p.now().String()
	}
	return p.now().String() + ": " + p.detail
}

// StartAdmin listens on config.Admin, at once, and answers with the phase Starting. It returns nil when that is empty. level
// is the logger's, which /loglevel shows and sets. The error says what to do when it can't listen there.
func StartAdmin(config Config, log *zap.Logger, level zap.AtomicLevel) (*Admin, error) {
	if config.Admin == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", config.Admin)
	if err != nil {
		return nil, fmt.Errorf("can't listen for operators on %s: %w; choose another address with --admin, or none with --admin=",
			config.Admin, err)
	}
	a := &Admin{listener: listener, log: log, ended: make(chan struct{})}
	a.SetPhase(Starting, "")
	a.http = &http.Server{
		Handler: a.routes(level, config.Pprof), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: zap.NewStdLog(log.Named("admin")),
	}
	go func() {
		defer close(a.ended)
		if err := a.http.Serve(newFew(listener, operatorsMax)); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the operators' port stopped", zap.Error(err))
		}
	}()
	at := "http://" + reachable(a.Address())
	log.Info("operators: "+at+"/metrics", zap.String("ready", at+"/readyz"))
	return a, nil
}

func (a *Admin) routes(level zap.AtomicLevel, withPprof bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "/livez\n/readyz\n/metrics\n/loglevel")
	})
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", a.serveReady)
	metrics := newProcessMetrics(a)
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{Registry: metrics.registry}))
	mux.Handle("/loglevel", level)
	if withPprof {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// SetPhase says what the process does while no server runs: before the first one, between two, and after the last. A
// server that was attached is so no longer. detail is for people, such as what is waited for, and may be empty.
func (a *Admin) SetPhase(phase Phase, detail string) {
	if a != nil {
		a.at.Store(&position{phase: phase, detail: detail})
	}
}

// Attach has the operators' port show a server's phase, checks and metrics, instead of those of one before it, until
// SetPhase. Call it before the server's Run.
func (a *Admin) Attach(s *Server) {
	if a != nil {
		a.at.Store(&position{server: s})
	}
}

// Address returns where operators connect, with the port that was picked; "" for nowhere.
func (a *Admin) Address() string {
	if a == nil {
		return ""
	}
	return a.listener.Addr().String()
}

// Close stops listening and closes all connections. It is the last thing that a process does.
func (a *Admin) Close() {
	if a == nil {
		return
	}
	_ = a.http.Close()
	<-a.ended
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
