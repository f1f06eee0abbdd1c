package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hubbub/codec"
)

// addAccounts makes names accounts, whose password is password(name).
func addAccounts(t *testing.T, dataDir string, names ...string) {
	t.Helper()
	for _, name := range names {
		hubbub(t, password(name)+"\n", "user", "add", name, "--create", "--data-dir", dataDir)
	}
}

// TestGuessingSlowsOnlyTheGuesser has one address try thousands of wrong passwords for an account while its owner and
// others log in from elsewhere and chat.
func TestGuessingSlowsOnlyTheGuesser(t *testing.T) {
	const guesses, guessers, logins = 5000, 8, 20
	dir := t.TempDir()
	p := serve(t, "--data-dir", dir, "--message-rate", "0", "--login-timeout", "0s")
	addAccounts(t, dir, "alice", "bob")
	var tried, checked atomic.Int64
	var enough atomic.Bool
	var attack, talk sync.WaitGroup
	for i := range guessers {
		c := dialFrom(t, "127.0.0.2", p.chat)
		attack.Go(func() {
			for n := 0; !enough.Load() || tried.Load() < guesses; n++ {
				switch got := c.tryLogin("alice", fmt.Sprint("password ", i, n)); got {
				case codec.AuthFailed:
					checked.Add(1)
				case codec.RateLimited:
				default:
					t.Errorf("a guess was answered with %s", got)
					return
				}
				tried.Add(1)
			}
		})
	}
	sender, receiver := login(t, p.chat, "carol"), login(t, p.chat, "dave")
	var latencies []time.Duration
	talk.Go(func() {
		for !enough.Load() {
			begun := time.Now()
			sender.send(&codec.BroadcastRequest{Message: "hello"})
			receiver.read()
			latencies = append(latencies, time.Since(begun))
		}
	})
	for range logins {
		for _, name := range []string{"alice", "bob"} {
			c := dialFrom(t, "127.0.0.1", p.chat)
			if got := c.tryLogin(name, password(name)); got != codec.Success {
				t.Errorf("%s with the right password: %s", name, got)
			}
			c.send(&codec.LogoutRequest{Asked: codec.Asked{Ref: 2}})
			c.read() // the name is free
		}
	}
	enough.Store(true)
	attack.Wait()
	talk.Wait()
	if denied := p.metric("hubbub_logins_denied_total"); denied != float64(tried.Load()) {
		t.Errorf("%v logins were denied of %d", denied, tried.Load())
	}
	if n := checked.Load(); n < 5 || n > 40 {
		t.Errorf("%d passwords were checked, want 5 to 40", n)
	}
	t.Logf("%d of %d guesses were checked; meanwhile a message took %v, in the 99th percentile %v", checked.Load(),
		tried.Load(), quantile(latencies, 0.5), quantile(latencies, 0.99))
}

// TestUnknownAndWrongTakeTheSame measures what a login is answered after, when its account is not there and when its
// password is wrong: whoever has no account must not learn from it which names are accounts.
func TestUnknownAndWrongTakeTheSame(t *testing.T) {
	// The throttle lets five through from each address, and fifty to each account.
	const rounds, names, triesEach = 100, 5, 4
	dir := t.TempDir()
	p := serve(t, "--data-dir", dir)
	for i := range names {
		addAccounts(t, dir, fmt.Sprint("known", i))
	}
	var took [2][]time.Duration
	kinds := [2]string{"known", "other"}
	for n := range 2 * rounds {
		kind := (n + n/2) % 2 // first one, then the other goes first
		at := n / triesEach
		c := dialFrom(t, fmt.Sprintf("127.0.1.%d", 1+at), p.chat)
		begun := time.Now()
		got := c.tryLogin(fmt.Sprint(kinds[kind], n/2%names), "wrong password")
		took[kind] = append(took[kind], time.Since(begun))
		if got != codec.AuthFailed {
			t.Fatalf("login %d was answered with %s", n, got)
		}
		c.conn.Close()
	}
	z := rankSum(took[0], took[1])
	a, b := quantile(took[0], 0.5), quantile(took[1], 0.5)
	spread := min(quantile(took[0], 0.75)-quantile(took[0], 0.25), quantile(took[1], 0.75)-quantile(took[1], 0.25))
	t.Logf("%s: median %v, %s: median %v, of %d each; the lesser interquartile range is %v, the rank sum's z %.2f",
		kinds[0], a, kinds[1], b, rounds, spread, z)
	if (a-b).Abs() > spread || math.Abs(z) > 4 { // chance does that once in 16,000 times
		t.Error("an account that is not there is answered after another time than a wrong password")
	}
}

// rankSum returns how far the ranks of two samples of one size are apart, in standard deviations of what chance does
// (Mann and Whitney's test).
func rankSum(a, b []time.Duration) (z float64) {
	type one struct {
		took time.Duration
		ofA  bool
	}
	var all []one
	for i := range a {
		all = append(all, one{a[i], true}, one{b[i], false})
	}
	slices.SortFunc(all, func(x, y one) int { return cmp.Compare(x.took, y.took) })
	sum, n := 0.0, float64(len(a))
	for i, x := range all {
		if x.ofA {
			sum += float64(i + 1)
		}
	}
	return (sum - n*(2*n+1)/2) / math.Sqrt(n*n*(2*n+1)/12)
}
