package account

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

var (
	home   = netip.MustParseAddr("192.0.2.1")
	office = netip.MustParseAddr("198.51.100.1")
	attack = netip.MustParseAddr("203.0.113.1")
)

// robot returns one of very many addresses.
func robot(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
}

// guess tries a wrong password, and reports whether it was let through.
func guess(throttle *Throttle, now time.Duration, account string, address netip.Addr) bool {
	if throttle.Allow(now, account, address) > 0 {
		return false
	}
	throttle.Failed(now, account, address)
	return true
}

func TestDelays(t *testing.T) {
	const s = time.Second
	want := []time.Duration{0, 0, 0, 0, 0, s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 64 * s, 128 * s, 256 * s, 300 * s, 300 * s}
	throttle, now := NewThrottle(), time.Duration(0)
	for failures, delay := range want {
		if wait := throttle.Allow(now, "alice", attack); wait != delay {
			t.Errorf("after %d failures: %v, want %v", failures, wait, delay)
		}
		throttle.Failed(now, "alice", attack) // without waiting, as those do who were let through together
	}
	if wait := throttle.Allow(now+299*s, "alice", attack); wait != s {
		t.Errorf("a second before the end of the delay: %v", wait)
	}
	// One failure is forgotten every three minutes: of fourteen, four are left after half an hour.
	if !guess(throttle, 30*time.Minute, "alice", attack) || throttle.Allow(30*time.Minute, "alice", attack) != s {
		t.Errorf("half an hour later: %v", throttle.Allow(30*time.Minute, "alice", attack))
	}
	if throttle.Allow(addressCurve.memory()+33*time.Minute, "alice", attack) != 0 {
		t.Error("it is never forgotten")
	}
}

// Five thousand wrong passwords from one address slow that address down and nobody else.
func TestGuessingFromOneAddress(t *testing.T) {
	throttle, through := NewThrottle(), 0
	for i := range 5000 { // over an hour
		now := time.Duration(i) * 720 * time.Millisecond
		if guess(throttle, now, "alice", attack) {
			through++
		}
		for _, login := range []struct {
			account string
			address netip.Addr
		}{{"alice", home}, {"bob", home}, {"alice", netip.MustParseAddr("2001:db8::1")}} {
			if wait := throttle.Allow(now, login.account, login.address); wait != 0 {
				t.Fatalf("after %d attempts, of which %d were let through, %s at %v waits %v",
					i, through, login.account, login.address, wait)
			}
		}
	}
	if through != 32 {
		t.Errorf("%d attempts were let through in an hour", through)
	}
	if throttle.Allow(time.Hour, "bob", attack) == 0 {
		t.Error("the address itself is not slowed down at another account")
	}
	// Who asks at the very first moment gets no further, by far.
	throttle, through = NewThrottle(), 0
	for now := time.Duration(0); now < time.Hour; now += throttle.Allow(now, "alice", attack) {
		throttle.Failed(now, "alice", attack)
		through++
	}
	if through != 32 {
		t.Errorf("%d attempts were let through in an hour, to somebody who waits exactly as long as needed", through)
	}
}

// Thousands of addresses don't get further with one account than one would, and don't keep its owner out.
func TestGuessingOneAccountFromManyAddresses(t *testing.T) {
	throttle, through, last := NewThrottle(), 0, 0
	throttle.Succeeded(0, "alice", home)
	for i := range 3600 * 2 { // over two hours, each address once
		now := time.Duration(i) * time.Second
		if guess(throttle, now, "alice", robot(i)) {
			if through++; i >= 3600 {
				last++
			}
		}
		if wait := throttle.Allow(now, "alice", home); wait != 0 {
			t.Fatalf("after %d attempts, of which %d were let through, the owner waits %v", i, through, wait)
		}
		if wait := throttle.Allow(now, "bob", office); wait != 0 {
			t.Fatalf("somebody else waits %v", wait)
		}
	}
	if through != 116 || last != 30 {
		t.Errorf("%d attempts were let through in two hours, %d in the second one", through, last)
	}
	if throttle.Allow(2*time.Hour-time.Second, "alice", office) == 0 {
		t.Error("the account is not slowed down at an address that it never logged in from")
	}
}

// Logging in to an account of one's own gives no further guesses at another.
func TestASuccessTakesNoFailureBack(t *testing.T) {
	throttle := NewThrottle()
	for range 5 {
		throttle.Succeeded(0, "mallory", attack)
		if !guess(throttle, 0, "alice", attack) {
			t.Fatal("the first five are free")
		}
	}
	throttle.Succeeded(0, "mallory", attack)
	if throttle.Allow(0, "alice", attack) == 0 {
		t.Error("a login made the address's failures forgotten")
	}
	if throttle.Allow(0, "mallory", attack) != 0 {
		t.Error("who is familiar at the address waits because of what others do there")
	}
}

// What is tried at a familiar place is counted, but only there.
func TestFamiliarPlaces(t *testing.T) {
	throttle := NewThrottle()
	throttle.Succeeded(0, "alice", office)
	through := 0
	for i := range 5000 {
		if guess(throttle, time.Duration(i)*720*time.Millisecond, "alice", office) {
			through++
		}
	}
	if through != 32 {
		t.Errorf("%d attempts were let through in an hour", through)
	}
	if wait := throttle.Allow(time.Hour, "bob", office); wait != 0 {
		t.Error("another account at the same place waits", wait)
	}
	if wait := throttle.Allow(time.Hour, "alice", home); wait != 0 {
		t.Error("the account waits elsewhere", wait)
	}
}

// Only the latest four places are familiar, and none for longer than thirty days.
func TestFamiliarPlacesAreForgotten(t *testing.T) {
	throttle := NewThrottle()
	for now, address := range []netip.Addr{robot(0), robot(1), robot(2), robot(3), robot(0), robot(4)} {
		throttle.Succeeded(time.Duration(now), "alice", address)
	}
	for i := range 100 {
		throttle.Failed(time.Hour, "alice", robot(1000+i)) // so that only familiar places don't wait
	}
	familiar := func(now time.Duration) (is []int) {
		for i := range 5 {
			if throttle.Allow(now, "alice", robot(i)) == 0 {
				is = append(is, i)
			}
		}
		return is
	}
	if is := familiar(time.Hour); !slices.Equal(is, []int{0, 2, 3, 4}) {
		t.Error("familiar are", is)
	}
	late := familiarFor + 4 // in nanoseconds: those of the first four moments are over
	for i := range 100 {
		throttle.Failed(late, "alice", robot(1000+i))
	}
	if is := familiar(late); !slices.Equal(is, []int{4}) {
		t.Error("after thirty days familiar are", is)
	}
}

// A place that becomes familiar instead of another one does not inherit what was tried there.
func TestNewPlacesBeginAnew(t *testing.T) {
	throttle := NewThrottle()
	throttle.Succeeded(0, "alice", home)
	for range 10 {
		throttle.Failed(0, "alice", home)
	}
	for i := range familiarPlaces {
		throttle.Succeeded(time.Duration(1+i), "alice", robot(i))
		if wait := throttle.Allow(time.Duration(1+i), "alice", robot(i)); wait != 0 {
			t.Errorf("place %d waits %v", i, wait)
		}
	}
}

// Names lie in packets whose memory is used again.
func TestNamesAreCopied(t *testing.T) {
	throttle, packet := NewThrottle(), []byte("alice")
	name := unsafe.String(&packet[0], len(packet))
	for i := range 60 {
		throttle.Failed(0, name, robot(i))
	}
	throttle.Succeeded(0, name, home)
	copy(packet, "carol")
	if throttle.Allow(0, "alice", office) == 0 || throttle.Allow(0, "alice", home) != 0 || throttle.Allow(0, "carol", office) != 0 {
		t.Error("the throttle has taken one name for another")
	}
	for name := range throttle.accounts.young {
		if name != "alice" {
			t.Error("it knows a", name)
		}
	}
	for name := range throttle.familiar.young {
		if name != "alice" {
			t.Error("it knows a", name)
		}
	}
}

func TestNetworks(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
		{"2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true},
		{"2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"", "", true},
		{"", "0.0.0.0", false},
	} {
		a, _ := netip.ParseAddr(test.a)
		b, _ := netip.ParseAddr(test.b)
		throttle, registrations := NewThrottle(), NewRegistrations()
		for range 6 {
			throttle.Failed(0, "alice", a)
			registrations.Take(0, a)
		}
		if slow := throttle.Allow(0, "alice", b) > 0; slow != test.same {
			t.Errorf("failures of %q slow %q down: %t", test.a, test.b, slow)
		}
		if slow := registrations.Take(0, b) > 0; slow != test.same {
			t.Errorf("registrations of %q slow %q down: %t", test.a, test.b, slow)
		}
	}
}

// Whatever one address does, in whatever order: it never waits longer than the longest delay, who waits as long as told
// is let through, being refused counts nothing, and nobody elsewhere waits at all.
func TestOneAddressHurtsNobodyElse(t *testing.T) {
	accounts := rapid.SampledFrom([]string{"alice", "bob", "carol"})
	rapid.Check(t, func(t *rapid.T) {
		throttle, now := NewThrottle(), time.Duration(0)
		for range rapid.IntRange(1, 200).Draw(t, "attempts") {
			now += time.Duration(rapid.Int64Range(0, int64(5*time.Minute)).Draw(t, "pause"))
			account := accounts.Draw(t, "account")
			switch wait := throttle.Allow(now, account, attack); {
			case wait > addressCurve.most:
				t.Fatalf("it waits %v", wait)
			case wait == 0:
				throttle.Failed(now, account, attack)
			case throttle.Allow(now+wait, account, attack) != 0 || throttle.Allow(now+wait-1, account, attack) != 1:
				t.Fatalf("after %v it is not let through, or before", wait)
			case rapid.Bool().Draw(t, "patient"):
				now += wait
			}
			for _, account := range []string{"alice", "bob", "carol"} {
				if wait := throttle.Allow(now, account, home); wait != 0 {
					t.Fatalf("%s waits %v elsewhere", account, wait)
				}
			}
		}
	})
}

// In no hour are there more than ten registrations from an address, and in no case does a refused one count.
func TestRegistrations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		registrations, now := NewRegistrations(), time.Duration(0)
		var made []time.Duration
		for range rapid.IntRange(1, 100).Draw(t, "attempts") {
			now += time.Duration(rapid.Int64Range(0, int64(20*time.Minute)).Draw(t, "pause"))
			wait := registrations.Take(now, home)
			for range 3 {
				if wait > 0 && registrations.Take(now, home) != wait {
					t.Fatal("a refused registration counts")
				}
			}
			if wait > 12*time.Minute {
				t.Fatalf("it waits %v", wait)
			}
			now += wait
			if wait > 0 && registrations.Take(now, home) != 0 {
				t.Fatalf("it is refused after %v too", wait)
			}
			if made = append(made, now); len(made) > 10 && now-made[len(made)-11] < time.Hour {
				t.Fatal("eleven registrations within", now-made[len(made)-11])
			}
			if registrations.Take(0, office) != 0 && len(made) <= 5 {
				t.Fatal("another address is refused")
			}
		}
	})
	registrations := NewRegistrations()
	for i := range 6 {
		if wait := registrations.Take(0, home); (wait == 0) != (i < 5) {
			t.Errorf("registration %d at once waits %v", i+1, wait)
		}
	}
}

// A flood of names and addresses takes no more memory than the tables have, and does not make those forgotten that go
// on guessing.
func TestTablesAreBounded(t *testing.T) {
	throttle := NewThrottle()
	for range 60 {
		throttle.Failed(0, "alice", attack)
	}
	for i := range 3 * entriesMax {
		throttle.Failed(0, fmt.Sprint("robot", i), robot(i))
		throttle.Succeeded(0, fmt.Sprint("robot", i), robot(i))
		if throttle.Allow(0, "alice", office) == 0 || throttle.Allow(0, "bob", attack) == 0 {
			t.Fatalf("%d others, and the guesses at alice are forgotten", i)
		}
	}
	for name, n := range map[string]int{
		"addresses": len(throttle.addresses.young) + len(throttle.addresses.old),
		"accounts":  len(throttle.accounts.young) + len(throttle.accounts.old),
		"familiar":  len(throttle.familiar.young) + len(throttle.familiar.old),
	} {
		if n > entriesMax {
			t.Errorf("there are %d %s", n, name)
		}
	}
}

func TestThrottleIsSafeForConcurrentUse(t *testing.T) {
	throttle, registrations := NewThrottle(), NewRegistrations()
	var all sync.WaitGroup
	var through [8]int
	for g := range through {
		all.Go(func() {
			for i := range 1000 {
				guess(throttle, time.Duration(i), "alice", robot(g))
				throttle.Succeeded(time.Duration(i), "bob", robot(g))
				if registrations.Take(0, home) == 0 {
					through[g]++
				}
			}
		})
	}
	all.Wait()
	sum := 0
	for _, n := range through {
		sum += n
	}
	if sum != 5 {
		t.Errorf("%d registrations were let through", sum)
	}
}

func BenchmarkThrottle(b *testing.B) {
	throttle := NewThrottle()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		guess(throttle, time.Duration(i)*time.Millisecond, "alice", robot(i%1000))
	}
}
