package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/store"
)

// lobby returns all that was said to everybody.
func lobby(t *testing.T, s *store.Store) []history.Message {
	t.Helper()
	page, err := s.Page(context.Background(), []history.Conversation{{}}, 0, 0, 1_000_000)
	if err != nil || page.More {
		t.Fatal(page.More, err)
	}
	return page.Messages
}

// broadcasts are messages from one id to another.
func broadcasts(from, to codec.ID) (batch []history.Message) {
	for id := from; id <= to; id++ {
		batch = append(batch, history.Message{ID: id, From: history.Party{Name: "ann"}, Text: "hi"})
	}
	return batch
}

// TestAppendIsAtomic lets the middle of a batch fail, by an id that no message may have.
func TestAppendIsAtomic(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		if err := s.Append(ctx, broadcasts(1, 10)); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []codec.ID{0, 1 << 63} {
			batch := broadcasts(11, 400)
			batch[200].ID = bad
			if err := s.Append(ctx, batch); err == nil {
				t.Errorf("a message with id %d was kept", bad)
			}
		}
		if got, want := lobby(t, s), broadcasts(1, 10); !slices.Equal(got, want) {
			t.Errorf("there are %d messages, want %d", len(got), len(want))
		}
		if newest, _, err := s.Bounds(ctx); newest != 10 || err != nil {
			t.Errorf("the newest is %d (%v), want 10", newest, err)
		}
		if n, _, err := s.Prune(ctx, history.Retention{Count: 4}, 100); n != 6 || err != nil {
			t.Errorf("of 10 messages %d were beyond 4 (%v)", n, err)
		}
		if err := s.Append(ctx, nil); err != nil {
			t.Error(err)
		}
	})
}

// TestAppendOfOlder keeps what another node of the same database said earlier.
func TestAppendOfOlder(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		if err := errors.Join(s.Append(ctx, broadcasts(6, 10)), s.Append(ctx, broadcasts(1, 7))); err != nil {
			t.Fatal(err)
		}
		if newest, _, err := s.Bounds(ctx); newest != 10 || err != nil || !slices.Equal(lobby(t, s), broadcasts(1, 10)) {
			t.Errorf("of %d messages the newest is %d (%v)", len(lobby(t, s)), newest, err)
		}
	})
}

// TestAppendEnds lets the context of an Append end, which is no failure of the database and must not stay with it.
func TestAppendEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		s := d.open(t)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.Append(ctx, broadcasts(1, 5)); !errors.Is(err, context.Canceled) {
			t.Errorf("Append returned %v", err)
		}
		if err := s.Append(context.Background(), broadcasts(1, 5)); err != nil || len(lobby(t, s)) != 5 {
			t.Errorf("there are %d messages, want 5 (%v)", len(lobby(t, s)), err)
		}
	})
}

// TestReadersDuringAppend reads pages while messages are appended: each must be whole batches, without gaps.
func TestReadersDuringAppend(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		const size, batches = 100, 40
		done := make(chan error, 1)
		go func() {
			var err error
			for i := codec.ID(0); i < batches && err == nil; i++ {
				err = s.Append(ctx, broadcasts(i*size+1, (i+1)*size))
			}
			done <- err
		}()
		for {
			select {
			case err := <-done:
				if got := lobby(t, s); err != nil || len(got) != size*batches {
					t.Errorf("in the end there are %d messages (%v)", len(got), err)
				}
				return
			default:
			}
			got := lobby(t, s)
			if !slices.Equal(got, broadcasts(1, codec.ID(len(got)))) || len(got)%size != 0 {
				t.Fatalf("a reader saw %d messages, or some that were not there", len(got))
			}
		}
	})
}

// TestTwoServers opens one database twice, as two servers or a server and a command do, and writes to it from both.
func TestTwoServers(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, a, b := context.Background(), d.open(t), d.open(t)
		const batches = 30
		done := make(chan error, 1)
		go func() {
			var err error
			for i := codec.ID(0); i < batches && err == nil; i++ {
				err = a.Append(ctx, broadcasts(i*20+1, (i+1)*20))
			}
			done <- err
		}()
		create(t, b, "ann")
		for range batches {
			if err := b.SetPassword(ctx, named("ann"), "x"); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		find(t, a, "ann")
		if got := len(lobby(t, b)); got != 20*batches {
			t.Errorf("one appended %d messages, the other sees %d", 20*batches, got)
		}
	})
}

// TestAllOpenAtOnce: many find an empty database and want to make the tables.
func TestAllOpenAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		failures := make(chan error, 8)
		for range cap(failures) {
			go func() {
				s, err := store.Open(context.Background(), d.url, d.dir)
				if err == nil {
					err = errors.Join(s.Append(context.Background(), broadcasts(1, 3)), s.Close())
				}
				failures <- err
			}()
		}
		for range cap(failures) {
			if err := <-failures; err != nil {
				t.Error(err)
			}
		}
		if got := lobby(t, d.open(t)); len(got) != 3 {
			t.Errorf("there are %d messages, want 3", len(got))
		}
	})
}

// TestReopen: what was kept is there again, and counted.
func TestReopen(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		if err := s.Append(ctx, broadcasts(1, 100)); err != nil {
			t.Fatal(err)
		}
		if n, _, err := s.Prune(ctx, history.Retention{From: 41}, 1000); n != 40 || err != nil {
			t.Fatal(n, err)
		}
		again := d.open(t)
		if newest, removed, err := again.Bounds(ctx); newest != 100 || removed != 40 || err != nil {
			t.Errorf("the bounds are %d and %d (%v)", newest, removed, err)
		}
		if n, _, err := again.Prune(ctx, history.Retention{Count: 50}, 1000); n != 10 || err != nil {
			t.Errorf("of 60 messages %d were beyond 50 (%v)", n, err)
		}
		if got := lobby(t, again); !slices.Equal(got, broadcasts(51, 100)) {
			t.Errorf("%d messages are left", len(got))
		}
		if err := again.Check(ctx); err != nil {
			t.Error(err)
		}
	})
}

// TestStrings: what people write comes back as it was written, whatever it would mean to a database.
func TestStrings(t *testing.T) {
	odd := []string{
		"a", "'; DROP TABLE messages; --", `" OR ""="`, `\' \x41 \\`, "%", "_", "?1 $1 :a @b", "\uFFFD", "e\u0301", "😀👩‍👩‍👧",
		strings.Repeat("😀", 8), strings.Repeat("ü", 16), "tab\tline\nfeed\r", " blank ", "NULL", "0", "\u202e\u0001\x7f", "{a,\"b\"}",
	}
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		for i, odd := range odd {
			reader, id := create(t, s, odd), codec.ID(10*i+1)
			if again := find(t, s, odd); again != reader || again.Name != odd {
				t.Errorf("account %q came back as %q", odd, again.Name)
			}
			guest, here := history.Party{Name: odd}, history.Party{Account: reader.ID, Name: odd}
			all := []history.Message{
				{ID: id, From: guest, Text: odd}, {ID: id + 1, From: guest, To: here, Text: odd, Mail: true},
				{ID: id + 2, From: here, To: guest, Text: odd}, {ID: id + 3, From: guest, To: guest, Text: odd},
			}
			if err := s.Append(ctx, all); err != nil {
				t.Fatal(err)
			}
			for c, want := range map[history.Conversation][]history.Message{
				{}: all[:1], {A: here, B: guest}: all[1:3], {A: guest, B: guest}: all[3:],
			} {
				if got, err := s.Page(ctx, []history.Conversation{c}, 0, id-1, 9); err != nil || !slices.Equal(got.Messages, want) {
					t.Errorf("said %+v, read %+v (%v)", want, got, err)
				}
			}
			if got, err := s.Missed(ctx, here, id-1, 9); err != nil || !slices.Equal(got.Messages, all[1:2]) {
				t.Errorf("%q missed %+v (%v)", odd, got, err)
			}
		}
	})
}
