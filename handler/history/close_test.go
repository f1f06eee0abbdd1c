package history

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Close waits for what can be kept, no longer than it may, and says what is lost and why.
func TestClose(t *testing.T) {
	f := func(name string, m mood, patience, took time.Duration, want string) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, 0)
				d.shelf.be(m, time.Second)
				d.say("hello", 1)
				synctest.Wait()
				d.say("hello", 2, 3)
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				begin := time.Now()
				err := d.Close(ctx)
				if err == nil && want != "" || err != nil && err.Error() != want || time.Since(begin) != took {
					t.Errorf("Close took %v: %v", time.Since(begin), err)
				}
				if again := d.Close(t.Context()); (again == nil) != (err == nil) || err != nil && again.Error() != want {
					t.Errorf("the second Close: %v", again)
				}
			})
		})
	}
	const lost = "messages were delivered but the store did not keep them in time: "
	f("all kept", works, time.Minute, 2*time.Second, "")
	f("some kept", works, 1500*time.Millisecond, 1500*time.Millisecond, "2 "+lost+"context deadline exceeded")
	f("no patience", works, 0, 0, "3 "+lost+"context deadline exceeded")
	f("broken", refuses, time.Minute, time.Minute, "3 "+lost+"the shelf is broken")
	f("hanging", hangs, 5*time.Second, 5*time.Second, "3 "+lost+"context deadline exceeded")
}

// deaf is a Store that does not listen to a context's end.
type deaf struct {
	Store
	heard chan struct{}
}

func (d deaf) Append(context.Context, []Message) error {
	<-d.heard
	return nil
}

// A Store that does not return holds nobody up, and nothing more is kept once Close has said that it is lost.
func TestCloseOfDeafStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := deaf{heard: make(chan struct{})}
		j := New(Config{
			Store: s, Answer: func([]Receipt) {}, Failed: func(error) {}, Appended: func(int, time.Duration) {},
		})
		go j.Run()
		j.Add(Message{ID: 1}, Receipt{Ref: 1})
		synctest.Wait()
		j.Add(Message{ID: 2}, Receipt{})
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("it is late"))
		begin := time.Now()
		const want = "2 messages were delivered but the store did not keep them in time: it is late"
		if err := j.Close(ctx); err == nil || err.Error() != want || time.Since(begin) != surrender {
			t.Errorf("Close took %v: %v", time.Since(begin), err)
		}
		close(s.heard)
		<-j.ended
		if j.Kept() != 1 {
			t.Errorf("kept up to %d after the end", j.Kept())
		}
	})
}

// What is added too late is lost, and told so.
func TestAddAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, 0)
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
		d.say("late", 1)
		const want = "1 messages were delivered but the store did not keep them in time: the journal is closed"
		if err := d.Close(t.Context()); err == nil || err.Error() != want {
			t.Error(err)
		}
	})
}

// Flush waits for what was added before it, not for what is added meanwhile, until its context is done or Run has ended.
func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, 7)
		if err := d.Flush(t.Context()); err != nil {
			t.Error("of nothing:", err)
		}
		d.shelf.be(works, time.Second)
		d.say("hello", 8)
		synctest.Wait()
		d.say("hello", 9)
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		err := d.Flush(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != "not all messages are in the history yet: context deadline exceeded" {
			t.Error(err)
		}
		go func() {
			<-time.After(100 * time.Millisecond)
			d.say("hello", 10)
		}()
		if err := d.Flush(t.Context()); err != nil || time.Since(begin) != 2*time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		if len(d.answered) != 2 {
			t.Errorf("flushed with %d answers", len(d.answered))
		}
		d.shelf.be(hangs, 0)
		d.say("hello", 11)
		flushed := make(chan error)
		go func() { flushed <- d.Flush(context.Background()) }()
		synctest.Wait()
		ctx, cancel = context.WithTimeout(t.Context(), 0)
		defer cancel()
		d.Close(ctx)
		if err := <-flushed; !errors.Is(err, errClosed) {
			t.Error(err)
		}
	})
}
