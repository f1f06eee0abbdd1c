package account

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

// entriesMax bounds each of a throttle's four tables. Full of the longest names they take 50 MB together.
const entriesMax = 100_000

// Throttle slows down who guesses passwords, by address and by account, and who logs in to an account again and again;
// curve.go has the numbers. What it knows is
// forgotten with the process. Its methods may be called from any goroutine. Times are counted from any fixed moment, by
// a clock that is never set back, and are not negative; names are canonical. An account that does not exist is throttled
// like one that does.
type Throttle struct {
	mu        sync.Mutex
	addresses table[netip.Addr, failures]
	accounts  table[string, failures]
	familiar  table[string, places]
	logins    table[string, failures] // that succeeded
}

// NewThrottle returns a Throttle that knows of no failure.
func NewThrottle() *Throttle {
	return &Throttle{
		addresses: table[netip.Addr, failures]{most: entriesMax, lasts: addressCurve.memory()},
		accounts:  table[string, failures]{most: entriesMax, lasts: accountCurve.memory()},
		familiar:  table[string, places]{most: entriesMax, lasts: familiarFor},
		logins:    table[string, failures]{most: entriesMax, lasts: loginCurve.memory()},
	}
}

// Allow returns how long a login must wait until it is let through: 0 for now. It counts nothing, so ask it right before
// the password is hashed: as many attempts as are hashed at a time may slip through together.
func (t *Throttle) Allow(now time.Duration, account string, address netip.Addr) time.Duration {
	address = Network(address)
	t.mu.Lock()
	defer t.mu.Unlock()
	often := t.logins.get(account, now).wait(now)
	if p := t.familiar.get(account, now); p.at(address, now) >= 0 {
		return max(often, p[p.at(address, now)].failures.wait(now))
	}
	return max(often, t.addresses.get(address, now).wait(now), t.accounts.get(account, now).wait(now))
}

// Failed counts a login that Allow let through and whose password, or name, was wrong.
func (t *Throttle) Failed(now time.Duration, account string, address netip.Addr) {
	account, address = strings.Clone(account), Network(address) // the name may be part of a packet
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.familiar.get(account, now)
	if i := p.at(address, now); i >= 0 {
		p[i].failures = p[i].failures.another(&familiarCurve, now)
		t.familiar.put(account, p, now)
		return
	}
	t.addresses.put(address, t.addresses.get(address, now).another(&addressCurve, now), now)
	t.accounts.put(account, t.accounts.get(account, now).another(&accountCurve, now), now)
}

// Succeeded counts a login, and makes an address familiar to an account that has logged in there. It takes no failure
// back: somebody with an account of their own would begin anew with each login to it.
func (t *Throttle) Succeeded(now time.Duration, account string, address netip.Addr) {
	account, address = strings.Clone(account), Network(address)
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.familiar.get(account, now)
	p.visit(address, now)
	t.familiar.put(account, p, now)
	t.logins.put(account, t.logins.get(account, now).another(&loginCurve, now), now)
}

// Familiar reports whether an account has logged in from an address during the last thirty days.
func (t *Throttle) Familiar(now time.Duration, account string, address netip.Addr) bool {
	address = Network(address)
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.familiar.get(account, now)
	return p.at(address, now) >= 0
}

// Registrations bounds how many accounts are made from an address: curve.go has the numbers. It is like a Throttle in
// everything else.
type Registrations struct {
	mu        sync.Mutex
	addresses table[netip.Addr, failures]
}

// NewRegistrations returns a Registrations that knows of none.
func NewRegistrations() *Registrations {
	return &Registrations{addresses: table[netip.Addr, failures]{most: entriesMax, lasts: registrationCurve.memory()}}
}

// Take counts a registration and returns 0, or returns how long it must wait and counts nothing. Call it when nothing
// else speaks against the registration, right before the password is hashed.
func (r *Registrations) Take(now time.Duration, address netip.Addr) time.Duration {
	address = Network(address)
	r.mu.Lock()
	defer r.mu.Unlock()
	made := r.addresses.get(address, now)
	if wait := made.wait(now); wait > 0 {
		return wait
	}
	r.addresses.put(address, made.another(&registrationCurve, now), now)
	return 0
}

// Network returns what stands for an address: itself or, of IPv6, its /64, which is what one customer has at least.
// All that is no address is one. Any goroutine.
func Network(address netip.Addr) netip.Addr {
	if address = address.Unmap(); !address.Is6() {
		return address
	}
	prefix, _ := address.Prefix(64) // of an IPv6 address there is one
	return prefix.Addr()
}

// place is where an account has logged in.
type place struct {
	address  netip.Addr
	until    time.Duration // when it stops being familiar
	failures failures
}

// places are an account's, in no order.
type places [familiarPlaces]place

// at returns the index of a familiar place, or -1.
func (p *places) at(address netip.Addr, now time.Duration) int {
	for i := range p {
		if p[i].address == address && p[i].until > now {
			return i
		}
	}
	return -1
}

// visit makes a place familiar from now on, instead of the one that was visited least lately.
func (p *places) visit(address netip.Addr, now time.Duration) {
	i := p.at(address, now)
	if i < 0 {
		i = 0
		for j := range p {
			if p[j].until < p[i].until {
				i = j
			}
		}
		p[i] = place{address: address}
	}
	p[i].until = now + familiarFor
}
