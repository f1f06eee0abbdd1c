package server

import (
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

const (
	// jumpMin and jumpMax bound by how much the clock may differ from what supports it before retention stops following
	// it: a quarter of --history-age within them. Less than an hour costs nothing worth a warning; a day is a night's rest
	// of a server, and of the 90 days of the default a hundredth.
	jumpMin = time.Hour
	jumpMax = 24 * time.Hour
)

// begun is when the process began.
var begun = time.Now()

// clock says what time it is to what can't be undone: the removal of messages because of their age. It follows the
// system's clock as long as that agrees with other evidence: what time it was when the server last noted it in the
// database, or when the newest message was accepted, and how much time has passed since on a clock that nobody sets. It
// belongs to the goroutine that looks after the database.
type clock struct {
	anchor time.Time     // a time that was believed
	since  time.Duration // uptime then
	jump   atomic.Int64  // by how much the system's clock is ahead of the evidence, in nanoseconds; 0: they agree
}

// newClock returns a clock that begins with the evidence of a database; zero: there is none.
func newClock(evidence, now time.Time, up time.Duration, tolerance time.Duration, accept bool) *clock {
	c := &clock{anchor: evidence, since: up}
	if evidence.IsZero() || accept || apart(now.Sub(evidence), tolerance) == 0 {
		c.anchor = now
	}
	return c
}

// read returns the time that is to be believed, and whether the system's clock agrees with the evidence. Where it does
// not, the earlier of the two is returned, so that nothing goes too early.
func (c *clock) read(now time.Time, up, tolerance time.Duration, accept bool) (believed time.Time, sure bool) {
	expected := c.anchor.Add(up - c.since)
	jump := apart(now.Sub(expected), tolerance)
	if accept {
		c.anchor, c.since, jump = now, up, 0
	}
	c.jump.Store(int64(jump))
	switch {
	case jump > 0:
		return expected, true // time has passed since it was noted, whatever the clock says
	case jump < 0:
		return now, false
	}
	return now, true
}

// apart returns a difference that is above a tolerance, and 0 for one within it.
func apart(difference, tolerance time.Duration) time.Duration {
	if difference.Abs() <= tolerance {
		return 0
	}
	return difference
}

// tolerance is by how much the clock may differ from the evidence.
func (c *Config) tolerance() time.Duration {
	if c.HistoryAge == 0 {
		return jumpMax
	}
	return min(jumpMax, max(jumpMin, c.HistoryAge/4))
}

// jumpText says for people what is wrong with the clock; "" for nothing.
func jumpText(jump time.Duration) string {
	const advice = "put it right or, if it is right, say --clock-jump accept"
	switch {
	case jump > 0:
		return fmt.Sprintf("the system's clock is %s ahead of the time that the database and this server's uptime support; "+
			"messages grow old by the latter; %s", jump.Round(time.Second), advice)
	case jump < 0:
		return fmt.Sprintf("the system's clock is %s behind the time that the database and this server's uptime support; "+
			"%s", -jump.Round(time.Second), advice)
	}
	return ""
}

// today returns the time for retention, and whether to note it. It logs when the clock begins or ceases to be believed,
// and reports that as a change.
func (s *Server) today() (believed time.Time, sure, changed bool) {
	config := s.config.Load()
	was := time.Duration(s.clock.jump.Load())
	believed, sure = s.clock.read(time.Now().Round(0), uptime(), config.tolerance(), config.ClockJump == "accept")
	is := time.Duration(s.clock.jump.Load())
	switch {
	case is != 0 && (was == 0 || (was > 0) != (is > 0)):
		s.log.Warn("clock jump refused", zap.Duration("ahead", is.Round(time.Second)), zap.String("means", jumpText(is)),
			zap.String("kernel", kernelClock()))
		return believed, sure, true
	case is == 0 && was != 0:
		s.log.Info("clock agrees with the database again", zap.Bool("accepted", config.ClockJump == "accept"))
		return believed, sure, true
	}
	return believed, sure, false
}
