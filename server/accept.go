package server

import (
	"strings"
	"time"

	errorx "github.com/panjf2000/gnet/v2/pkg/errors"
	"go.uber.org/zap"
)

// For gnet v2.10.0 every error of accept but four ends the engine, and with it all connections. Most are no reason: the
// kernel can be short of descriptors or memory for a moment, and accept(2) returns errors of the network that the new
// connection had before it was accepted. A loop ends when an event's error Is ErrAcceptSocket, so that is replaced by an
// error that none is. The listener stays readable, and the loop tries again.

// acceptFailure is what gnet's ErrAcceptSocket is replaced by. It can't be compared, so errors.Is asks Is and nothing else.
type acceptFailure struct{ _ []int }

func (acceptFailure) Error() string { return "a connection could not be accepted" }

// Is implements what errors.Is looks for.
func (acceptFailure) Is(error) bool { return false }

func init() { errorx.ErrAcceptSocket = acceptFailure{} }

const (
	// acceptFailuresMax is how many connections may fail to be accepted between two ticks before the loops stop accepting
	// until the next one: a listener that stays readable would keep them busy. Single failures cost nobody any time.
	acceptFailuresMax = 16
	// acceptPause is how long a loop stands still where it can't be told to stop accepting.
	acceptPause = 10 * time.Millisecond
)

// engineLogger is what gnet logs with. It is also how we hear of accept's errors.
type engineLogger struct {
	*zap.SugaredLogger
	acceptFailed func(error)
}

// Errorf implements gnet's logging.Logger.
func (l engineLogger) Errorf(format string, args ...any) {
	if strings.HasPrefix(format, "Accept()") && len(args) == 1 {
		if err, ok := args[0].(error); ok {
			l.acceptFailed(err)
			return
		}
	}
	l.SugaredLogger.Errorf(format, args...)
}

// acceptFailed notes that accept failed, and has the loops wait when it fails again and again. Loop.
func (s *Server) acceptFailed(err error) {
	s.acceptErrors.Add(1)
	s.log.Warn("accept failed; clients wait in the kernel until it works again", zap.Error(err))
	s.acceptMu.Lock()
	defer s.acceptMu.Unlock()
	if s.acceptFailures++; s.acceptFailures < acceptFailuresMax {
		return
	}
	s.deafened = true // some are, or all
	if !s.listen(false) {
		time.Sleep(acceptPause)
	}
}

// acceptAgain has the loops accept connections again. Each tick.
func (s *Server) acceptAgain() {
	s.acceptMu.Lock()
	defer s.acceptMu.Unlock()
	s.acceptFailures = 0
	if s.deafened {
		s.listen(true)
		s.deafened = false
	}
}

// listen lets all loops accept connections, or not, and reports whether they all do as they are told.
func (s *Server) listen(on bool) bool {
	all := true
	for _, l := range *s.loops.Load() {
		all = l.poller.listen(on) && all
	}
	return all
}
