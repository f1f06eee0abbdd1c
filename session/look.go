package session

import "sync"

// Look is what a name looks like, in numbers whose meaning is the handler's. Two names look alike when they have a shape in
// common and another Script. Of names that look alike only one is a guest's at a time.
type Look struct {
	Shapes [2]uint64 // the second one is 0 where there is one only
	Script uint64    // 0: the name looks like no other
}

// like reports whether two names look alike.
func (l *Look) like(other *Look) bool {
	if l.Script == other.Script || l.Script == 0 || other.Script == 0 {
		return false
	}
	for _, shape := range l.Shapes {
		if shape != 0 && (shape == other.Shapes[0] || shape == other.Shapes[1]) {
			return true
		}
	}
	return false
}

// looks counts the names that are in use or being registered, by what they look like. Only logins, registrations and ends
// of sessions look at it. The name of a session that has ended counts until its connection is gone.
type looks struct {
	shards [directoryShards]lookShard
}

type lookShard struct {
	mu         sync.Mutex
	holders    map[uint64]lookHolders // by shape
	registered uint64                 // how many names with its shapes have become accounts'
	_          [8]byte                // keeps neighbours' locks out of one cache line
}

// lookHolders are the names that have a shape: nearly always of one script, because guests keep each other out.
type lookHolders struct {
	script uint64
	count  int32            // 0: nobody has the shape
	others map[uint64]int32 // of other scripts; nil: none
}

func (k *looks) shard(shape uint64) *lookShard { return &k.shards[shape&(directoryShards-1)] }

// add counts a name. Without force it reports false, and counts nothing, when another name looks like it. registered is how
// many names that may look like it have become accounts' before. Anyone.
func (k *looks) add(l *Look, force bool) (registered uint64, added bool) {
	if l.Script == 0 {
		return 0, true
	}
	shapes := l.Shapes
	if shapes[1] < shapes[0] { // in one order, so that of two who add the same shapes at once one gets both
		shapes[0], shapes[1] = shapes[1], shapes[0]
	}
	for i, shape := range shapes {
		if shape == 0 {
			continue
		}
		n, added := k.shard(shape).add(shape, l.Script, force)
		if !added {
			if i == 1 && shapes[0] != 0 {
				k.shard(shapes[0]).remove(shapes[0], l.Script)
			}
			return 0, false
		}
		registered += n
	}
	return registered, true
}

func (sh *lookShard) add(shape, script uint64, force bool) (registered uint64, added bool) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	h := sh.holders[shape]
	switch {
	case h.count == 0:
		h.script, h.count = script, 1
	case !force && (h.script != script || len(h.others) > 0):
		return 0, false
	case h.script == script:
		h.count++
	default:
		if h.others == nil {
			h.others = make(map[uint64]int32)
		}
		h.others[script]++
	}
	if sh.holders == nil {
		sh.holders = make(map[uint64]lookHolders)
	}
	sh.holders[shape] = h
	return sh.registered, true
}

// remove undoes add. Anyone.
func (k *looks) remove(l *Look) {
	if l.Script == 0 {
		return
	}
	for _, shape := range l.Shapes {
		if shape != 0 {
			k.shard(shape).remove(shape, l.Script)
		}
	}
}

func (sh *lookShard) remove(shape, script uint64) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	h := sh.holders[shape]
	if h.script == script {
		h.count--
	} else if h.others[script]--; h.others[script] == 0 {
		delete(h.others, script)
	}
	if h.count == 0 { // another script stands in its place, if there is one
		for script, count := range h.others {
			h.script, h.count = script, count
			delete(h.others, script)
			break
		}
	}
	if h.count == 0 {
		delete(sh.holders, shape)
		return
	}
	sh.holders[shape] = h
}

// registered returns how many names that may look like one have become accounts'. Anyone.
func (k *looks) registered(l *Look) (n uint64) {
	k.each(l, func(sh *lookShard, _ uint64) { n += sh.registered })
	return n
}

// register counts a name that has become an account's, and reports whether another one that is in use looks like it.
// Anyone.
func (k *looks) register(l *Look) (alike bool) {
	k.each(l, func(sh *lookShard, shape uint64) {
		sh.registered++
		h := sh.holders[shape]
		alike = alike || h.count > 0 && (h.script != l.Script || len(h.others) > 0)
	})
	return alike
}

// each calls visit with the shard of each of a look's shapes, locked.
func (k *looks) each(l *Look, visit func(sh *lookShard, shape uint64)) {
	if l.Script == 0 {
		return
	}
	for _, shape := range l.Shapes {
		if shape != 0 {
			sh := k.shard(shape)
			sh.mu.Lock()
			visit(sh, shape)
			sh.mu.Unlock()
		}
	}
}
