package session

// Recode changes the form of frames that the session reads, from the next one on: in everything that is posted to its lane
// after this call returns, and in every broadcast that is sequenced after it. What was posted before stays as it is.
// Strand.
func (s *Session) Recode(e Encoding) {
	if e == s.Encoding() {
		return
	}
	s.recode(e)
	s.lane.arm()
}

// recode holds the sequencer, so that no broadcast is in one encoding by the population and in another by the lane.
func (s *Session) recode(e Encoding) {
	h, l := s.lane.hub, s.lane
	h.seq.Lock()
	defer h.seq.Unlock()
	if s.joined {
		h.population[s.Encoding()]--
		h.population[e]++
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := &l.inbox
	old := s.Encoding()
	b.ops = append(b.ops, op{
		ref: s.Ref(), kind: opRecode, encoding: e, next: -1,
		start: int32(len(b.shared[e])), end: int32(b.frames[e]),
		at: int32(len(b.shared[old])), frames: int32(b.frames[old]),
	})
	s.encoding.Store(uint32(e) | uint32(s.counted())<<8)
}

// settleRecode is what a drain does for opRecode: a member goes on in the list of the new encoding, which settle admits it to.
func (l *Lane) settleRecode(s *Session, t *tally, o *op) {
	t.upTo(o.at, o.frames)
	l.expel(s)
	s.form = o.encoding
	t.shared, t.cursor, t.passed = l.out.shared[s.form], o.start, o.end
}
