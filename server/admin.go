package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
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
	hosts    *adminHosts
	log      *zap.Logger
	ended    chan struct{} // closed once nothing is served any more

	at      atomic.Pointer[position]
	reloads reloads
	refused atomic.Int64 // the second in which it was last logged that a request was refused
}

// adminLimits are what one who asks on the operators' port gets.
type adminLimits struct {
	connections               int           // at a time; beyond that those go first that do not ask
	header, read, write, idle time.Duration // as http.Server knows them
	grace                     time.Duration // how long one who has connected may take to ask before it counts as idle
	slow                      time.Duration // after so long in one write somebody does not take the answer
}

// adminDefaults hold in the server. A request is small and an answer is some 50 KiB, which takes seconds on no line that
// operators have. Prometheus asks every 15 s to 60 s: it need not connect anew each time.
var adminDefaults = adminLimits{
	connections: operatorsMax,
	header:      5 * time.Second, read: 10 * time.Second, write: 10 * time.Second, idle: time.Minute,
	grace: 10 * time.Millisecond, slow: 250 * time.Millisecond,
}

const (
	// operatorHeaderMax bounds a request's header: a browser's cookies for this host may be in it.
	operatorHeaderMax = 16 << 10
	// operatorBodyMax bounds a request's body: a log level is a word.
	operatorBodyMax = 4 << 10
)

// operatorKey finds a request's operatorConn in its context.
type operatorKey struct{}

// guard lets those through who may ask, once their whole request is here.
func (a *Admin) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := r.Context().Value(operatorKey{}).(*operatorConn)
		if status, why := a.hosts.refuses(r, conn.LocalAddr()); status != 0 {
			w.Header().Set("Connection", "close")
			http.Error(w, why, status)
			if now := time.Now().Unix(); a.refused.Swap(now) != now { // once a second: a page may ask without end
				a.log.Warn("an operator's request was refused", zap.Stringer("client", conn.RemoteAddr()),
					zap.Int("status", status), zap.String("why", why))
			}
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, operatorBodyMax))
		if err != nil {
			w.Header().Set("Connection", "close")
			http.Error(w, fmt.Sprintf("the request's body did not arrive, or has more than %d bytes", operatorBodyMax), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // profiles take longer than a request to arrive
		conn.asks()
		next.ServeHTTP(w, r)
	})
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
	return startAdmin(config, log, level, adminDefaults)
}

func startAdmin(config Config, log *zap.Logger, level zap.AtomicLevel, limits adminLimits) (*Admin, error) {
	if config.Admin == "" {
		return nil, nil
	}
	hosts, err := newAdminHosts(config.Admin, config.AdminHosts)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", config.Admin)
	if err != nil {
		return nil, fmt.Errorf("can't listen for operators on %s: %w; choose another address with --admin, or none with --admin=",
			config.Admin, err)
	}
	a := &Admin{listener: listener, hosts: hosts, log: log, ended: make(chan struct{})}
	a.SetPhase(Starting, "")
	a.Reloaded(nil)
	a.http = &http.Server{
		Handler:           a.guard(a.routes(level, config.Pprof)),
		ReadHeaderTimeout: limits.header, ReadTimeout: limits.read, WriteTimeout: limits.write, IdleTimeout: limits.idle,
		MaxHeaderBytes: operatorHeaderMax, DisableGeneralOptionsHandler: true, ErrorLog: zap.NewStdLog(log.Named("admin")),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, operatorKey{}, c) },
		ConnState: func(c net.Conn, state http.ConnState) {
			if state == http.StateIdle {
				c.(*operatorConn).answered()
			}
		},
	}
	go func() {
		defer close(a.ended)
		if err := a.http.Serve(newOperatorListener(listener, limits)); !errors.Is(err, http.ErrServerClosed) {
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
