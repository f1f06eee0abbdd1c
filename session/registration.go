package session

// reservation is a name that is becoming an account's. While there is one no guest gets the name.
type reservation struct {
	count      int  // registrations of the name that are in progress
	registered bool // it has become an account's meanwhile, by another way
}

// free reports whether a guest may have the name: nobody is making it an account's, and none of the shard's names has
// become one since the guest's was looked up. The shard is held.
func (sh *shard) free(l *Login) bool {
	_, reserved := sh.reserved[l.Name]
	return !reserved && sh.registered == l.Registered
}

// Registered returns a number that has changed when a name has become an account's since it was read; it may change for
// other names too. Whoever finds out that a name is no account's reads it first, for Login.Registered. Anyone.
func (h *Hub) Registered(name string) uint64 {
	sh := h.directory.shard(name)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return sh.registered
}

// Reserve keeps guests from getting a name until SettleReservation, because the session is registering it. It reports
// false, and reserves nothing, when somebody else is logged in under the name. A session reserves one name at a time.
// Strand.
func (h *Hub) Reserve(s *Session, name string) bool {
	sh := h.directory.shard(name)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if holder, ok := sh.names[name]; ok && holder.live() && holder != s.Ref() {
		return false
	}
	if sh.reserved == nil {
		sh.reserved = make(map[string]reservation)
	}
	r := sh.reserved[name]
	r.count++
	sh.reserved[name] = r
	return true
}

// SettleReservation ends what Reserve began. account is the account that the name has become, whose session s is from
// now on if it is logged in under the name; 0 when the registration failed. The strand, or whoever is to resume it while
// it is parked.
func (h *Hub) SettleReservation(s *Session, name string, account int64) {
	sh := h.directory.shard(name)
	sh.mu.Lock()
	r := sh.reserved[name]
	if r.count--; r.count > 0 {
		sh.reserved[name] = r
	} else {
		delete(sh.reserved, name)
	}
	if account != 0 {
		sh.registered++
		if s.name == name {
			s.account, s.owner = account, account
		}
	}
	var ended *Session
	if account != 0 || r.registered {
		ended = sh.endGuest(name)
	}
	sh.mu.Unlock()
	if ended != nil {
		ended.lane.arm()
	}
}

// MarkRegistered makes known that a name has become an account's by another way than a reservation. A guest who has it is ended
// with Registered and is nobody under it from now on. It reports whether there was one. Anyone.
func (h *Hub) MarkRegistered(name string) bool {
	sh := h.directory.shard(name)
	sh.mu.Lock()
	sh.registered++
	if r, ok := sh.reserved[name]; ok { // who is registering the name may have made it the account's
		r.registered = true
		sh.reserved[name] = r
		sh.mu.Unlock()
		return false
	}
	ended := sh.endGuest(name)
	sh.mu.Unlock()
	if ended == nil {
		return false
	}
	ended.lane.arm()
	return true
}

// endGuest ends the guest who has a name, and returns the session, whose lane is to be armed; nil for nobody. The shard is
// held, so the session is still there.
func (sh *shard) endGuest(name string) *Session {
	holder, ok := sh.names[name]
	if !ok || holder.session.account != 0 || !holder.session.end(NameRegistered, "") {
		return nil
	}
	holder.session.lane.add(holder, opEnd, nil)
	return holder.session
}
