package account

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// NameFilter says of most names, without the database, that no account has them and none looks like them. It has hashes of
// the accounts' names and of what they look like: no name that was added is ever missed, and for one that was not added
// it says in rare cases that there may be an account. Names are never removed. The zero value is empty. Any goroutine may
// call any method; those who ask take no lock.
//
// It takes 11 to 16 bytes for an account with a name of ASCII, and up to twice as much for others.
type NameFilter struct {
	names  hashSet // of the keys, and of displayed names that are found by themselves alone
	latin  hashSet // of the shapes of names that are Latin
	others hashSet // of the shapes of names that are not
}

// Add adds the name of an account, as the database has it.
func (f *NameFilter) Add(name Name, look Look) {
	f.names.add(maphash.String(lookSeed, name.Key))
	if KeyOf(name.Display) != name.Key {
		f.names.add(maphash.String(lookSeed, name.Display))
	}
	shapes, script := look.numbers()
	set := &f.others
	if script == latinNumber {
		set = &f.latin
	}
	for _, shape := range shapes {
		if shape != 0 {
			set.add(shape)
		}
	}
}

// MayFind reports whether Store.Find may find an account. When it reports false there is none.
func (f *NameFilter) MayFind(name Name) bool {
	return f.names.has(maphash.String(lookSeed, name.Key)) ||
		name.Display != name.Key && f.names.has(maphash.String(lookSeed, name.Display))
}

// MayBeAlike reports whether Store.Alike may find an account, for the Numbers of a name. When it reports false there is none.
func (f *NameFilter) MayBeAlike(shapes [2]uint64, script uint64) bool {
	if script == 0 {
		return false
	}
	for _, shape := range shapes {
		// Of one script nothing looks alike, so a Latin name is compared with others only.
		if shape != 0 && (f.others.has(shape) || script != latinNumber && f.latin.has(shape)) {
			return true
		}
	}
	return false
}

// Bytes returns how much memory the filter takes.
func (f *NameFilter) Bytes() int { return f.names.bytes() + f.latin.bytes() + f.others.bytes() }

// hashSet is a set of hashes, of which it keeps 32 bits: among n hashes another one is found with a probability of n ÷ 2³².
// Any goroutine may call any method.
type hashSet struct {
	table atomic.Pointer[[]atomic.Uint32] // open addressing with linear probing; 0: a free slot

	mu    sync.Mutex // held to add
	count int
}

const (
	hashSetSlots = 64 // at the start
	// A table grows by half when it is three quarters full, so that it is half full at least.
	hashSetFull, hashSetGrowth = 0.75, 1.5
)

// has reports whether a hash was added. What has been added before it is called is found.
func (s *hashSet) has(hash uint64) bool {
	table := s.table.Load()
	if table == nil {
		return false
	}
	_, found := findHash(*table, mark(hash))
	return found
}

// add adds a hash.
func (s *hashSet) add(hash uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var table []atomic.Uint32
	if now := s.table.Load(); now != nil {
		table = *now
	}
	m := mark(hash)
	if len(table) > 0 {
		if _, found := findHash(table, m); found {
			return
		}
	}
	if float64(s.count) >= hashSetFull*float64(len(table)) {
		grown := make([]atomic.Uint32, max(hashSetSlots, int(hashSetGrowth*float64(len(table)))))
		for i := range table {
			if old := table[i].Load(); old != 0 {
				at, _ := findHash(grown, old)
				grown[at].Store(old)
			}
		}
		s.table.Store(&grown)
		table = grown
	}
	at, _ := findHash(table, m)
	table[at].Store(m)
	s.count++
}

func (s *hashSet) bytes() int {
	if table := s.table.Load(); table != nil {
		return 4 * len(*table)
	}
	return 0
}

// mark returns what a hashSet keeps of a hash: no 0.
func mark(hash uint64) uint32 { return max(1, uint32(hash>>32)) }

// findHash returns the slot of a mark, or the free one where it belongs. There is a free one.
func findHash(table []atomic.Uint32, m uint32) (at int, found bool) {
	// The slots are in the order of the marks, so that a table is copied from its beginning to its end.
	for at = int(uint64(m) * uint64(len(table)) >> 32); ; at++ {
		if at == len(table) {
			at = 0
		}
		switch table[at].Load() {
		case m:
			return at, true
		case 0:
			return at, false
		}
	}
}
