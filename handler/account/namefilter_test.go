package account

import (
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// lookalikes are characters that names have in common, and that look like each other.
var lookalikes = []rune("aаαbоoOΟcсCСеe0lI1iıḷmrnпㅣ口ロ김ſsßσςΣΑA Ａ-_")

// TestNameFilterMissesNothing holds a filter against what the database would find among the same accounts, of which some
// are found by their displayed names alone: what it says is nobody's is nobody's.
func TestNameFilterMissesNothing(t *testing.T) {
	name := rapid.Custom(func(t *rapid.T) Name {
		for {
			n, err := ParseName(rapid.StringOfN(rapid.SampledFrom(lookalikes), 1, 5, -1).Draw(t, "name"))
			if err == nil {
				return n
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		var filter NameFilter
		accounts := map[string]Name{} // by their keys
		for i := range rapid.IntRange(0, 200).Draw(t, "accounts") {
			n := name.Draw(t, "account")
			if _, taken := accounts[n.Key]; taken {
				n.Key = " " + strconv.Itoa(i) // as migration 5 does
			}
			accounts[n.Key] = n
			filter.Add(n, n.Look())
		}
		for range 100 {
			n := name.Draw(t, "guest")
			_, found := accounts[n.Key]
			alike := false
			for _, a := range accounts {
				found = found || a.Display == n.Display
				alike = alike || a.Key != n.Key && a.Look().Like(n.Look())
			}
			if shapes, script := n.Numbers(); found && !filter.MayFind(n) || alike && !filter.MayBeAlike(shapes, script) {
				t.Fatalf("%q: found %v, alike %v, and the filter says %v, %v",
					n, found, alike, filter.MayFind(n), filter.MayBeAlike(shapes, script))
			}
		}
	})
}

// TestNameFilterIsPrecise: of names that no account has nearly none needs the database, and accounts whose shapes a name of
// the same script shares make no difference.
func TestNameFilterIsPrecise(t *testing.T) {
	const accounts = 200_000
	var filter NameFilter
	for i := range accounts {
		n, _ := ParseName(fmt.Sprint("User", i))
		filter.Add(n, n.Look())
	}
	const guests = 50_000
	wrong := 0
	for i := range guests {
		n, _ := ParseName(fmt.Sprint("guest", i))
		twin, _ := ParseName(fmt.Sprint("userl", i)) // which has the shape of User1, User10, …
		for _, n := range []Name{n, twin} {
			if shapes, script := n.Numbers(); filter.MayFind(n) || filter.MayBeAlike(shapes, script) {
				wrong++
			}
		}
	}
	if wrong > 50 { // 200,000 in 2³² for each: 5 are to be expected
		t.Errorf("for %d of %d guests the filter says that there may be an account", wrong, 2*guests)
	}
	if each := float64(filter.Bytes()) / accounts; each > 16.1 {
		t.Errorf("an account takes %.1f bytes", each)
	}
}

// TestNameFilterWhileItGrows: who asks while others add finds all that was added before.
func TestNameFilterWhileItGrows(t *testing.T) {
	const writers, each = 4, 5000
	var filter NameFilter
	var added [writers]atomic.Int64
	written := func(w int, i int64) Name {
		text := fmt.Sprint("w", w, "n", i)
		return Name{text, text}
	}
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range int64(each) {
				n := written(w, i)
				filter.Add(n, n.Look())
				added[w].Store(i + 1)
			}
		})
		all.Go(func() {
			for i := int64(0); i < each; {
				switch n := written(w, i); {
				case i >= added[w].Load():
					runtime.Gosched()
				case !filter.MayFind(n):
					t.Errorf("%s is missed", n.Key)
					return
				default:
					i++
				}
			}
		})
	}
	all.Wait()
	for w := range writers {
		for i := range int64(each) {
			if !filter.MayFind(written(w, i)) {
				t.Fatal(written(w, i).Key, "is missed in the end")
			}
		}
	}
}

// BenchmarkNameFilter is what a guest's login asks, among a million accounts.
func BenchmarkNameFilter(b *testing.B) {
	const accounts = 1_000_000
	var filter NameFilter
	for i := range accounts {
		n, _ := ParseName(fmt.Sprint("user", i))
		filter.Add(n, n.Look())
	}
	guests := make([]Name, 4096)
	for i := range guests {
		guests[i], _ = ParseName(fmt.Sprint("guest", i))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		n := guests[i%len(guests)]
		shapes, script := n.Numbers()
		if filter.MayFind(n) && filter.MayBeAlike(shapes, script) {
			b.Log(n.Key)
		}
	}
	b.ReportMetric(float64(filter.Bytes())/accounts, "B/account")
}
