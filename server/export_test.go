package server

import "hubbub/session"

// Hub returns who is here, so that tests can wait for the server to notice what no client is told of.
func (s *Server) Hub() *session.Hub { return s.chat.Hub }

// Accepted returns how many connections have, or had, a session.
func (s *Server) Accepted() uint64 { return s.accepted.Load() }

// Prunes returns how often the server has removed what was too old, or looked for it.
func (s *Server) Prunes() uint64 { return s.prunes.Load() }
