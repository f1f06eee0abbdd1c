package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hubbub/handler/account"
	"hubbub/handler/history"
	"hubbub/store"
)

// named returns a name as it is displayed here, whether or not it could be somebody's.
func named(name string) account.Name { return account.Name{Display: name, Key: account.KeyOf(name)} }

func create(t *testing.T, s *store.Store, name string) account.Account {
	t.Helper()
	a, err := s.Create(context.Background(), named(name), "hash of "+name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func find(t *testing.T, s *store.Store, name string) account.Account {
	t.Helper()
	a, err := s.Find(context.Background(), named(name))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestCreate(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		start := time.Now().Truncate(time.Millisecond)
		ann := create(t, s, "ann")
		if ann.ID <= 0 || ann.Name != "ann" || ann.Hash != "hash of ann" || ann.Ban != nil ||
			ann.Created.Before(start) || ann.Created.After(time.Now()) {
			t.Errorf("made %+v", ann)
		}
		if got := find(t, s, "ann"); got != ann {
			t.Errorf("found %+v, made %+v", got, ann)
		}
		if _, err := s.Create(ctx, named("ann"), "other"); !errors.Is(err, account.ErrTaken) {
			t.Errorf("a name that is taken returns %v", err)
		}
		if _, err := s.Create(ctx, named("ANN"), "other"); !errors.Is(err, account.ErrTaken) || find(t, s, "ANN") != ann {
			t.Errorf("another case of a name that is taken returns %v", err)
		}
		if create(t, s, "Anna").ID == ann.ID {
			t.Error("two accounts have one number")
		}
		if anna := find(t, s, "anna"); anna.Name != "Anna" || anna.Key != "anna" {
			t.Errorf("an account with a capital is found as %+v", anna)
		}
		for _, name := range []string{"bob", "", "\xff\xfe", "ann\x00", "\x00", "ann\xc3"} {
			if a, err := s.Find(ctx, named(name)); !errors.Is(err, account.ErrUnknown) || a != (account.Account{}) {
				t.Errorf("%q, which is no account, returns %+v and %v", name, a, err)
			}
		}
	})
}

func TestPasswords(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		ann, bob := create(t, s, "ann"), create(t, s, "bob")
		if err := s.Rehash(ctx, ann.ID, "not this", "2"); err != nil || find(t, s, "ann") != ann {
			t.Errorf("the hash of another password was replaced: %v", err)
		}
		if err := s.Rehash(ctx, ann.ID, ann.Hash, "2"); err != nil || find(t, s, "ann").Hash != "2" {
			t.Errorf("the hash was not replaced: %v", err)
		}
		if err := s.SetPassword(ctx, named("ann"), "3"); err != nil || find(t, s, "ann").Hash != "3" || find(t, s, "bob") != bob {
			t.Errorf("the password was not set: %v", err)
		}
		if err := s.ChangePassword(ctx, ann.ID, ann.Hash, "4"); !errors.Is(err, account.ErrChanged) || find(t, s, "ann").Hash != "3" {
			t.Errorf("a password that was changed meanwhile: %v", err)
		}
		if err := s.ChangePassword(ctx, ann.ID, "3", "4"); err != nil || find(t, s, "ann").Hash != "4" || find(t, s, "bob") != bob {
			t.Errorf("the password was not changed: %v", err)
		}
		if err := s.ChangePassword(ctx, ann.ID+bob.ID+1, "3", "4"); !errors.Is(err, account.ErrChanged) {
			t.Errorf("a change for nobody returns %v", err)
		}
		if err := s.SetPassword(ctx, named("eve"), "3"); !errors.Is(err, account.ErrUnknown) {
			t.Errorf("a password for nobody returns %v", err)
		}
		want := []account.Revocation{
			{Seq: 1, Account: ann.ID, Name: "ann", Why: "registered", Registered: true},
			{Seq: 2, Account: bob.ID, Name: "bob", Why: "registered", Registered: true},
			{Seq: 3, Account: ann.ID, Name: "ann", Why: "a new password"},
		}
		if got, err := s.Revocations(ctx, 0); err != nil || !slices.Equal(got, want) {
			t.Errorf("the revocations are %+v (%v), want %+v", got, err, want)
		}
	})
}

// TestOnePasswordWins: of many changes at once, and of one beside an operator's, exactly one holds.
func TestOnePasswordWins(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		ann := create(t, s, "ann")
		var won atomic.Int64
		for round := range 5 {
			before := find(t, s, "ann").Hash
			var running sync.WaitGroup
			won.Store(-1)
			for i := range 8 {
				running.Go(func() {
					switch err := s.ChangePassword(ctx, ann.ID, before, fmt.Sprint(round, i)); {
					case err == nil && !won.CompareAndSwap(-1, int64(i)):
						t.Error("two changes from the same password are done")
					case err != nil && !errors.Is(err, account.ErrChanged):
						t.Error(err)
					}
				})
			}
			running.Wait()
			if got, want := find(t, s, "ann").Hash, fmt.Sprint(round, won.Load()); got != want {
				t.Errorf("the hash is %s, want %s", got, want)
			}
		}
	})
}

func TestBans(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		ann := create(t, s, "ann")
		for _, ban := range []account.Ban{
			{}, {Reason: "spam"}, {Until: time.Now().Add(time.Hour).Truncate(time.Millisecond).UTC(), Reason: "\u00fc'; --"},
		} {
			if err := s.SetBan(ctx, named("ann"), &ban); err != nil {
				t.Fatal(err)
			}
			if got := find(t, s, "ann"); got.Ban == nil || *got.Ban != ban || got.Hash != ann.Hash {
				t.Errorf("banned with %+v, found %+v with %+v", ban, got, got.Ban)
			}
			revoked, err := s.Revocations(ctx, -1)
			if err != nil || len(revoked) != 1 || !strings.HasSuffix(revoked[0].Why, ban.Reason) ||
				!strings.HasPrefix(revoked[0].Why, "banned") {
				t.Errorf("the newest revocation is %+v (%v)", revoked, err)
			}
		}
		if err := s.SetBan(ctx, named("ann"), nil); err != nil || find(t, s, "ann") != ann {
			t.Errorf("lifting the ban left %+v (%v)", find(t, s, "ann"), err)
		}
		if err := errors.Join(s.SetBan(ctx, named("eve"), nil), s.SetBan(ctx, named("eve"), &account.Ban{})); err == nil ||
			strings.Count(err.Error(), account.ErrUnknown.Error()) != 2 {
			t.Errorf("banning and not banning nobody returns %v", err)
		}
		if revoked, err := s.Revocations(ctx, 2); err != nil || len(revoked) != 2 || revoked[0].Seq != 3 || revoked[1].Seq != 4 {
			t.Errorf("after the first there are %+v (%v)", revoked, err)
		}
	})
}

func TestRemove(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		ann, bob := create(t, s, "ann"), create(t, s, "bob")
		annSide, bobSide := history.Party{Account: ann.ID, Name: "ann"}, history.Party{Account: bob.ID, Name: "bob"}
		said := history.Message{ID: 1, From: bobSide, To: annSide, Text: "said", Mail: true}
		read := history.Message{ID: 2, From: annSide, To: bobSide, Text: "read"}
		waits := history.Message{ID: 3, From: annSide, To: bobSide, Text: "waits", Mail: true}
		if err := s.Append(ctx, []history.Message{said, read, waits}); err != nil {
			t.Fatal(err)
		}
		if err := s.Remove(ctx, named("bob")); err != nil {
			t.Fatal(err)
		}
		page, err := s.Page(ctx, []history.Conversation{{A: annSide, B: bobSide}}, 0, 0, 10)
		if want := []history.Message{said, read}; err != nil || page.More || !slices.Equal(page.Messages, want) {
			t.Errorf("the history has %+v (%v), want %+v", page, err, want)
		}
		if mail, err := s.Mail(ctx, ann.ID, 0, 10); err != nil || !slices.Equal(mail.Messages, []history.Message{said}) {
			t.Errorf("for somebody else waits %+v (%v)", mail, err)
		}
		if err := s.Delivered(ctx, ann.ID, 1); err != nil {
			t.Error(err)
		}
		if n, _, err := s.Prune(ctx, history.Retention{Count: 1}, 10); n != 1 || err != nil {
			t.Errorf("of two messages %d were too many (%v)", n, err)
		}
		if _, err := s.Find(ctx, named("bob")); !errors.Is(err, account.ErrUnknown) {
			t.Errorf("the account is still there: %v", err)
		}
		if err := s.Remove(ctx, named("bob")); !errors.Is(err, account.ErrUnknown) {
			t.Errorf("removing nobody returns %v", err)
		}
		want := []account.Revocation{{Seq: 3, Account: bob.ID, Name: "bob", Why: "removed"}}
		if got, err := s.Revocations(ctx, -1); err != nil || !slices.Equal(got, want) {
			t.Errorf("the revocations are %+v (%v), want %+v", got, err, want)
		}
		if again := create(t, s, "bob"); again.ID <= bob.ID {
			t.Errorf("account %d came after account %d", again.ID, bob.ID)
		}
	})
}

func TestList(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		names := []string{"*", "1", "_", "A", "a b", "ab", "B", "z", "ä", "é", "ф", "😀"} // in the order of their keys' bytes
		for _, i := range []int{7, 0, 11, 3, 5, 1, 9, 2, 4, 6, 8, 10} {
			create(t, s, names[i])
		}
		for first := 0; first <= len(names); first++ {
			after := ""
			if first > 0 {
				after = account.KeyOf(names[first-1])
			}
			var got []string
			accounts, err := s.List(ctx, after, 5)
			for _, a := range accounts {
				got = append(got, a.Name)
			}
			if want := names[first:min(first+5, len(names))]; err != nil || !slices.Equal(got, want) {
				t.Errorf("after %q come %q (%v), want %q", after, got, err, want)
			}
		}
		if none, err := s.List(ctx, "", 0); err != nil || len(none) != 0 {
			t.Errorf("a list of none has %v (%v)", none, err)
		}
	})
}

// TestRevocationsGrow lets many revoke at once: whoever has seen one has seen all before it.
func TestRevocationsGrow(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		create(t, s, "ann")
		const each, writers = 25, 4
		const first = 1 // the account itself
		failures := make(chan error, writers)
		for range writers {
			go func() {
				var err error
				for i := 0; i < each && err == nil; i++ {
					err = s.SetPassword(ctx, named("ann"), "x")
				}
				failures <- err
			}()
		}
		for last := int64(first); last < first+each*writers; {
			revoked, err := s.Revocations(ctx, last)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range revoked {
				if last++; r.Seq != last {
					t.Fatalf("revocation %d came as number %d", r.Seq, last)
				}
			}
		}
		for range writers {
			if err := <-failures; err != nil {
				t.Error(err)
			}
		}
	})
}
