package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/panjf2000/gnet/v2"
	"go.uber.org/zap"

	"hubbub/codec"
	"hubbub/handler"
	"hubbub/handler/charset"
	"hubbub/session"
)

// Server is a chat server on gnet's event loops.
type Server struct {
	// Immutable.
	log     *zap.Logger
	level   zap.AtomicLevel
	chat    *handler.Chat
	pool    *pool
	hashing *pool // of passwords
	reading *pool // of the database
	store   Store // nil: nothing is kept

	hashQueue *fairQueue // in front of hashing
	readQueue *fairQueue // in front of reading

	events  *events
	metrics *metrics
	clock   *clock     // nil without a store
	revoked int64      // the newest revocation before the server began
	limit   int        // of sessions, by the configuration, the open files and the memory
	fenced  chan error // why this server must not go on, once
	memory  memory
	ready   chan struct{}

	findPoller func(descriptor int) *poller // how a loop learns of its own, from a connection of it; nil when it can't

	// Written before ready is closed.
	engine  gnet.Engine
	address string

	// Atomic.
	config     atomic.Pointer[Config]
	loops      atomic.Pointer[[]*loop]
	draining   atomic.Bool
	accepted   atomic.Uint64
	turnedAway atomic.Uint64
	received   atomic.Uint64
	panics     atomic.Uint64
	pruned     atomic.Uint64
	prunes     atomic.Uint64

	acceptErrors atomic.Uint64

	addresses addresses
	loopsMu   sync.Mutex // held to add to loops

	// Guarded by acceptMu.
	acceptMu       sync.Mutex
	acceptFailures int  // since the last tick
	deafened       bool // the loops don't accept until the next one
}

// New returns a server for the configuration, which must be valid. store is what keeps accounts and history, nil for
// nothing; whoever opened it closes it once Run has returned. level is the logger's.
func New(config Config, store Store, log *zap.Logger, level zap.AtomicLevel) (*Server, error) {
	s := &Server{log: log, level: level, store: store, ready: make(chan struct{}), fenced: make(chan error, 1), findPoller: findPoller}
	s.config.Store(&config)
	s.loops.Store(&[]*loop{})
	s.events = &events{server: s}
	loops := config.loops()
	var err error
	if s.limit, err = sessionLimit(config.MaxSessions, loops, log); err != nil {
		return nil, err
	}
	s.memory.budget = config.memoryBudget(availableMemory())
	s.limit = min(s.limit, s.memory.sessions())
	chat := handler.Config{
		Limits: config.ChatLimits(),
		Sessions: session.Config{
			Limits: s.sessionLimits(&config), Preallocated: min(config.SessionsPreallocated, s.limit), Lanes: loops,
			WriteDirect: writeDirect, Panicked: s.loopPanicked, SendBufferBytes: 2 * int(config.SendBuffer), ReceiveBufferBytes: 2 * int(config.ReceiveBuffer),
			Evicted:  s.evicted,
			Schedule: func(sess *session.Session) { s.pool.schedule(sess) },
		},
		Now: time.Now, Ended: s.ended, Received: s.trace, Ignored: s.ignored, Panicked: s.panicked,
	}
	if chat.Charset, err = charset.Parse(config.ClassicCharset); err != nil {
		return nil, err
	}
	s.metrics = newMetrics(s)
	if err := s.remember(&chat); err != nil {
		return nil, err
	}
	s.chat = handler.New(chat)
	if s.pool, err = newPool(config.Workers, s.chat.Turn, s.defect); err != nil {
		return nil, fmt.Errorf("start the workers: %w", err)
	}
	return s, nil
}

// sessionLimits returns what of a configuration bounds sessions.
func (s *Server) sessionLimits(config *Config) session.Limits {
	limits := config.SessionLimits(s.limit)
	limits.MemoryBytes = s.memory.budget
	return limits
}

func (c *Config) loops() int {
	if c.Loops > 0 {
		return c.Loops
	}
	return runtime.GOMAXPROCS(0)
}

// sessionLimit raises the limit of open files and returns how many sessions fit below it.
func sessionLimit(asked, loops int, log *zap.Logger) (int, error) {
	descriptors, err := raiseDescriptors()
	if err != nil {
		log.Warn("the limit of open files stays as it is", zap.Error(err))
	}
	// Sessions never get the reserve: without descriptors new clients could not even be refused.
	reserve := descriptorReserve + descriptorsPerLoop*max(0, loops-16)
	fits := int(min(descriptors, 1<<31)) - reserve
	if fits < 1 {
		return 0, fmt.Errorf("the limit of open files is %d, and the server needs %d for itself; raise it with ulimit -n", descriptors, reserve)
	}
	if asked > fits {
		return fits, nil
	}
	return asked, nil
}

// Ready is closed once the server accepts connections and knows its loops.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Address returns where chat clients connect, with the port that was picked. After Ready.
func (s *Server) Address() string { return s.address }

// Config returns the settings that hold now. Anyone.
func (s *Server) Config() Config { return *s.config.Load() }

// Fence has Run end at once, because another server may have the database: sessions are told and ended, nothing more is
// acknowledged, and what was not kept is given up. Anyone, before Run too, and more than once.
func (s *Server) Fence(why error) {
	select {
	case s.fenced <- why:
	default:
	}
}

// Run serves until ctx is done, then drains and returns nil, or until Fence, whose reason it returns. Any other end is an
// error. Once.
func (s *Server) Run(ctx context.Context) error {
	config := s.config.Load()
	defer s.pool.close()
	var fenced error
	s.loadFirstNames(ctx)
	end := s.upkeep()
	defer func() { end(fenced != nil) }()
	var err error
	if s.address, err = claimAddress(config.Listen); err != nil {
		return err
	}
	stopped := make(chan error, 1)
	go func() {
		stopped <- gnet.Run(s.events, "tcp://"+s.address,
			gnet.WithNumEventLoop(config.loops()), gnet.WithReusePort(true), gnet.WithReuseAddr(true),
			gnet.WithSocketSendBuffer(int(config.SendBuffer)), gnet.WithSocketRecvBuffer(int(config.ReceiveBuffer)),
			gnet.WithTicker(true), gnet.WithTCPKeepAlive(keepAlive),
			gnet.WithLogger(engineLogger{gnetLogger(s.log), s.acceptFailed}))
	}()
	select {
	case err := <-stopped:
		return engineError(s.address, err)
	case <-s.ready:
		s.greet()
	}
	select {
	case err := <-stopped:
		return engineError(s.address, err)
	case <-ctx.Done():
		s.drain(config.Drain, stopped)
	case fenced = <-s.fenced:
		s.log.Error("lease lost", zap.Error(fenced))
		s.drain(0, stopped)
	}
	return fenced
}

// gnetLogger lets gnet log from warnings on: what it says below that is for its authors. Where less than that is logged
// anyway there is nothing to raise, and zap would complain.
func gnetLogger(log *zap.Logger) *zap.SugaredLogger {
	if log.Core().Enabled(zap.WarnLevel) {
		log = log.WithOptions(zap.IncreaseLevel(zap.WarnLevel))
	}
	return log.Named("gnet").Sugar()
}

// keepAlive is after how much silence the kernel asks whether a peer is still there. It is what finds dead classic
// clients, which know no PING.
const keepAlive = 75 * time.Second

// engineError says that gnet's engine ended by itself.
func engineError(address string, err error) error {
	if err == nil {
		err = errors.New("gnet gave no reason")
	}
	return fmt.Errorf("the event loops on %s stopped: %w", address, err)
}

// claimAddress makes sure that nobody else listens there and picks the port where it is 0. gnet's loops share the port
// by SO_REUSEPORT, so that without this a second server of the same user would silently take half of the clients.
func claimAddress(listen string) (string, error) {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		hint := "give host:port, such as :9000, to --listen"
		if errors.Is(err, syscall.EADDRINUSE) {
			hint = "is another server running there? Choose another address with --listen"
		}
		return "", fmt.Errorf("can't listen for chat on %s: %w; %s", listen, err, hint)
	}
	defer l.Close()
	host, _, _ := net.SplitHostPort(listen)
	if host == "::" {
		host = "" // for gnet "::" is IPv6 alone; here, as for package net, it is both
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return net.JoinHostPort(host, port), err
}

// greet says where the server is and how to talk with it.
func (s *Server) greet() {
	try := "hubbub chat --user alice"
	if at := reachable(s.address); at != "127.0.0.1:9000" { // the client's default
		try += " --server " + at
	}
	s.log.Info("chat is open on "+s.address, zap.String("try", try), zap.Int("loops", len(*s.loops.Load())),
		zap.Int("workers", s.pool.workers), zap.Int("max-sessions", s.limit))
	if n := s.unpausable(); n > 0 {
		s.log.Warn("clients that send too fast will be disconnected: their sockets can't be paused without Linux and /proc",
			zap.Int("on-loops", n), zap.Int("loops", len(*s.loops.Load())))
	}
	if asked := s.config.Load().MaxSessions; s.limit < asked {
		what := "the limit of open files allows fewer sessions than --max-sessions"
		if s.limit == s.memory.sessions() {
			what = "the memory budget allows fewer sessions than --max-sessions"
		}
		s.log.Info(what, zap.Int("max-sessions", asked), zap.Int("allowed", s.limit))
	}
}

// unpausable returns on how many loops no socket can be paused.
func (s *Server) unpausable() (n int) {
	for _, l := range *s.loops.Load() {
		if l.poller == nil {
			n++
		}
	}
	return n
}

// tick is called by gnet's ticker, the first time once the engine runs.
func (s *Server) tick() {
	select {
	case <-s.ready:
	default:
		if err := s.introduce(s.config.Load().loops()); err != nil {
			s.log.Warn("some loops stay unknown until their first client", zap.Error(err))
		}
		close(s.ready)
	}
	s.acceptAgain()
	for _, l := range *s.loops.Load() {
		l.tick()
	}
	for _, p := range []*pool{s.pool, s.hashing, s.reading} {
		if p != nil {
			p.start()
		}
	}
}

// Reload applies what may change while the server runs, and returns all that differs. An error changes nothing. Anyone.
func (s *Server) Reload(config Config) (changes []Change, err error) {
	merged, changes, err := s.config.Load().Reload(config, s.level)
	if err != nil {
		return nil, err
	}
	s.config.Store(&merged)
	s.chat.SetLimits(merged.ChatLimits())
	s.chat.Hub.SetLimits(s.sessionLimits(&merged))
	return changes, nil
}

func (s *Server) ended(sess *session.Session) {
	level := zap.InfoLevel
	switch sess.Reason() {
	case session.ClientClosed, session.ConnectionError, session.LoggedOut, session.ShuttingDown:
		level = zap.DebugLevel
	}
	if entry := s.log.Check(level, "session ended"); entry != nil {
		entry.Write(zap.Uint64("session", sess.ID()), zap.Stringer("reason", sess.Reason()), zap.String("detail", sess.Detail()),
			zap.String("user", sess.Name()), zap.Stringer("client", sess.Address()))
	}
}

func (s *Server) trace(sess *session.Session, m codec.Message) {
	entry := s.log.Check(zap.DebugLevel, "packet")
	if entry == nil {
		return
	}
	switch request := m.(type) {
	case *codec.LoginRequest:
		redacted := *request
		redacted.Password = redact(redacted.Password)
		m = &redacted
	case *codec.RegisterRequest:
		redacted := *request
		redacted.Password = redact(redacted.Password)
		m = &redacted
	case *codec.PasswordRequest:
		redacted := *request
		redacted.Old, redacted.New = redact(redacted.Old), redact(redacted.New)
		m = &redacted
	}
	entry.Write(zap.Uint64("session", sess.ID()), zap.String("user", sess.Name()), zap.String("packet", codec.Format(m)))
}

// ignored logs a packet of a client of the original that has no meaning here: a struct of another size mostly, whose text is lost.
func (s *Server) ignored(sess *session.Session, kind codec.Type, bytes int) {
	s.log.Info("classic packet ignored", zap.Uint64("session", sess.ID()), zap.String("user", sess.Name()),
		zap.Uint16("type", uint16(kind)), zap.Int("bytes", bytes), zap.Stringer("client", sess.Address()))
}

// redact hides a password, but not that there is one.
func redact(password string) string {
	if password == "" {
		return ""
	}
	return "***"
}

func (s *Server) panicked(sess *session.Session, value any, stack []byte) {
	s.panics.Add(1)
	s.log.Error("a handler panicked; its session is ended", zap.Uint64("session", sess.ID()), zap.Any("panic", value),
		zap.ByteString("stack", stack))
}

func (s *Server) loopPanicked(sess *session.Session, value any) {
	s.panics.Add(1)
	s.log.Error("a loop panicked while it dealt with a session, which is ended", zap.Uint64("session", sess.ID()),
		zap.Any("panic", value), zap.Stack("stack"))
}

func (s *Server) defect(value any) {
	s.panics.Add(1)
	s.log.Error("a worker panicked", zap.Any("panic", value), zap.Stack("stack"))
}

func (s *Server) observeLatency(l *loop, d time.Duration) {
	l.latency.Store(int64(d))
	s.metrics.loopLatency.Observe(d.Seconds())
}
