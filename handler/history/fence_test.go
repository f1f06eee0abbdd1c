package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// fence is a Store that fails, and then says that nothing will be kept any more.
type fence struct {
	Store
	answers []error
}

func (f *fence) Append(context.Context, []Message) error {
	answer := f.answers[0]
	f.answers = f.answers[1:]
	return answer
}

// Once nothing can be kept any more, nothing is answered, everybody who waits hears of it, and Close does not wait.
func TestFenced(t *testing.T) {
	f := func(last error, before ...error) {
		synctest.Test(t, func(t *testing.T) {
			var told []error
			last := fmt.Errorf("keep messages: %w", last)
			j := New(Config{
				Store:    &fence{answers: append(slices.Clone(before), last)},
				Answer:   func(receipts []Receipt) { t.Errorf("answered: %+v", receipts) },
				Failed:   func(err error) { told = append(told, err) },
				Appended: func(int, time.Duration) {},
			})
			go j.Run()
			j.Add(Message{ID: 1}, Receipt{Ref: 1})
			j.Add(Message{ID: 2}, Receipt{})
			flushed := make(chan error)
			go func() { flushed <- j.Flush(t.Context()) }()
			if err := <-flushed; !errors.Is(err, errClosed) {
				t.Errorf("Flush returned %v", err)
			}
			if len(told) == 0 || told[len(told)-1] != last {
				t.Errorf("told were %v", told)
			}
			j.Add(Message{ID: 3}, Receipt{Ref: 2})
			begin := time.Now()
			want := "3 messages were delivered but the store did not keep them in time: " + last.Error()
			if err := j.Close(t.Context()); err == nil || err.Error() != want || time.Since(begin) != 0 {
				t.Errorf("Close took %v: %v", time.Since(begin), err)
			}
			if err := j.Err(); err != last {
				t.Errorf("Err is %v", err)
			}
		})
	}
	f(ErrFenced)
	f(ErrConflict)
	f(ErrFenced, errShelf, errShelf) // the database was away before
}
