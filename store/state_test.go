package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/store"
)

// TestReservation: an id that was reserved is never given again, unless whoever reserved it gave it back.
func TestReservation(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		want := func(newest codec.ID) {
			t.Helper()
			if state, err := s.State(ctx); err != nil || state.Newest != newest {
				t.Fatalf("ids go on after %d (%v), want %d", state.Newest, err, newest)
			}
		}
		want(0)
		if err := s.Note(ctx, history.Note{Reserved: 100}); err != nil {
			t.Fatal(err)
		}
		want(100)
		if err := s.Append(ctx, broadcasts(11, 20)); err != nil {
			t.Fatal(err)
		}
		want(20 + history.Reserve)
		if err := s.Note(ctx, history.Note{Reserved: 30}); err != nil {
			t.Fatal(err)
		}
		want(20 + history.Reserve)
		if err := s.Release(ctx, 100, 25); err != nil { // somebody else has reserved more since
			t.Fatal(err)
		}
		want(20 + history.Reserve)
		if err := s.Release(ctx, 20+history.Reserve, 25); err != nil {
			t.Fatal(err)
		}
		want(25)
	})
}

// TestCutoff: messages are as old as the marks say that were set when they were the newest, whatever their ids say.
func TestCutoff(t *testing.T) {
	start := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	id := func(at time.Time) codec.ID { return codec.MakeID(codec.TickAt(at), 0) }
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		say := func(ids ...codec.ID) {
			t.Helper()
			for _, id := range ids {
				if err := s.Append(ctx, broadcasts(id, id)); err != nil {
					t.Fatal(err)
				}
			}
		}
		note := func(at time.Time) {
			t.Helper()
			if err := s.Note(ctx, history.Note{At: at, Every: time.Hour}); err != nil {
				t.Fatal(err)
			}
		}
		cutoff := func(before time.Time, want codec.ID) {
			t.Helper()
			if got, err := s.Cutoff(ctx, before); err != nil || got != want {
				t.Errorf("before %v: below %d (%v), want %d", before, got, err, want)
			}
		}
		old, first, ahead := id(start.Add(-time.Hour)), id(start), id(start.Add(1000*time.Hour))
		say(old, first)
		cutoff(start, first) // without marks ids tell
		note(start)
		cutoff(start, first)
		cutoff(start.Add(time.Minute), first+1)
		note(start.Add(2 * time.Hour)) // nobody has spoken
		say(ahead)                     // by a wrong clock
		note(start.Add(3 * time.Hour))
		say(ahead + 1)
		note(start.Add(3*time.Hour + time.Minute)) // too early for a mark
		say(ahead + 2)
		note(start.Add(5 * time.Hour))
		cutoff(start.Add(3*time.Hour), first+1)
		cutoff(start.Add(4*time.Hour), ahead+1)
		cutoff(start.Add(6*time.Hour), ahead+3)
		if state, err := s.State(ctx); err != nil || !state.Noted.Equal(start.Add(5*time.Hour)) || !state.Last.Equal((ahead + 2).Time()) {
			t.Errorf("the state is %+v (%v)", state, err)
		}
	})
}

// TestMarksAreFenced: a server that lost its lease removes no marks, which tell the server that has it how old messages are.
func TestMarksAreFenced(t *testing.T) {
	start := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	onBoth(t, func(t *testing.T, d database) {
		ctx := t.Context()
		s, err := store.OpenLeased(ctx, d.url, d.dir, func(error) {})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for i := range codec.ID(3) {
			if err := s.Append(ctx, broadcasts(i+1, i+1)); err != nil {
				t.Fatal(err)
			}
			if err := s.Note(ctx, history.Note{At: start.Add(time.Duration(i) * time.Hour), Every: time.Minute}); err != nil {
				t.Fatal(err)
			}
		}
		sqlOn(t, d, "UPDATE counters SET epoch = epoch + 1")
		if id, err := s.Cutoff(ctx, start.Add(24*time.Hour)); !errors.Is(err, history.ErrFenced) {
			t.Errorf("Cutoff returns %d (%v)", id, err)
		}
		db, marks := d.sql(t), 0
		defer db.Close()
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM marks").Scan(&marks); err != nil || marks != 3 {
			t.Errorf("of 3 marks %d are there (%v)", marks, err)
		}
	})
}

// TestNamesakes: the accounts that have or had a name, and nobody else's.
func TestNamesakes(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		var want []int64
		for range 3 {
			want = slices.Insert(want, 0, create(t, s, "bob").ID)
			create(t, s, "ann")
			for _, name := range []string{"bob", "ann"} {
				if err := s.Remove(ctx, named(name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		want = slices.Insert(want, 0, create(t, s, "bob").ID)
		if got, err := s.Namesakes(ctx, "bob"); err != nil || !slices.Equal(got, want) {
			t.Errorf("bob is %v (%v), want %v", got, err, want)
		}
		if got, err := s.Namesakes(ctx, "nobody"); err != nil || len(got) != 0 {
			t.Errorf("nobody is %v (%v)", got, err)
		}
	})
}
