package main

import (
	"cmp"
	"context"
	"slices"

	"hubbub/client"
)

// audit compares what was said and heard with the history, which it reads as the users do, once everybody has left. It
// returns how much is kept, and how many messages somebody heard that the server did not come to keep.
func (c *choir) audit() (kept, phantoms int) {
	c.t.Helper()
	history := c.history()
	c.mu.Lock()
	defer c.mu.Unlock()
	there := map[string]bool{}
	for _, k := range history {
		r := c.said[k.text]
		switch {
		case r == nil || there[k.text]:
			c.t.Errorf("%+v is in the history twice, or was never said", k)
			continue
		case k.from != r.from || k.to != r.to:
			c.t.Errorf("the history has %+v, said was %+v", k, r)
		case r.id != k.id && !r.lost():
			c.t.Errorf("the history has %+v, the sender was told %d, %v", k, r.id, r.err)
		}
		there[k.text] = true
	}
	for text, r := range c.said {
		if r.id != 0 && !there[text] {
			c.t.Errorf("%+v was acknowledged and is not in the history", r)
		}
	}
	for _, v := range c.voices {
		phantoms += v.compare(history, there)
	}
	return len(history), phantoms
}

// history reads all conversations and returns them as one, in the order of the ids.
func (c *choir) history() (all []remark) {
	c.t.Helper()
	names := []string{"alice", "bob", absentee, "carol", "dave"}
	for i, reader := range names[:3] { // who has an account
		ctx, cancel := context.WithTimeout(c.t.Context(), patience)
		defer cancel()
		in, err := client.Dial(ctx, c.address, client.Options{User: reader, Password: password(reader), DiscardEvents: true})
		if err != nil {
			c.t.Fatal(err)
		}
		defer in.Close()
		if i == 0 {
			all = c.conversation(ctx, in, "")
		}
		for _, with := range names[i+1:] {
			all = append(all, c.conversation(ctx, in, with)...)
		}
	}
	slices.SortFunc(all, func(a, b remark) int { return cmp.Compare(a.id, b.id) })
	return all
}

// conversation reads one conversation, page by page from its beginning.
func (c *choir) conversation(ctx context.Context, in *client.Client, with string) (all []remark) {
	c.t.Helper()
	for m, err := range in.HistorySeq(ctx, client.HistoryQuery{User: with, After: 1}) {
		if err != nil {
			c.t.Fatalf("%s reads the history with %q: %v", in.User(), with, err)
		}
		if n := len(all); n > 0 && all[n-1].id >= m.ID {
			c.t.Errorf("the history with %q has %d after %d", with, m.ID, all[n-1].id)
		}
		r := remark{from: m.User, text: m.Text, id: m.ID}
		switch {
		case with == "":
		case m.User == with:
			r.to = in.User()
		default:
			r.to = with
		}
		all = append(all, r)
	}
	return all
}

// compare shows that a voice heard just what the history has for it, in the same order, each once. Besides that it may
// have heard what was on its way when the server died: the last in a life of its, of which the sender was told nothing.
// It returns how many of those there are. mu is held.
func (v *voice) compare(history []remark, there map[string]bool) (phantoms int) {
	t := v.choir.t
	t.Helper()
	var want, got []remark
	for _, k := range history {
		if k.to == v.name || k.to == "" && k.from != v.name {
			want = append(want, k)
		}
	}
	for i, h := range v.heard {
		if again := i > 0 && v.heard[i-1].life == h.life; again && h.replayed && !v.heard[i-1].replayed {
			t.Errorf("%s got %+v replayed behind something live", v.name, h)
		} else if again && there[h.text] && !there[v.heard[i-1].text] {
			t.Errorf("%s heard %+v, which is kept, behind what was not", v.name, h)
		}
		if there[h.text] {
			got = append(got, h.remark)
			continue
		}
		phantoms++
		if said := v.choir.said[h.text]; said == nil || !said.lost() || h.replayed || h.life == v.life {
			t.Errorf("%s heard %+v, which is not in the history; said was %+v", v.name, h, said)
		}
	}
	if !slices.Equal(got, want) {
		at := 0
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		t.Errorf("%s heard %d messages of the history's %d; the first difference is at %d: heard %+v, kept %+v",
			v.name, len(got), len(want), at, got[at:min(at+2, len(got))], want[at:min(at+2, len(want))])
	}
	return phantoms
}
