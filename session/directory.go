package session

import (
	"hash/maphash"
	"sync"
)

// directoryShards is a power of two well above the number of processors, so that logins and whispers rarely meet.
const directoryShards = 64

// directory maps the keys of the names that are logged in to their sessions. Claiming a name is logging in.
type directory struct {
	seed   maphash.Seed
	shards [directoryShards]shard
	looks  looks
}

type shard struct {
	mu         sync.RWMutex
	names      map[string]Ref         // by key
	reserved   map[string]reservation // nil while there is none
	registered uint64                 // how many of its names have become accounts'
	_          [16]byte               // keeps neighbours' locks out of one cache line
}

func newDirectory() *directory {
	d := &directory{seed: maphash.MakeSeed()}
	for i := range d.shards {
		d.shards[i].names = make(map[string]Ref)
	}
	return d
}

func (d *directory) shard(key string) *shard {
	return &d.shards[maphash.String(d.seed, key)&(directoryShards-1)]
}

func (d *directory) lookup(key string) (Ref, bool) {
	sh := d.shard(key)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	ref, ok := sh.names[key]
	return ref, ok && ref.live()
}

// live reports whether a session in the directory has not ended. One that has ended stays in it until its connection
// is gone, which may take it the time of Limits.Linger, and counts for nothing there. The Ref can't be stale: a session
// is released before its slot is.
func (r Ref) live() bool { return r.session.State() != Disconnecting }

// claim gives the name to a session if it can join, which is asked while nobody can find it under the name. The name of
// a session that has ended is free. Somebody else's name is taken only where Login.takes says so; then claim returns whose
// it was. s's strand.
func (d *directory) claim(login *Login, s *Session, join func() bool) (old Ref, taken bool, claim Claim) {
	sh := d.shard(login.Key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	old, taken = sh.names[login.Key]
	taken = taken && old.live()
	guest := login.Account == 0
	if taken && !login.takes(old.session) || guest && sh.reserves(login.Key) {
		return old, taken, NameInUse
	}
	registered, added := d.looks.add(&login.Look, !guest)
	switch {
	case !added:
		return old, taken, LookInUse
	case guest && sh.registered+registered != login.Registered:
		claim = NameInUse
	case !join():
		claim = Gone
	default:
		sh.names[login.Key] = s.Ref()
		return old, taken, Claimed
	}
	d.looks.remove(&login.Look)
	return old, false, claim
}

// takes reports whether a login takes the name from the session that has it. The name's shard is held.
func (l *Login) takes(old *Session) bool {
	switch {
	case old.account != l.Account:
		return l.Account != 0 // the name is the account's, and a guest takes nothing from an account
	case l.Account == 0 && l.Owner != 0:
		return l.Replace && old.owner == l.Owner // under another name than its own an account takes nothing from others
	}
	return l.Replace
}

// each calls visit with every session that has a name and has not ended, while its shard is locked: visit must not wake
// anybody. Anyone.
func (d *directory) each(visit func(Ref)) {
	for i := range d.shards {
		sh := &d.shards[i]
		sh.mu.RLock()
		for _, ref := range sh.names {
			if ref.live() {
				visit(ref)
			}
		}
		sh.mu.RUnlock()
	}
}

// release frees the session's name if it is still its own: after a replacement it is another's. Called on s's strand.
func (d *directory) release(s *Session) {
	d.looks.remove(&s.look)
	sh := d.shard(s.key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if ref, ok := sh.names[s.key]; ok && ref.session == s && ref.generation == s.generation {
		delete(sh.names, s.key)
	}
}
