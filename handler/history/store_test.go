package history

import (
	"context"
	"errors"
	"slices"
	"sort"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hubbub/codec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mood is what a shelf does with an Append.
type mood int

const (
	works    mood = iota
	refuses       // it fails
	forgets       // it keeps everything and says that it failed
	hangs         // it waits until ctx is done, and has kept nothing
	confuses      // it waits until ctx is done, and has kept everything
)

var errShelf = errors.New("the shelf is broken")

// group is what an Append was given, and when.
type group struct {
	at          time.Time
	first, last codec.ID
}

// shelf is a Store in memory that can be slow and fail.
type shelf struct {
	Store // what a Journal does not call

	mu       sync.Mutex
	mood     mood
	takes    time.Duration // of an Append
	messages []Message
	groups   []group // what the Appends were given
	wrong    error   // what a Journal must not do
	running  bool
}

// Append implements Store.
func (s *shelf) Append(ctx context.Context, messages []Message) error {
	mood, takes := s.begin(messages)
	if mood == hangs || mood == confuses {
		takes = time.Hour
	}
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			if mood != confuses {
				mood = hangs
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = false
	if mood == works || mood == forgets || mood == confuses {
		s.keep(messages)
	}
	switch mood {
	case works:
		return nil
	case refuses, forgets:
		return errShelf
	}
	return ctx.Err()
}

func (s *shelf) begin(messages []Message) (mood, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		s.wrong = errors.New("two Appends at once")
	}
	s.running = true
	bytes := 0
	for i := range messages {
		bytes += messages[i].size()
	}
	n := len(messages)
	if n == 0 || n > blockLen || n > 1 && bytes > groupBytes {
		s.wrong = errors.New("a group of the wrong size")
	}
	s.groups = append(s.groups, group{time.Now(), messages[0].ID, messages[n-1].ID})
	return s.mood, s.takes
}

// keep takes those that are not there. They must come behind the others.
func (s *shelf) keep(messages []Message) {
	for _, m := range messages {
		at, there := s.find(m.ID)
		switch {
		case there && s.messages[at] != m:
			s.wrong = errors.New("another message under the same id")
		case there:
		case at < len(s.messages):
			s.wrong = errors.New("a message that belongs before others")
		default:
			s.messages = append(s.messages, m)
		}
	}
}

func (s *shelf) find(id codec.ID) (int, bool) {
	return sort.Find(len(s.messages), func(i int) int { return int(id) - int(s.messages[i].ID) })
}

// Missed implements Store.
func (s *shelf) Missed(_ context.Context, reader Party, after codec.ID, limit int) (page []Message, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, _ := s.find(after + 1)
	for _, m := range s.messages[from:] {
		if len(page) == limit {
			break
		}
		if m.For(reader) {
			page = append(page, m)
		}
	}
	return page, nil
}

func (s *shelf) be(m mood, takes time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood, s.takes = m, takes
}

func (s *shelf) kept() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

func (s *shelf) has(id codec.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, there := s.find(id)
	return there
}

func (s *shelf) appended() []group {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.groups)
}

func (s *shelf) fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong
}
