package pgtest

import (
	"errors"
	"os"
	"testing"
)

// Replica starts a server that follows this one, and ends with the test. Its databases can only be read until Promote.
func (s *Server) Replica(t testing.TB) *Server {
	t.Helper()
	r, err := s.replicate()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.remove)
	return r
}

func (s *Server) replicate() (*Server, error) {
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	r := &Server{bin: s.bin, dir: dir}
	if r.attr, err = asUser(dir); err == nil {
		err = r.run("pg_basebackup", "--host", s.dir, "--username", owner, "--pgdata", r.data(), "--write-recovery-conf",
			"--wal-method", "stream", "--checkpoint", "fast", "--no-sync")
	}
	if err == nil {
		err = r.launch()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return r, nil
}

// Promote makes a replica a server that can be written to. It returns when that is so.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	if err := s.run("pg_ctl", "promote", "--pgdata", s.data(), "--wait"); err != nil {
		t.Fatal(err)
	}
}

// Demote starts a server that was stopped again, as one that can only be read.
func (s *Server) Demote(t testing.TB) {
	t.Helper()
	if err := os.WriteFile(s.data()+"/standby.signal", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Start(t)
}

// Socket is where the server listens.
func (s *Server) Socket() string { return s.dir + "/.s.PGSQL.5432" }
