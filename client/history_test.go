package client_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"hubbub/client"
	"hubbub/codec"
)

func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{})
		go p.answer(`HistoryRequest ref=1 room="" user="bob" before=9 after=2 limit=50`,
			`HistoryResponse ref=1 result=SUCCESS more=1 messages=2 id.0=3 user.0="alice" message.0="hi" id.1=4 user.1="bob" message.1="ho"`)
		page, err := c.History(t.Context(), client.HistoryQuery{User: "bob", Before: 9, After: 2, Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		want := []client.HistoryMessage{{ID: 3, User: "alice", Text: "hi"}, {ID: 4, User: "bob", Text: "ho"}}
		if !slices.Equal(page.Messages, want) || !page.More {
			t.Errorf("got %+v, want %+v and more", page, want)
		}

		go p.answer(`HistoryRequest ref=2 room="go" user="" before=0 after=0 limit=100`,
			`HistoryResponse ref=2 result=PERMISSION_DENIED more=0 messages=0`)
		_, err = c.History(t.Context(), client.HistoryQuery{Room: "go", Limit: 70000})
		if text := "client: read the history: you may not do this (PERMISSION_DENIED)"; !errors.Is(err, codec.PermissionDenied) || err.Error() != text {
			t.Errorf("got  %v\nwant %s", err, text)
		}
	})
}

// archive is a server's history: messages with these ids, given out in pages of its own size.
type archive struct {
	ids  []codec.ID // they grow
	most int
	busy int // how many requests are refused before one is answered, for the rate or for being busy
}

// serve answers a client's requests until the connection ends.
func (a *archive) serve(p *peer) {
	for refusals := a.busy; ; {
		packet, err := codec.Native.Next(p.in, nil, codec.MaxPacket)
		if err != nil {
			return
		}
		m, _ := codec.Native.Decode(packet)
		q, ok := m.(*codec.HistoryRequest)
		if !ok {
			continue // a PING
		}
		if refusals > 0 {
			refusals--
			why := []codec.Code{codec.ServerBusy, codec.RateLimited}[refusals%2]
			p.conn.Write(codec.Native.AppendFailure(nil, q, why))
			continue
		}
		refusals = a.busy
		p.conn.Write(codec.Native.Append(nil, a.page(q)))
	}
}

func (a *archive) page(q *codec.HistoryRequest) *codec.HistoryResponse {
	answer := &codec.HistoryResponse{Answer: codec.Answer{Ref: q.Ref}}
	var found []codec.ID
	for _, id := range a.ids {
		if id > q.After && (q.Before == 0 || id < q.Before) {
			found = append(found, id)
		}
	}
	n := min(len(found), a.most, cmp.Or(int(q.Limit), codec.HistoryMax))
	if n < len(found) {
		answer.More = 1
	}
	if q.After != 0 {
		found = found[:n]
	}
	for _, id := range found[len(found)-n:] {
		answer.Messages = append(answer.Messages, codec.HistoryMessage{ID: id, User: "bob", Message: fmt.Sprint(id)})
	}
	return answer
}

// Whatever is asked for and however small the server's pages are, the sequence has it all, in its direction.
func TestHistorySeq(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a := archive{ids: make([]codec.ID, rapid.IntRange(0, 40).Draw(r, "messages")), most: rapid.IntRange(1, 7).Draw(r, "page")}
		for i := range a.ids {
			a.ids[i] = codec.ID(10 * (i + 1))
		}
		side := rapid.SampledFrom([]codec.ID{0, 5, 10, 55, 200, 1000})
		query := client.HistoryQuery{Before: side.Draw(r, "before"), After: side.Draw(r, "after"), Limit: rapid.IntRange(1, 10).Draw(r, "limit")}
		var want []codec.ID
		for _, id := range a.ids {
			if id > query.After && (query.Before == 0 || id < query.Before) {
				want = append(want, id)
			}
		}
		if query.After == 0 {
			slices.Reverse(want)
		}
		if got := read(t, a, query); !slices.Equal(got, want) {
			r.Errorf("got %d, want %d", got, want)
		}
	})
}

// read returns the ids of a sequence, which it reads twice.
func read(t *testing.T, a archive, query client.HistoryQuery) (ids []codec.ID) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{})
		go a.serve(p)
		messages := c.HistorySeq(t.Context(), query)
		var again []codec.ID
		for _, into := range []*[]codec.ID{&ids, &again} {
			for m, err := range messages {
				if err != nil || m.User != "bob" || m.Text != fmt.Sprint(m.ID) {
					t.Fatalf("got %+v, %v", m, err)
				}
				*into = append(*into, m.ID)
			}
		}
		if !slices.Equal(ids, again) {
			t.Errorf("the second time it had %d, the first time %d", again, ids)
		}
	})
	return ids
}

// A sequence keeps to the server's rate, and ends with the program's wish or patience.
func TestHistorySeqWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newNetwork(t).welcome(client.Options{})
		a := archive{ids: []codec.ID{1, 2, 3, 4, 5}, most: 2, busy: 2}
		go a.serve(p)
		begin := time.Now()
		n := 0
		for _, err := range c.HistorySeq(t.Context(), client.HistoryQuery{}) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 3 { // it needs the second page
				break
			}
		}
		if passed := time.Since(begin); passed != 2*time.Second {
			t.Errorf("it took %s, want 2s", passed)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		for m, err := range c.HistorySeq(ctx, client.HistoryQuery{}) {
			if !errors.Is(err, codec.RateLimited) {
				t.Errorf("got %+v, %v, want RATE_LIMITED", m, err)
			}
		}

		go func() {
			<-time.After(100 * time.Millisecond)
			c.Close()
		}()
		begin = time.Now()
		for m, err := range c.HistorySeq(t.Context(), client.HistoryQuery{}) {
			if err == nil {
				t.Errorf("got %+v", m)
			}
		}
		if passed := time.Since(begin); passed != 100*time.Millisecond {
			t.Errorf("Close took %s to end it", passed)
		}
	})
}

// A server that always has more and never sends it does not keep the program for ever.
func TestHistorySeqMustLead(t *testing.T) {
	f := func(query client.HistoryQuery, request, answer string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			c, p := newNetwork(t).welcome(client.Options{})
			go p.answer(`HistoryRequest ref=1 room="" user="" `+request+` limit=0`, `HistoryResponse ref=1 result=SUCCESS more=1 `+answer)
			n := 0
			for _, err := range c.HistorySeq(t.Context(), query) {
				n++
				want := "client: read the history: the server says that there is more, and does not send it"
				if err == nil || err.Error() != want {
					t.Errorf("got  %v\nwant %s", err, want)
				}
			}
			if n != 1 {
				t.Errorf("it yielded %d times", n)
			}
		})
	}
	f(client.HistoryQuery{}, "before=0 after=0", "messages=0")
	f(client.HistoryQuery{Before: 5}, "before=5 after=0", `messages=1 id.0=5 user.0="bob" message.0="hi"`)
	f(client.HistoryQuery{After: 5}, "before=0 after=5", `messages=1 id.0=5 user.0="bob" message.0="hi"`)
}
