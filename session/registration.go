package session

// reservation is a name that is becoming an account's. While there is one no guest gets the name.
type reservation struct {
	count      int  // registrations of the name that are in progress
	registered bool // it has become an account's meanwhile, by another way
}

// reserves reports whether somebody is making a name an account's. The shard is held.
func (sh *shard) reserves(key string) bool {
	_, reserved := sh.reserved[key]
	return reserved
}

// Registered returns a number that has changed when a name, or one that looks like it, has become an account's since it was
// read; it may change for other names too. Whoever finds out that there is no such account reads it first, for
// Login.Registered. Anyone.
func (h *Hub) Registered(key string, look Look) uint64 {
	alike := h.directory.looks.registered(&look)
	sh := h.directory.shard(key)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return sh.registered + alike
}

// Reserve keeps guests from getting a name, and names that look like it, until SettleReservation, because the session is
// registering it. It reports false, and reserves nothing, when somebody else is logged in under the name, or somebody is
// or registers one that looks like it. A session reserves one name at a time. Strand.
func (h *Hub) Reserve(s *Session, key string, look Look) bool {
	sh := h.directory.shard(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if holder, ok := sh.names[key]; ok && holder.live() && holder != s.Ref() {
		return false
	}
	if _, added := h.directory.looks.add(&look, false); !added {
		return false
	}
	if sh.reserved == nil {
		sh.reserved = make(map[string]reservation)
	}
	r := sh.reserved[key]
	r.count++
	sh.reserved[key] = r
	return true
}

// SettleReservation ends what Reserve began. account is the account that the name has become, whose session s is from
// now on if it is logged in under the name; 0 when the registration failed. The strand, or whoever is to resume it while
// it is parked.
func (h *Hub) SettleReservation(s *Session, key string, look Look, account int64) {
	sh := h.directory.shard(key)
	sh.mu.Lock()
	r := sh.reserved[key]
	if r.count--; r.count > 0 {
		sh.reserved[key] = r
	} else {
		delete(sh.reserved, key)
	}
	if account != 0 {
		h.directory.looks.register(&look) // before a guest can claim it who does not know
		sh.registered++
	}
	h.directory.looks.remove(&look)
	if account != 0 {
		if s.key == key {
			s.account, s.owner = account, account
		}
	}
	var ended *Session
	if account != 0 || r.registered {
		ended = sh.endGuest(key)
	}
	sh.mu.Unlock()
	if ended != nil {
		ended.lane.arm()
	}
}

// MarkRegistered makes known that a name has become an account's by another way than a reservation. A guest who has it, or
// one that looks like it, is ended with NameRegistered and is nobody under it from now on. It reports whether there was one.
// Anyone; where a name looks like it, it walks all names.
func (h *Hub) MarkRegistered(key string, look Look) bool {
	sh := h.directory.shard(key)
	sh.mu.Lock()
	alike := h.directory.looks.register(&look)
	sh.registered++
	if r, ok := sh.reserved[key]; ok { // who is registering the name may have made it the account's
		r.registered = true
		sh.reserved[key] = r
		sh.mu.Unlock()
		return false
	}
	ended := sh.endGuest(key)
	sh.mu.Unlock()
	if ended != nil {
		ended.lane.arm()
	}
	return alike && h.endAlike(&look) || ended != nil
}

// endAlike ends the guests whose names look like an account's, and reports whether there were any.
func (h *Hub) endAlike(look *Look) bool {
	var found []Ref
	h.directory.each(func(r Ref) {
		if r.session.account == 0 && r.session.look.like(look) {
			found = append(found, r)
		}
	})
	for _, r := range found { // with no lock held, because End wakes lanes
		r.End(NameRegistered, "")
	}
	return len(found) > 0
}

// endGuest ends the guest who has a name, and returns the session, whose lane is to be armed; nil for nobody. The shard is
// held, so the session is still there.
func (sh *shard) endGuest(key string) *Session {
	holder, ok := sh.names[key]
	if !ok || holder.session.account != 0 || !holder.session.end(NameRegistered, "") {
		return nil
	}
	holder.session.lane.add(holder, opEnd, nil)
	return holder.session
}
