package store_test

import (
	"fmt"
	"slices"
	"testing"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/store"
)

// said are messages with every second id, in turn to everybody, from account 1 to account 2 and back.
func said(from, to codec.ID) (messages []history.Message) {
	one, two := history.Party{Account: 1, Name: "one"}, history.Party{Account: 2, Name: "two"}
	for id := from; id <= to; id += 2 {
		m := history.Message{ID: id, From: one, Text: fmt.Sprint("text ", id)}
		switch id / 2 % 3 {
		case 1:
			m.To = two
		case 2:
			m.From, m.To = two, one
		}
		messages = append(messages, m)
	}
	return messages
}

// checkLists compares pages of both conversations, in both directions, and what account 2 missed, with what was said.
func checkLists(t *testing.T, s *store.Store, all []history.Message) {
	t.Helper()
	middle := all[len(all)/2].ID
	for _, whispers := range []bool{false, true} {
		var in []history.Message
		var c history.Conversation
		for _, m := range all {
			if m.Public() != whispers {
				in = append(in, m)
			}
		}
		if whispers {
			c = history.Conversation{A: in[0].From, B: in[0].To}
		}
		at := slices.IndexFunc(in, func(m history.Message) bool { return m.ID >= middle })
		for _, limit := range []int{1, 10, 300} {
			for name, page := range map[string]struct {
				before, after codec.ID
				want          []history.Message
			}{
				"newest": {0, 0, in[max(0, len(in)-limit):]},
				"before": {in[at].ID, 0, in[max(0, at-limit):at]},
				"after":  {0, in[at].ID, in[at+1 : min(len(in), at+1+limit)]},
				"oldest": {0, in[0].ID - 1, in[:min(len(in), limit)]},
			} {
				got, err := s.Page(t.Context(), []history.Conversation{c}, page.before, page.after, limit)
				if err != nil || !slices.Equal(got.Messages, page.want) {
					t.Errorf("whispers %t, %s %d: %d messages (%v), want %d:\n%+v\n%+v", whispers, name, limit, len(got.Messages), err,
						len(page.want), got.Messages, page.want)
				}
			}
		}
	}
	checkReaders(t, s, all)
}

// TestLongLists: pages of conversations with hundreds of messages are right wherever their ids are, in memory, in blocks, or on
// the way.
func TestLongLists(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		s := d.lead(t, nil)
		defer s.end()
		all := said(101, 4101)
		s.SetFlush(900, 1)
		for i, group := range slices.Collect(slices.Chunk(all, 100)) {
			if err := s.Append(t.Context(), group); err != nil {
				t.Fatal(err)
			}
			if i%5 == 4 {
				checkLists(t, s.Store, all[:100*(i+1)])
			}
		}
	})
}

// TestLateMessages: a message that is added among older ones is in its lists, whether these are in memory, in blocks, or in blocks
// of a flush that did not come to its end.
func TestLateMessages(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		all := said(101, 1101)
		late := func(s *leased, id codec.ID) {
			t.Helper()
			m := said(id, id)
			if err := s.Append(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(all, func(m history.Message) bool { return m.ID > id })
			all = slices.Insert(all, at, m...)
			checkLists(t, s.Store, all)
		}
		first := d.lead(t, nil)
		first.SetFlush(100, 1)
		if err := first.Append(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		more := said(1103, 1111)
		if err := first.Append(t.Context(), more); err != nil { // before, it writes the first list of a flush
			t.Fatal(err)
		}
		all = append(all, more...)
		checkLists(t, first.Store, all)
		first.end()

		s := d.lead(t, nil)
		defer s.end()
		s.SetFlush(1<<20, 1)
		for _, id := range []codec.ID{150, 500, 502, 504} { // to memory, where blocks of the unfinished flush are in the way
			late(s, id)
		}
		s.SetFlush(1, 100)
		for id := codec.ID(1113); id < 1131; id += 2 { // until a flush is at its end
			m := said(id, id)
			if err := s.Append(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			all = append(all, m...)
		}
		checkLists(t, s.Store, all)
		for _, id := range []codec.ID{152, 700, 702, 704, 1000} { // to blocks
			late(s, id)
		}
	})
}

// TestPrunedLists: of lists whose messages are gone nothing is left, though a whisper that waits is older than all of them.
func TestPrunedLists(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		for _, waits := range []bool{false, true} {
			s := d.lead(t, nil)
			s.SetFlush(10, 100)
			next, _, err := s.Bounds(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if waits {
				next++
				m := history.Message{ID: next, From: history.Party{Name: "ann"}, To: history.Party{Account: 7, Name: "bob"}, Mail: true}
				if err := s.Append(t.Context(), []history.Message{m}); err != nil {
					t.Fatal(err)
				}
			}
			for range 100 {
				if err := s.Append(t.Context(), broadcasts(next+1, next+20)); err != nil {
					t.Fatal(err)
				}
				next += 20
				for more := true; more; {
					if _, more, err = s.Prune(t.Context(), history.Retention{Count: 20}, 1000); err != nil {
						t.Fatal(err)
					}
				}
			}
			s.end()
			var blocks, listed int
			db := d.sql(t)
			err = db.QueryRow("SELECT (SELECT count(*) FROM postings), listed FROM counters").Scan(&blocks, &listed)
			db.Close()
			if err != nil || listed == 0 || blocks > 10 {
				t.Errorf("a message waits: %t; %d blocks are left (%v), of 100", waits, blocks, err)
			}
		}
	})
}
