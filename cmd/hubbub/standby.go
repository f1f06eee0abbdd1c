package main

import (
	"context"
	"errors"
	"os"
	"sync"

	"github.com/alecthomas/kong"
	"go.uber.org/zap"

	"hubbub/handler/history"
	"hubbub/server"
	"hubbub/store"
)

// serving is a process that serves chat whenever it has the lease on its database.
type serving struct {
	log    *zap.Logger
	level  zap.AtomicLevel
	admin  *server.Admin
	listen string // --listen as it was given
	fenced bool   // the last server ended because it had lost its lease

	mu     sync.Mutex
	config server.Config  // those that hold; the next server has them
	server *server.Server // nil: none runs
}

// settings returns the settings that hold. Anyone.
func (p *serving) settings() server.Config {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.config
}

// once waits for the lease, serves, and returns when that has ended. When it ended because the lease was lost, fenced is
// true and it can be called again: the process stands by then.
func (p *serving) once(ctx context.Context) error {
	p.fenced = false
	config := p.settings() // of which a SIGHUP changes nothing that is needed here
	if config.Database == "none" {
		return p.serve(ctx, nil)
	}
	p.admin.SetPhase(server.OpeningDatabase, "")
	if shared := store.SharedDir(config.DataDir); shared != "" && config.Database == "sqlite" {
		p.log.Warn("the data directory is shared", zap.String("why", shared))
	}
	opened, err := store.OpenLeased(ctx, config.Database, config.DataDir, p.waiting)
	if err != nil && ctx.Err() != nil {
		return nil // it was told to end while it stood by
	}
	if err != nil {
		if p.fenced = errors.Is(err, history.ErrFenced); p.fenced { // SQLite's file was replaced meanwhile
			p.log.Warn("database replaced; the new one is opened", zap.Error(err))
		}
		return err
	}
	p.log.Info("lease acquired", zap.Int64("epoch", opened.Epoch()))
	err = p.serve(ctx, opened)
	p.fenced = errors.Is(err, history.ErrFenced) || errors.Is(err, history.ErrConflict)
	p.admin.SetPhase(server.Stopping, "")
	return errors.Join(err, opened.Close())
}

// waiting tells operators what the process waits for.
func (p *serving) waiting(why error) {
	var migrating *store.Migrating
	if errors.As(why, &migrating) {
		detail := ""
		if migrating.All > 0 {
			detail = why.Error()
		}
		p.admin.SetPhase(server.MigratingDatabase, detail)
		p.log.Info("migrating the database", zap.Int64("messages-moved", migrating.Moved), zap.Int64("of", migrating.All))
		return
	}
	p.admin.SetPhase(server.StandingBy, why.Error())
	p.log.Warn("standing by", zap.NamedError("why", why))
}

// serve runs a server until ctx is done or its lease is lost. opened may be nil: nothing is kept.
func (p *serving) serve(ctx context.Context, opened *store.Store) error {
	var remembered server.Store
	if opened != nil {
		remembered = opened
	}
	s, err := p.begin(remembered)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(context.Background()) // longer than ctx: what is kept at the end needs the lease
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if opened != nil {
			p.keepLease(running, opened, s)
		}
	}()
	p.admin.Attach(s)
	err = s.Run(ctx)
	stop()
	<-ended
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server, p.config = nil, s.Config() // a SIGHUP holds for the next server too
	if address := s.Address(); address != "" {
		p.config.Listen = address // so does the port that was picked
	}
	return err
}

// begin makes a server with the settings that hold. A SIGHUP that comes meanwhile is followed by the server.
func (p *serving) begin(remembered server.Store) (*server.Server, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.Info("accounts and history: "+remembers(&p.config), zap.String("auth", p.config.Auth), zap.String("history", p.config.History))
	s, err := server.New(p.config, remembered, p.log, p.level)
	if err == nil {
		p.server = s
	}
	return s, err
}

// keepLease fences the server when its lease is lost.
func (p *serving) keepLease(ctx context.Context, opened *store.Store, s *server.Server) {
	err := opened.KeepLease(ctx, func(why error) { p.log.Warn("lease retaken", zap.NamedError("lost", why)) })
	if err != nil {
		s.Fence(err)
	}
}

// follow reads the settings again with each signal, in every phase of the process, until ctx ends.
func (p *serving) follow(ctx context.Context, hangup <-chan os.Signal) {
	for {
		select {
		case <-hangup:
			p.reload()
		case <-ctx.Done():
			return
		}
	}
}

// reload reads the command line, the environment and the file again, applies what has changed and may, to the server or to the
// one that comes next, and says what that is.
func (p *serving) reload() {
	changes, err := p.readAgain()
	p.admin.Reloaded(err)
	if err != nil {
		p.log.Error("the settings stay as they are: the new ones are wrong", zap.Error(scrubbedError(err)))
		return
	}
	var changed, restart []string
	for _, c := range changes {
		if text := describeChange(c); c.Restart {
			restart = append(restart, text)
		} else {
			changed = append(changed, text)
		}
	}
	p.log.Info("settings reloaded", zap.Strings("changed", changed), zap.Strings("need-restart", restart))
}

func (p *serving) readAgain() ([]server.Change, error) {
	var c cli
	parser, err := kong.New(&c, options(newConfigFile())...)
	if err != nil {
		return nil, err
	}
	if _, err := parser.Parse(commandLine[1:]); err != nil {
		return nil, err
	}
	return p.apply(c.Serve.Config)
}

// apply has new settings hold, as far as they can without a restart.
func (p *serving) apply(next server.Config) (changes []server.Change, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if next.Listen == p.listen {
		next.Listen = p.config.Listen // which has the port that was picked
	}
	if p.server != nil {
		return p.server.Reload(next)
	}
	p.config, changes, err = p.config.Reload(next, p.level)
	return changes, err
}
