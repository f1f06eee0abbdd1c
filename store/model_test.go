package store_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/store"
)

// model is the history as a plain slice in the order of ids, with every question answered by looking at all of it.
type model struct {
	messages        []history.Message
	newest, removed codec.ID
	aged            codec.ID // of removed, because of the age
}

func (m *model) append(messages []history.Message) {
	for _, message := range messages {
		if !slices.ContainsFunc(m.messages, func(old history.Message) bool { return old.ID == message.ID }) {
			m.messages = append(m.messages, message)
		}
		m.newest = max(m.newest, message.ID)
	}
	slices.SortFunc(m.messages, func(a, b history.Message) int { return int(int64(a.ID) - int64(b.ID)) })
}

func same(a, b history.Party) bool {
	return a.Account == b.Account && (a.Account != 0 || a.Compared() == b.Compared())
}

func within(m history.Message, c history.Conversation) bool {
	if (c == history.Conversation{}) {
		return m.Public()
	}
	return !m.Public() && (same(m.From, c.A) && same(m.To, c.B) || same(m.From, c.B) && same(m.To, c.A))
}

func (m *model) filter(keep func(history.Message) bool) (kept []history.Message) {
	for _, message := range m.messages {
		if keep(message) {
			kept = append(kept, message)
		}
	}
	return kept
}

func (m *model) page(of []history.Conversation, before, after codec.ID, limit int) ([]history.Message, bool) {
	page := m.filter(func(message history.Message) bool {
		return slices.ContainsFunc(of, func(c history.Conversation) bool { return within(message, c) }) && message.ID > after && (before == 0 || message.ID < before)
	})
	switch {
	case len(page) <= limit:
		return page, false
	case after != 0:
		return page[:limit], true
	default:
		return page[len(page)-limit:], true
	}
}

func (m *model) prune(keep history.Retention, limit int) (pruned int) {
	for i := 0; pruned < limit && i < len(m.messages); {
		message, counted := m.messages[i], int64(len(m.filter(func(m history.Message) bool { return !m.Mail })))
		switch old := message.ID < keep.From; {
		case old:
			m.aged = max(m.aged, message.ID)
		case keep.Count == 0 || counted <= keep.Count:
			return pruned
		case message.Mail:
			i++
			continue
		}
		m.removed = max(m.removed, message.ID)
		m.messages = slices.Delete(m.messages, i, i+1)
		pruned++
	}
	return pruned
}

// parties are guests and accounts, among them some whose conversations could be taken for one another.
var parties = []history.Party{
	{Name: "ann"}, {Name: "1"}, {Name: `ann" "1`}, {Account: 1, Name: "ann"}, {Account: 2, Name: "ëÜ%_'"}, {Account: 3, Name: "ann"},
	{Name: "Ann", Key: "ann"}, {Name: "ΑΝΝΗΣ", Key: "αννησ"}, {Name: "Αννης", Key: "αννησ"}, {Account: 4, Name: "Ann", Key: "ann"},
}

func drawMessage(t *rapid.T, id codec.ID) history.Message {
	m := history.Message{ID: id, From: rapid.SampledFrom(parties).Draw(t, "from"), Text: rapid.SampledFrom([]string{"a", "", "b\n"}).Draw(t, "text"),
		At: rapid.SampledFrom([]uint64{0, 0, 1, math.MaxInt64}).Draw(t, "at")}
	if rapid.Bool().Draw(t, "whisper") {
		m.To = rapid.SampledFrom(parties).Draw(t, "to")
		m.Mail = m.To.Account != 0 && rapid.Bool().Draw(t, "mail")
	}
	return m
}

// run does the same at random to a store and to the model, and asks both everything.
type run struct {
	*store.Store
	model
	next codec.ID
	last []history.Message
}

func (r *run) appendSome(t *rapid.T) {
	var batch []history.Message
	for range rapid.SampledFrom([]int{1, 2, 7, 8, 9, 75}).Draw(t, "batch") {
		r.next += codec.ID(rapid.IntRange(1, 3).Draw(t, "gap"))
		batch = append(batch, drawMessage(t, r.next))
	}
	r.last = batch
	r.repeat(t)
}

// repeat appends what was appended before; also what was removed since, which is then there again.
func (r *run) repeat(t *rapid.T) {
	if err := r.Append(context.Background(), r.last); err != nil {
		t.Fatal(err)
	}
	r.model.append(r.last)
}

func (r *run) id(t *rapid.T, label string) codec.ID {
	return codec.ID(rapid.OneOf(rapid.Uint64Range(0, uint64(r.next)+2), rapid.SampledFrom([]uint64{
		math.MaxInt64 - 1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64})).Draw(t, label))
}

func limits(t *rapid.T) int { return rapid.SampledFrom([]int{0, 1, 2, 3, 10, 1000}).Draw(t, "limit") }

func (r *run) pageSome(t *rapid.T) {
	of := []history.Conversation{{}}
	if rapid.Bool().Draw(t, "whispers") {
		a := rapid.SampledFrom(parties).Draw(t, "a")
		others := rapid.Permutation(parties).Draw(t, "b")[:rapid.IntRange(1, 3).Draw(t, "of")]
		of = nil
		for _, b := range others {
			if !slices.ContainsFunc(of, func(c history.Conversation) bool { return same(b, c.B) }) {
				of = append(of, history.Conversation{A: a, B: b})
			}
		}
	}
	before, after, limit := r.id(t, "before"), r.id(t, "after"), limits(t)
	page, err := r.Page(context.Background(), of, before, after, limit)
	want, wantMore := r.page(of, before, after, limit)
	if err != nil || page.More != wantMore || page.Removed != r.removed {
		t.Fatalf("Page(%v, %d, %d, %d) has more: %t, removed %d and error %v, want %t, %d",
			of, before, after, limit, page.More, page.Removed, err, wantMore, r.removed)
	}
	compare(t, "Page", page.Messages, want)
}

// all reads part after part, up to 30, and holds that each has as many messages as it may, says what was removed, and
// goes on. whole says that those were all.
func (r *run) all(t *rapid.T, after codec.ID, limit int, removed codec.ID,
	read func(after codec.ID) (history.Missed, error)) (all []history.Message, whole bool) {
	for n := range 30 {
		part, err := read(after)
		if err != nil || part.Removed != removed || len(part.Messages) > limit {
			t.Fatalf("part %d after %d has %d messages, removed %d (%v), want %d and %d",
				n, after, len(part.Messages), part.Removed, err, limit, removed)
		}
		all = append(all, part.Messages...)
		if part.Next == 0 {
			return all, true
		}
		if after = part.Next; len(part.Messages) > 0 && after < part.Messages[len(part.Messages)-1].ID {
			t.Fatalf("the next part begins with %d, among %d messages", after, len(part.Messages))
		}
	}
	return all, false
}

// compareAll is compare for what was read part after part.
func compareAll(t *rapid.T, what string, got []history.Message, whole bool, want []history.Message) {
	t.Helper()
	if !whole && len(got) <= len(want) {
		want = want[:len(got)]
	}
	compare(t, what, got, want)
}

func (r *run) readSome(t *rapid.T) {
	ctx, reader := context.Background(), rapid.SampledFrom(parties).Draw(t, "reader")
	after, limit := r.id(t, "after"), max(1, limits(t))
	missed, whole := r.all(t, after, limit, r.removed, func(after codec.ID) (history.Missed, error) {
		return r.Missed(ctx, reader, after, limit)
	})
	want := r.filter(func(m history.Message) bool { return m.ID > after && m.For(reader) })
	compareAll(t, "Missed", missed, whole, want)
	mail, whole := r.all(t, after, limit, r.aged, func(after codec.ID) (history.Missed, error) {
		return r.Mail(ctx, reader.Account, after, limit)
	})
	want = r.filter(func(m history.Message) bool {
		return m.ID > after && m.Mail && m.To.Account == reader.Account
	})
	compareAll(t, "Mail", mail, whole, want)
}

func (r *run) deliver(t *rapid.T) {
	account, upTo := rapid.SampledFrom(parties).Draw(t, "account").Account, r.id(t, "upTo")
	if err := r.Delivered(context.Background(), account, upTo); err != nil {
		t.Fatal(err)
	}
	for i := range r.messages {
		if m := &r.messages[i]; m.To.Account == account && m.ID <= upTo {
			m.Mail = false
		}
	}
}

func (r *run) pruneSome(t *rapid.T) {
	keep := history.Retention{From: r.id(t, "from"), Count: int64(rapid.IntRange(0, 100).Draw(t, "count"))}
	if rapid.Bool().Draw(t, "by count only") {
		keep.From = 0
	}
	limit := rapid.SampledFrom([]int{0, 1, 5, 60}).Draw(t, "limit")
	want := r.prune(keep, limit)
	got, more, err := r.Prune(context.Background(), keep, limit)
	for more && err == nil && got < want { // it looks through a bounded number of those that wait at a time
		var n int
		n, more, err = r.Prune(context.Background(), keep, limit-got)
		got += n
	}
	if err != nil || got != want || !more && r.prune(keep, 1) > 0 {
		t.Fatalf("Prune(%+v, %d) removed %d (%v), want %d, or says that there are no more", keep, limit, got, err, want)
	}
}

func (r *run) purgeSome(t *rapid.T) {
	from, text := rapid.SampledFrom(parties).Draw(t, "from"), rapid.SampledFrom([]string{"a", "", "b\n"}).Draw(t, "text")
	matches := func(m *history.Message) bool { return m.From == from && m.Text == text }
	want := r.filter(func(m history.Message) bool { return matches(&m) })
	counted, err := r.CountMatching(context.Background(), matches)
	removed, err2 := r.Purge(context.Background(), matches)
	if n := int64(len(want)); counted != n || removed != n || err != nil || err2 != nil {
		t.Fatalf("%d match (%v) and %d are removed (%v), want %d", counted, err, removed, err2, n)
	}
	r.messages = slices.DeleteFunc(r.messages, func(m history.Message) bool { return matches(&m) })
}

func (r *run) check(t *rapid.T) {
	newest, removed, err := r.Bounds(context.Background())
	if err != nil || newest != r.newest || removed != r.removed {
		t.Fatalf("the bounds are %d and %d (%v), want %d and %d", newest, removed, err, r.newest, r.removed)
	}
}

func compare(t *rapid.T, what string, got, want []history.Message) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s returned\n%+v\nwant\n%+v", what, got, want)
	}
}

// TestHistory holds the store against the model. Runs go on with one database, in which messages of the runs before are
// removed and ids go on, so removed must be remembered for longer than messages are.
func TestHistory(t *testing.T) {
	onBoth(t, func(t *testing.T, d database) {
		s := d.open(t)
		r := &run{Store: s}
		rapid.Check(t, func(t *rapid.T) {
			if _, _, err := s.Prune(context.Background(), history.Retention{From: math.MaxInt64}, math.MaxInt); err != nil {
				t.Fatal(err)
			}
			r.prune(history.Retention{From: math.MaxInt64}, math.MaxInt)
			t.Repeat(map[string]func(*rapid.T){
				"append": r.appendSome, "repeat": r.repeat, "page": r.pageSome, "read": r.readSome,
				"flush": func(t *rapid.T) {
					s.SetFlush(rapid.SampledFrom([]int{1, 40, 200}).Draw(t, "ids"), rapid.SampledFrom([]int{1, 3, 100}).Draw(t, "blocks"))
				},
				"deliver": r.deliver, "prune": r.pruneSome, "purge": r.purgeSome, "": r.check,
			})
		})
	})
}
