package handler

import (
	"net/netip"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/session"
)

// floodFactor is how many bursts of requests may be refused, at the message rate, before the session is ended.
const floodFactor = 5

// rates are the buckets that sessions share, so that coming again does not fill them.
type rates struct {
	addresses session.SharedRates[netip.Addr]
	accounts  session.SharedRates[int64]
}

// allowed takes a token of the session's rate, of its account's and of its address's. A session that is refused again and
// again is ended.
func (t *turn) allowed() bool {
	if t.limits.MessageRate == 0 && t.limits.AddressRate == 0 {
		return true
	}
	return t.take()
}

func (t *turn) take() bool {
	c, l, now := t.chat, t.limits, int64(t.elapsed)
	interval, burst := intervalOf(l.MessageRate), l.MessageBurst
	shared := c.acquireRates(t)
	switch {
	case !t.session.Rate().Take(now, interval, burst):
	case shared.Account != nil && !shared.Account.Take(now, interval, burst):
	case shared.Address == nil || shared.Address.Take(now, intervalOf(l.AddressRate), l.AddressBurst):
		return true
	}
	if l.MessageRate == 0 {
		interval, burst = intervalOf(l.AddressRate), l.AddressBurst
	}
	if !t.session.Flood().Take(now, interval, burst*floodFactor) {
		t.session.End(session.Flooding, "you went on sending far above the rate limit")
	}
	return false
}

// untilToken returns how long it takes until the session's rate, its account's and its address's have a token each; 0: they
// have one.
func (t *turn) untilToken(shared *session.Shared) time.Duration {
	l, now := t.limits, int64(t.elapsed)
	own, address := intervalOf(l.MessageRate), intervalOf(l.AddressRate)
	wait := t.session.Rate().Wait(now, own, l.MessageBurst)
	if shared.Account != nil {
		wait = max(wait, shared.Account.Wait(now, own, l.MessageBurst))
	}
	if shared.Address != nil {
		wait = max(wait, shared.Address.Wait(now, address, l.AddressBurst))
	}
	return wait
}

// tell puts what clients need to know of the limits into the answer to a login: the lesser of the session's rate and the
// address's, which holds whoever else comes from there.
func (l *Limits) tell(m *codec.LoginResponse) {
	m.MaxMessage, m.MaxPacket = uint16(l.MessageBytesMax), uint16(l.PacketBytesMax)
	rate, burst := l.MessageRate, l.MessageBurst
	switch {
	case rate == 0 && l.AddressRate == 0:
		return
	case rate == 0:
		rate, burst = l.AddressRate, l.AddressBurst
	case l.AddressRate != 0:
		rate, burst = min(rate, l.AddressRate), min(burst, l.AddressBurst)
	}
	m.Rate, m.Burst = uint32(rate), uint32(burst)
}

// intervalOf returns the nanoseconds between two requests of a rate; 0 for no limit.
func intervalOf(rate int) int64 {
	if rate == 0 {
		return 0
	}
	return int64(time.Second) / int64(rate)
}

// acquireRates returns the buckets that the session shares by now. Those of an address are left away while there is no limit
// for it.
func (c *Chat) acquireRates(t *turn) *session.Shared {
	s := t.session
	shared := s.Shared()
	if shared.Address == nil && t.limits.AddressRate != 0 {
		shared.Address = c.rates.addresses.Acquire(account.Network(s.Address().Addr()), int64(t.elapsed))
	}
	if owner := s.Owner(); owner != shared.Owner {
		if shared.Account != nil {
			c.rates.accounts.Release(shared.Owner, int64(t.elapsed))
		}
		shared.Account, shared.Owner = c.rates.accounts.Acquire(owner, int64(t.elapsed)), owner
	}
	return shared
}

// releaseRates gives a session's buckets back, at its end.
func (c *Chat) releaseRates(s *session.Session) {
	shared, now := s.Shared(), int64(c.elapsed())
	if shared.Address != nil {
		c.rates.addresses.Release(account.Network(s.Address().Addr()), now)
	}
	if shared.Account != nil {
		c.rates.accounts.Release(shared.Owner, now)
	}
	*shared = session.Shared{}
}
