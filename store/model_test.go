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
	return a.Account == b.Account && (a.Account != 0 || a.Name == b.Name)
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

func (m *model) page(c history.Conversation, before, after codec.ID, limit int) ([]history.Message, bool) {
	page := m.filter(func(message history.Message) bool {
		return within(message, c) && message.ID > after && (before == 0 || message.ID < before)
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
	for ; pruned < limit && len(m.messages) > 0; pruned++ {
		old := m.messages[0].ID < keep.From
		if many := keep.Count > 0 && int64(len(m.messages)) > keep.Count; !old && !many {
			break
		}
		m.removed = max(m.removed, m.messages[0].ID)
		m.messages = m.messages[1:]
	}
	return pruned
}

// parties are guests and accounts, among them some whose conversations could be taken for one another.
var parties = []history.Party{
	{Name: "ann"}, {Name: "1"}, {Name: `ann" "1`}, {Account: 1, Name: "ann"}, {Account: 2, Name: "ëÜ%_'"},
}

func drawMessage(t *rapid.T, id codec.ID) history.Message {
	m := history.Message{ID: id, From: rapid.SampledFrom(parties).Draw(t, "from"), Text: rapid.SampledFrom([]string{"a", "", "b\n"}).Draw(t, "text")}
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
	var c history.Conversation
	if rapid.Bool().Draw(t, "whispers") {
		c = history.Conversation{A: rapid.SampledFrom(parties).Draw(t, "a"), B: rapid.SampledFrom(parties).Draw(t, "b")}
	}
	before, after, limit := r.id(t, "before"), r.id(t, "after"), limits(t)
	page, more, err := r.Page(context.Background(), c, before, after, limit)
	want, wantMore := r.page(c, before, after, limit)
	if err != nil || more != wantMore {
		t.Fatalf("Page(%v, %d, %d, %d) has more: %t and error %v, want %t", c, before, after, limit, more, err, wantMore)
	}
	compare(t, "Page", page, want)
}

func (r *run) readSome(t *rapid.T) {
	ctx, reader := context.Background(), rapid.SampledFrom(parties).Draw(t, "reader")
	after, limit := r.id(t, "after"), limits(t)
	missed, err := r.Missed(ctx, reader, after, limit)
	if err != nil {
		t.Fatal(err)
	}
	want := r.filter(func(m history.Message) bool { return m.ID > after && m.For(reader) })
	compare(t, "Missed", missed, want[:min(limit, len(want))])
	mail, err := r.Mail(ctx, reader.Account, after, limit)
	if err != nil {
		t.Fatal(err)
	}
	want = r.filter(func(m history.Message) bool { return m.ID > after && m.Mail && m.To.Account == reader.Account })
	compare(t, "Mail", mail, want[:min(limit, len(want))])
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
	got, err := r.Prune(context.Background(), keep, limit)
	if want := r.prune(keep, limit); err != nil || got != want {
		t.Fatalf("Prune(%+v, %d) removed %d (%v), want %d", keep, limit, got, err, want)
	}
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
			if _, err := s.Prune(context.Background(), history.Retention{From: math.MaxInt64}, math.MaxInt); err != nil {
				t.Fatal(err)
			}
			r.prune(history.Retention{From: math.MaxInt64}, math.MaxInt)
			t.Repeat(map[string]func(*rapid.T){
				"append": r.appendSome, "repeat": r.repeat, "page": r.pageSome, "read": r.readSome,
				"deliver": r.deliver, "prune": r.pruneSome, "": r.check,
			})
		})
	})
}
