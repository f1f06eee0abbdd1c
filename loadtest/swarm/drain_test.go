package swarm

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestDrain: the end waits for what is under way as long as more of it comes, and as long as a loop that gets no processor
// could not look for it.
func TestDrain(t *testing.T) {
	f := func(what string, want time.Duration, each func(passed time.Duration, l *loop)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			s := &Swarm{Config: Config{Drain: time.Second}, loops: []*loop{{index: 0}, {index: 1}}}
			begun := time.Now()
			ended := make(chan time.Duration)
			go func() { s.drain(); ended <- time.Since(begun) }()
			for {
				for _, l := range s.loops {
					each(time.Since(begun), l)
				}
				select {
				case took := <-ended:
					if took < want || took > want+100*time.Millisecond {
						t.Errorf("%s: the end came after %v, want %v", what, took, want)
					}
					return
				case <-time.After(100 * time.Millisecond):
				}
			}
		})
	}
	idle := func(_ time.Duration, l *loop) { l.idle.Add(1) }
	f("nothing comes", time.Second, idle)
	f("all has come", 1200*time.Millisecond, func(passed time.Duration, l *loop) {
		l.news.Add(1)
		l.settled.Store(passed >= 1200*time.Millisecond)
	})
	f("news for almost 4 s", 5*time.Second, func(passed time.Duration, l *loop) {
		idle(passed, l)
		if passed < 3850*time.Millisecond {
			l.news.Add(1)
		}
	})
	f("a loop is held up for 4 s", 5*time.Second, func(passed time.Duration, l *loop) {
		if l.index == 0 || passed > 4050*time.Millisecond {
			idle(passed, l)
		}
	})
	f("a loop that never looks", behindMax*time.Second, func(time.Duration, *loop) {})
}
