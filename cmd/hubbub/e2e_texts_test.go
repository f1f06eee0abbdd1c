package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"hubbub/client"
	"hubbub/codec"
)

var (
	// oddNames are names as they are granted.
	oddNames = []string{
		"o'brien", `robert');drop--`, `%_"$1"\`, "<b>&amp;", strings.Repeat("x", 32), strings.Repeat("世", 10) + "é", "-1", "null",
	}
	// oddTexts are messages that must come back as they are.
	oddTexts = []string{
		"x", strings.Repeat("x", 1024), strings.Repeat("世", 341) + "!", "👩‍👩‍👧‍👦 🏳️‍🌈", "'; DROP TABLE messages; --", `$1 ? :a @b \ \\ %s "`,
		"a\tb\nc\n", " \t . ", "שלום \u202eabc\u202c", "e\u0301 \u00e9 \ufeff \uffff \U0010ffff \ufffd", "\u2028\u2029\u00ad\u200b.", "NULL", "{}",
	}
	// noTexts are no messages.
	noTexts = []string{"", strings.Repeat("x", 1025), "a\x00b", "\x1b[31m", "\u0085", "\xff", "a\xed\xa0\x80b", " \t ", "\u2028\u2029\u00ad\u200b"}
)

// TestOddTexts registers, says and whispers what databases and screens might take for something else, and hears and reads
// all of it as it was.
func TestOddTexts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *process, _ []string) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		options := make([]client.Options, len(oddNames))
		users := make([]*client.Client, len(oddNames))
		for i, name := range oddNames {
			secret := name + " 🔑 ; DROP 'x' \"y\" \\ $1 %s"
			options[i] = client.Options{User: strings.ToUpper(name), Password: secret, Since: 1, Dial: from(fmt.Sprintf("127.0.0.%d", 2+i))}
			if err := client.Register(ctx, p.chat, name, secret, options[i]); err != nil {
				t.Fatal(err)
			}
			var err error
			if users[i], err = client.Dial(ctx, p.chat, options[i]); err != nil {
				t.Fatal(err)
			}
			defer users[i].Close()
			if users[i].User() != name {
				t.Errorf("%q was granted as %q", name, users[i].User())
			}
		}
		refuses(ctx, t, p, users[0])
		var said []client.HistoryMessage // to everybody
		whispered := make([][]client.HistoryMessage, len(users))
		for n, text := range oddTexts {
			i := n % len(users)
			for i, u := range users {
				id, err := u.Whisper(ctx, oddNames[(i+1)%len(users)], text)
				whispered[i] = append(whispered[i], client.HistoryMessage{ID: id, User: oddNames[i], Text: text})
				if err != nil {
					t.Errorf("%q whispers %q: %v", oddNames[i], text, err)
				}
			}
			id, err := users[i].Broadcast(ctx, text)
			said = append(said, client.HistoryMessage{ID: id, User: oddNames[i], Text: text})
			if err != nil {
				t.Errorf("%q says %q: %v", oddNames[i], text, err)
			}
		}
		for i, u := range users {
			next := (i + 1) % len(users)
			same(t, "the history", pages(ctx, t, u, ""), said)
			same(t, "the whispers of the one", pages(ctx, t, u, oddNames[next]), whispered[i])
			same(t, "the whispers of the other", pages(ctx, t, users[next], oddNames[i]), whispered[i])
			want := slices.DeleteFunc(slices.Concat(said, whispered[(i+len(users)-1)%len(users)]),
				func(m client.HistoryMessage) bool { return m.User == oddNames[i] })
			slices.SortFunc(want, func(a, b client.HistoryMessage) int { return int(int64(a.ID) - int64(b.ID)) })
			same(t, "what was heard", leave(ctx, t, u), want)
			again, err := client.Dial(ctx, p.chat, options[i]) // which gets everything once more
			if err != nil {
				t.Fatal(err)
			}
			same(t, "what was replayed", leave(ctx, t, again), want)
			users[i], err = client.Dial(ctx, p.chat, options[i]) // for those behind it
			if err != nil {
				t.Fatal(err)
			}
			defer users[i].Close()
		}
	}, "--message-rate", "0")
}

// refuses shows that what is no name, password or message is refused and does nothing.
func refuses(ctx context.Context, t *testing.T, p *process, user *client.Client) {
	t.Helper()
	f := func(what string, err error, want codec.Code) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %s", what, err, want)
		}
	}
	for _, text := range noTexts {
		_, err := user.Broadcast(ctx, text)
		f(text, err, codec.MessageInvalid)
		_, err = user.Whisper(ctx, oddNames[1], text)
		f(text, err, codec.MessageInvalid)
	}
	for _, name := range []string{strings.Repeat("x", 33), strings.Repeat("世", 11), "a b", "a\x00b", "👩", "", "a\xffb"} {
		f(name, client.Register(ctx, p.chat, name, "correct horse", client.Options{}), codec.NameInvalid)
		_, err := user.Whisper(ctx, name, "hello")
		f(name, err, codec.UserNotFound)
	}
	for _, password := range []string{"", "1234567", strings.Repeat("x", 129), "12345678\x00", "12345678\xff"} {
		f(password, client.Register(ctx, p.chat, "new", password, client.Options{}), codec.PasswordInvalid)
	}
}

// from returns a way to dial from an address of this machine's own.
func from(address string) func(context.Context, string) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return func(ctx context.Context, to string) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", to) }
}

// pages reads a conversation.
func pages(ctx context.Context, t *testing.T, u *client.Client, with string) (all []client.HistoryMessage) {
	t.Helper()
	for m, err := range u.HistorySeq(ctx, client.HistoryQuery{User: with, After: 1, Limit: 5}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// leave logs a user out and returns what it heard.
func leave(ctx context.Context, t *testing.T, u *client.Client) (all []client.HistoryMessage) {
	t.Helper()
	if err := u.Logout(ctx); err != nil {
		t.Error(err)
	}
	for event := range u.Events() {
		switch e := event.(type) {
		case client.Message:
			all = append(all, client.HistoryMessage{ID: e.ID, User: e.User, Text: e.Text})
		case client.Whisper:
			all = append(all, client.HistoryMessage{ID: e.ID, User: e.User, Text: e.Text})
		}
	}
	return all
}

func same(t *testing.T, what string, got, want []client.HistoryMessage) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got\n%+v\nwant\n%+v", what, got, want)
	}
}
