package account

import "time"

// curve says how long the next attempt must wait after so many failures.
type curve struct {
	free   int           // attempts that fail without a delay
	first  time.Duration // the delay after the last of them; each further failure doubles it
	most   time.Duration // the longest delay
	forget time.Duration // after which one failure is forgotten
	kept   int           // failures that are counted at most; the delay after as many is the longest
}

// The numbers of the throttle. They are far above what people mistype and far below what guessing needs.
//
// An address may fail five times, then waits 1 s, 2 s, 4 s and so on up to five minutes. One failure is forgotten
// every three minutes: an office whose people mistype twenty times an hour never waits for long, and who goes on
// guessing gets 32 attempts in the first hour and 20 in every other.
//
// An account's own throttle begins after fifty failures and forgets one every two minutes. One address can't reach that:
// after its twelfth failure it waits longer than two minutes for each other one. So guessing from one address keeps
// nobody else out; from thousands of them it gets 50 attempts, then about 30 an hour, for all of them together.
//
// The four latest places where an account has logged in are familiar for thirty days. What is tried from there is
// counted there alone, in the address's measure: guessing from elsewhere does not keep the owner out, nor does what
// other people behind the same address do.
var (
	addressCurve  = curve{free: 5, first: time.Second, most: 5 * time.Minute, forget: 3 * time.Minute, kept: 14}
	accountCurve  = curve{free: 50, first: time.Second, most: 5 * time.Minute, forget: 2 * time.Minute, kept: 59}
	familiarCurve = addressCurve
)

// loginCurve lets an account log in sixty times at once, and then once a second: no person does, nor a client that waits a
// moment before it comes back, and it takes a fortieth of one hasher. It counts by account alone, so that all accounts may
// come back at once through one balancer after a restart. Who does not know the password uses none of it up.
var loginCurve = curve{free: 60, first: time.Second, most: time.Second, forget: time.Second, kept: 60}

// registrationCurve lets five through at once, and then one every twelve minutes: no more than ten in any hour.
var registrationCurve = curve{free: 5, first: 12 * time.Minute, most: 12 * time.Minute, forget: 12 * time.Minute, kept: 5}

const (
	familiarFor    = 30 * 24 * time.Hour
	familiarPlaces = 4
)

// delay returns how long the next attempt must wait after this many failures.
func (c *curve) delay(failures int) time.Duration {
	if failures < c.free {
		return 0
	}
	return min(c.first<<(failures-c.free), c.most)
}

// memory returns how long it takes until every failure is forgotten.
func (c *curve) memory() time.Duration { return time.Duration(c.kept) * c.forget }

// failures are those of one source. The zero value has none.
type failures struct {
	forgotten time.Duration // when the last of them will be
	next      time.Duration // when the next attempt is let through
}

func (f failures) wait(now time.Duration) time.Duration { return max(f.next-now, 0) }

// another returns the failures with one more.
func (f failures) another(c *curve, now time.Duration) failures {
	f.forgotten = min(max(f.forgotten, now)+c.forget, now+c.memory())
	count := int((f.forgotten - now + c.forget - 1) / c.forget) // one that is half forgotten still counts
	f.next = now + c.delay(count)
	return f
}
