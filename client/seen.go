package client

import "hubbub/codec"

// seenMax is how many messages are remembered. After a loss the server sends again what came after the newest message
// that the client tells it, so what overlaps is what was under way at that moment, which is far less.
const seenMax = 8192

// seen remembers the ids of the last messages, so that one that is sent again reaches the program once. It does not
// rely on ids that grow: messages that several nodes number may come in another order. It belongs to the reader.
type seen struct {
	known map[codec.ID]struct{}
	ring  []codec.ID // in the order of their arrival, once it is full from next on
	next  int        // where the oldest is then
}

// add remembers an id, and reports whether it was not known.
func (s *seen) add(id codec.ID) bool {
	if _, known := s.known[id]; known {
		return false
	}
	if len(s.ring) < seenMax {
		s.ring = append(s.ring, id)
	} else {
		delete(s.known, s.ring[s.next])
		s.ring[s.next] = id
		s.next = (s.next + 1) % seenMax
	}
	if s.known == nil {
		s.known = map[codec.ID]struct{}{}
	}
	s.known[id] = struct{}{}
	return true
}
