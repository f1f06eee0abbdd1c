package main

import (
	"context"
	"errors"
	"os"

	"go.uber.org/zap"

	"hubbub/handler/history"
	"hubbub/server"
	"hubbub/store"
)

// serving is a process that serves chat whenever it has the lease on its database.
type serving struct {
	*serveCmd
	log    *zap.Logger
	level  zap.AtomicLevel
	admin  *server.Admin
	hangup <-chan os.Signal
	listen string // --listen as it was said, before a port was picked
	fenced bool   // the last server ended because it had lost its lease
}

// once waits for the lease, serves, and returns when that has ended. When it ended because the lease was lost, fenced is
// true and it can be called again: the process stands by then.
func (p *serving) once(ctx context.Context) error {
	p.fenced = false
	if p.Database == "none" {
		return p.serve(ctx, nil)
	}
	p.admin.SetPhase(server.OpeningDatabase, "")
	if shared := store.SharedDir(p.DataDir); shared != "" && p.Database == "sqlite" {
		p.log.Warn("the data directory is shared", zap.String("why", shared))
	}
	opened, err := store.OpenLeased(ctx, p.Database, p.DataDir, p.waiting)
	if err != nil && ctx.Err() != nil {
		return nil // it was told to end while it stood by
	}
	if err != nil {
		p.fenced = errors.Is(err, history.ErrFenced) // SQLite's file was replaced meanwhile
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
	if errors.Is(why, store.ErrMigrating) {
		p.admin.SetPhase(server.MigratingDatabase, "")
		p.log.Info("migrating the database")
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
	p.log.Info("accounts and history: "+p.remembers(), zap.String("auth", p.Auth), zap.String("history", p.History))
	s, err := server.New(p.Config, remembered, p.log, p.level)
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
	go func() {
		for {
			select {
			case <-p.hangup:
				p.reload(s)
			case <-running.Done():
				return
			}
		}
	}()
	p.admin.Attach(s)
	err = s.Run(ctx)
	stop()
	<-ended
	p.Config = s.Config() // a SIGHUP holds for the next server too
	if address := s.Address(); address != "" {
		p.Listen = address // so does the port that was picked
	}
	return err
}

// keepLease fences the server when its lease is lost.
func (p *serving) keepLease(ctx context.Context, opened *store.Store, s *server.Server) {
	err := opened.KeepLease(ctx, func(why error) { p.log.Warn("lease retaken", zap.NamedError("lost", why)) })
	if err != nil {
		s.Fence(err)
	}
}
