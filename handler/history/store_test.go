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

// shelfScan is how many messages a shelf looks through for a part.
const shelfScan = 16

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
	removed  codec.ID
	pruned   int // messages
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
		case m.ID <= s.removed: // an Append whose outcome was unknown
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
func (s *shelf) Missed(_ context.Context, reader Party, after codec.ID, limit int) (part Missed, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	part.Removed = s.removed
	from, _ := s.find(after + 1)
	for i, m := range s.messages[from:] {
		if i == shelfScan || len(part.Messages) == limit {
			break
		}
		part.Next = m.ID
		if m.For(reader) {
			part.Messages = append(part.Messages, m)
		}
	}
	if n := len(s.messages); n == 0 || part.Next == s.messages[n-1].ID && len(part.Messages) < limit {
		part.Next = 0
	}
	return part, nil
}

// prune removes the oldest messages until n are left.
func (s *shelf) prune(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := len(s.messages) - n; k > 0 {
		s.removed = s.messages[k-1].ID
		s.messages = slices.Clone(s.messages[k:])
		s.pruned += k
	}
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
