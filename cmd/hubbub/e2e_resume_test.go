package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/internal/pgtest"
)

const (
	resumeAccounts = 6
	resumeGuests   = 14
	resumePassword = "correct horse"
	speakEvery     = 100 * time.Millisecond // a message of each client
	theEnd         = "the end"
)

// TestResumesLoseNothing: clients whose connections are cut at random bytes hundreds of times, while all of them speak,
// see in the end every broadcast of the others and, when they have an account, every whisper to them, each once and in
// the order of the ids, which is that of the server's history.
func TestResumesLoseNothing(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); resume(t) })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); resume(t, "--database", pgtest.Start(t).URL(t)) })
}

// enoughResumes is how often all clients together come back. With the race detector that takes three times as long.
func enoughResumes() int64 {
	if raceEnabled {
		return 300
	}
	return 1000
}

func resume(t *testing.T, flags ...string) {
	p := serve(t, append(flags, "--message-rate", "0")...)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	begun := time.Now()
	cutter := startCutter(t, p.chat)
	crowd := gather(ctx, t, p.chat, cutter.address)
	var speaking, listening sync.WaitGroup
	var back atomic.Int64
	enough := make(chan struct{})
	cutter.let.Store(true)
	for _, s := range crowd {
		listening.Go(func() {
			s.listen(t, func() {
				if back.Add(1) == enoughResumes() {
					close(enough)
				}
			})
		})
		speaking.Go(func() { s.speak(ctx, t, enough) })
	}
	select {
	case <-enough:
	case <-ctx.Done():
		t.Errorf("the clients came back %d times only", back.Load())
		return
	}
	cutter.let.Store(false)
	speaking.Wait()
	herald := dialAs(ctx, t, p.chat, client.Options{User: "herald", Reconnect: true})
	end, err := herald.Broadcast(ctx, theEnd)
	if err != nil {
		t.Fatal(err)
	}
	listening.Wait()
	compare(ctx, t, herald, crowd, end)
	t.Logf("%d cuts and %d resumes in %.0f s", cutter.cuts.Load(), back.Load(), time.Since(begun).Seconds())
}

// talker is a client with what it has said and heard.
type talker struct {
	*client.Client
	name    string
	friends []string    // to whom it whispers; nil: it is a guest
	said    []utterance // that the server has acknowledged
	heard   []utterance
	again   int // how much of what was heard was replayed
	resumes int
}

// utterance is a message.
type utterance struct {
	id       codec.ID
	from, to string // to is empty for everybody
	text     string
}

// gather logs everybody in by way of the cutter, once the accounts are registered, each from an address of its own.
func gather(ctx context.Context, t *testing.T, server, cutter string) (crowd []*talker) {
	t.Helper()
	var accounts []string
	for i := range resumeAccounts {
		accounts = append(accounts, fmt.Sprintf("account%d", i))
		home := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(i+1))}}
		err := client.Register(ctx, server, accounts[i], resumePassword, client.Options{
			Dial: func(ctx context.Context, addr string) (net.Conn, error) { return home.DialContext(ctx, "tcp", addr) },
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	options := client.Options{Reconnect: true, RetryMin: 5 * time.Millisecond, RetryMax: 50 * time.Millisecond}
	for _, name := range accounts {
		options.User, options.Password = name, resumePassword
		crowd = append(crowd, &talker{Client: dialAs(ctx, t, cutter, options), name: name, friends: accounts})
	}
	for i := range resumeGuests {
		options.User, options.Password = fmt.Sprintf("guest%d", i), ""
		crowd = append(crowd, &talker{Client: dialAs(ctx, t, cutter, options), name: options.User})
	}
	return crowd
}

func dialAs(ctx context.Context, t *testing.T, address string, options client.Options) *client.Client {
	t.Helper()
	c, err := client.Dial(ctx, address, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// listen notes what comes, up to the end of it all, and tells of each time that the client is back.
func (s *talker) listen(t *testing.T, back func()) {
	note := func(r utterance, replayed bool) {
		s.heard = append(s.heard, r)
		if replayed {
			s.again++
		}
	}
	for e := range s.Events() {
		switch e := e.(type) {
		case client.Message:
			note(utterance{e.ID, e.User, "", e.Text}, e.Replayed)
			if e.Text == theEnd {
				return
			}
		case client.Whisper:
			note(utterance{e.ID, e.User, s.name, e.Text}, e.Replayed)
		case client.Reconnected:
			s.resumes++
			back()
		case client.Gap, client.Refused:
			t.Errorf("%s: got %+v", s.name, e)
		}
	}
	t.Errorf("%s: the events ended before the end: %v", s.name, s.Err())
}

// speak says something now and then, to everybody or to a friend, until it is enough.
func (s *talker) speak(ctx context.Context, t *testing.T, enough <-chan struct{}) {
	tick := time.NewTicker(speakEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-enough:
			return
		case <-ctx.Done():
			return
		}
		r := utterance{from: s.name, text: fmt.Sprintf("%s says %d", s.name, n)}
		if len(s.friends) > 0 && n%2 == 0 {
			r.to = s.friends[rand.IntN(len(s.friends))]
		}
		var err error
		if r.to == "" {
			r.id, err = s.Broadcast(ctx, r.text)
		} else {
			r.id, err = s.Whisper(ctx, r.to, r.text)
		}
		switch {
		case err == nil:
			s.said = append(s.said, r)
		case !errors.Is(err, client.ErrOffline) && !errors.Is(err, client.ErrLost):
			t.Errorf("%s to %q: %v", s.name, r.to, err)
			return
		}
	}
}

// compare holds what everybody has heard, and was told to be said, against the server's history up to the end.
func compare(ctx context.Context, t *testing.T, herald *client.Client, crowd []*talker, end codec.ID) {
	t.Helper()
	public := past(ctx, t, herald, "", "", end)
	history := slices.Clone(public)
	again, whispers, accounts := 0, 0, 0
	for _, s := range crowd {
		want := slices.DeleteFunc(slices.Clone(public), func(r utterance) bool { return r.from == s.name })
		for _, friend := range s.friends {
			heard := past(ctx, t, s.Client, friend, s.name, end)
			want, history, whispers = append(want, heard...), append(history, heard...), whispers+len(heard)
		}
		slices.SortFunc(want, func(a, b utterance) int { return cmp.Compare(a.id, b.id) })
		again += s.again
		if s.friends != nil {
			accounts += s.resumes
		}
		if slices.Equal(s.heard, want) {
			continue
		}
		at := 0
		for at < min(len(want), len(s.heard)) && want[at] == s.heard[at] {
			at++
		}
		t.Errorf("%s heard %d messages, want %d; from number %d on they are\n%+v\nand not\n%+v", s.name, len(s.heard), len(want), at,
			s.heard[at:min(len(s.heard), at+3)], want[at:min(len(want), at+3)])
	}
	kept := map[string]utterance{}
	for _, r := range history {
		if other, twice := kept[r.text]; twice {
			t.Errorf("the history has %+v and %+v", other, r)
		}
		kept[r.text] = r
	}
	for _, s := range crowd {
		for _, r := range s.said {
			if kept[r.text] != r {
				t.Errorf("%+v was acknowledged, and the history has %+v", r, kept[r.text])
			}
		}
	}
	if again == 0 || whispers == 0 || accounts == 0 {
		t.Errorf("%d messages came again, %d were whispers and %d resumes were those of accounts: nothing was decided", again, whispers, accounts)
	}
	t.Logf("%d broadcasts and %d whispers; %d came by a replay; %d resumes were those of accounts", len(public), whispers, again, accounts)
}

// past reads the history up to the end: what was said to everybody, or what a friend whispered.
func past(ctx context.Context, t *testing.T, c *client.Client, friend, self string, end codec.ID) (all []utterance) {
	t.Helper()
	for m, err := range c.HistorySeq(ctx, client.HistoryQuery{User: friend, After: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		if m.ID <= end && (friend == "" || m.User == friend) {
			all = append(all, utterance{m.ID, m.User, self, m.Text})
		}
	}
	return all
}
