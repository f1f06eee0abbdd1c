package session

import (
	"hash/maphash"
	"sync"
)

// directoryShards is a power of two well above the number of processors, so that logins and whispers rarely meet.
const directoryShards = 64

// directory maps the names that are logged in to their sessions. Claiming a name is logging in.
type directory struct {
	seed   maphash.Seed
	shards [directoryShards]shard
}

type shard struct {
	mu         sync.RWMutex
	names      map[string]Ref
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

func (d *directory) shard(name string) *shard {
	return &d.shards[maphash.String(d.seed, name)&(directoryShards-1)]
}

func (d *directory) lookup(name string) (Ref, bool) {
	sh := d.shard(name)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	ref, ok := sh.names[name]
	return ref, ok && ref.live()
}

// live reports whether a session in the directory has not ended. One that has ended stays in it until its connection
// is gone, which may take it the time of Limits.Linger, and counts for nothing there. The Ref can't be stale: a session
// is released before its slot is.
func (r Ref) live() bool { return r.session.State() != Disconnecting }

// claim gives the name to a session if it can join, which is asked while nobody can find it under the name. The name of
// a session that has ended is free. Somebody else's name is taken only where Login.takes says so; then claim returns whose
// it was. The last results are whether the session has the name now, and whether it could join or was not asked. s's
// strand.
func (d *directory) claim(login Login, s *Session, join func() bool) (old Ref, taken, claimed, alive bool) {
	sh := d.shard(login.Name)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	old, taken = sh.names[login.Name]
	taken = taken && old.live()
	if taken && !login.takes(old.session) || login.Account == 0 && !sh.free(&login) {
		return old, taken, false, true
	}
	if !join() {
		return old, false, false, false
	}
	sh.names[login.Name] = s.Ref()
	return old, taken, true, true
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

// release frees the name if it is still this session's: after a replacement it is another's. Called on s's strand.
func (d *directory) release(name string, s *Session) {
	sh := d.shard(name)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if ref, ok := sh.names[name]; ok && ref.session == s && ref.generation == s.generation {
		delete(sh.names, name)
	}
}
