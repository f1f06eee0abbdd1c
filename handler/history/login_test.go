package history

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/codec"
)

// room delivers what is said to those who are there, as the chat does: one lock orders the messages, and is held when a
// reader comes in.
type room struct {
	mu      sync.Mutex
	desk    *desk
	next    codec.ID
	said    []Message
	readers []*reader
}

// reader is somebody who missed what came after an id, and what they got in the end.
type reader struct {
	who   Party
	after codec.ID
	got   []codec.ID
	gaps  []gap // what they were told that they would not get
}

// gap is what was removed after an id and up to another.
type gap struct{ after, upto codec.ID }

func (r *reader) lost(id codec.ID) bool {
	return slices.ContainsFunc(r.gaps, func(g gap) bool { return g.after < id && id <= g.upto })
}

func (r *room) say(from, to Party) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	m := Message{ID: r.next, From: from, To: to, Text: "hello"}
	for _, reader := range r.readers {
		if m.For(reader.who) {
			reader.got = append(reader.got, m.ID)
		}
	}
	r.said = append(r.said, m)
	r.desk.Add(m, Receipt{})
}

// newest returns the id of what was said last.
func (r *room) newest() codec.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.next
}

// enter replays what a reader missed and has everything later delivered. Only the end of what is in memory is read while
// nobody can say anything.
func (r *room) enter(ctx context.Context, who Party, after codec.ID) {
	reader := &reader{who: who, after: after}
	for !r.follow(reader, &after) {
		kept := r.desk.Kept()
		for {
			part, _ := r.desk.shelf.Missed(ctx, who, after, 10)
			if part.Removed > after {
				reader.gaps = append(reader.gaps, gap{after, part.Removed})
				after = part.Removed
			}
			reader.got = append(reader.got, ids(part.Messages)...)
			if n := len(part.Messages); n > 0 {
				after = part.Messages[n-1].ID
			}
			if part.Next == 0 {
				break
			}
			after = part.Next
			<-time.After(time.Millisecond) // while it reads, messages are removed
		}
		after = max(after, kept)
	}
}

// follow gives a reader what is in memory, and joins them when that was the last of it. It reports false when the store
// comes first.
func (r *room) follow(reader *reader, after *codec.ID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		tail, complete, more := r.desk.Tail(nil, reader.who, *after, 10)
		reader.got = append(reader.got, ids(tail)...)
		switch {
		case !complete:
			return false
		case !more:
			r.readers = append(r.readers, reader)
			return true
		}
		*after = tail[len(tail)-1].ID
	}
}

// Whoever comes in while others speak, the store fails now and then and old messages are removed gets everything once and
// in order, but for what they are told is gone.
func TestNobodyMissesAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &room{desk: newDesk(t, 0)}
		r.desk.remember.messages = 30
		parties := []Party{ann, bob, {Name: "guest"}}
		var all sync.WaitGroup
		all.Go(func() {
			for range 5000 {
				r.say(parties[rand.IntN(3)], []Party{{}, {}, ann, bob}[rand.IntN(4)])
				if rand.IntN(20) == 0 {
					<-time.After(time.Duration(rand.IntN(5)) * time.Millisecond)
				}
			}
		})
		all.Go(func() {
			for range 100 {
				r.desk.shelf.be(mood(rand.IntN(3)), time.Duration(rand.IntN(3))*time.Millisecond)
				<-time.After(5 * time.Millisecond)
			}
			r.desk.shelf.be(works, 0)
		})
		all.Go(func() {
			for range 300 {
				<-time.After(time.Duration(rand.IntN(5)) * time.Millisecond)
				r.desk.shelf.prune(rand.IntN(100))
			}
		})
		for i := range 200 {
			all.Go(func() {
				<-time.After(time.Duration(i) * 2 * time.Millisecond)
				r.enter(t.Context(), parties[i%3], rand.N(r.newest()+1))
			})
		}
		all.Wait()
		if err := r.desk.Close(t.Context()); err != nil {
			t.Error(err)
		}
		for _, reader := range r.readers {
			var want []codec.ID
			for _, m := range r.said {
				if m.ID > reader.after && m.For(reader.who) && !reader.lost(m.ID) {
					want = append(want, m.ID)
				}
			}
			if !slices.Equal(reader.got, want) {
				t.Errorf("%s after %d, who was told of %v, got %d messages, want %d, or others",
					reader.who.Name, reader.after, reader.gaps, len(reader.got), len(want))
			}
		}
		if n := len(r.desk.shelf.kept()) + r.desk.shelf.pruned; n != 5000 || len(r.readers) != 200 {
			t.Errorf("%d messages were kept, %d readers came", n, len(r.readers))
		}
	})
}
