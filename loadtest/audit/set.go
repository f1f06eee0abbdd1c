package audit

// set is a set of numbers that mostly lie close to each other. The zero value is empty.
type set struct {
	pages map[uint64]*page
	n     uint64

	// The page that was used last: numbers come in runs.
	lastIndex uint64
	lastPage  *page
}

const (
	pageShift = 9 // 512 numbers, so that a lonely number costs little
	pageWords = 1 << pageShift / 64
)

type page [pageWords]uint64

func (s *set) page(index uint64) *page {
	if s.lastPage == nil || s.lastIndex != index {
		p := s.pages[index]
		if p == nil {
			return nil
		}
		s.lastIndex, s.lastPage = index, p
	}
	return s.lastPage
}

func (s *set) has(v uint64) bool {
	p := s.page(v >> pageShift)
	return p != nil && p[v/64%pageWords]&(1<<(v%64)) != 0
}

// add reports whether v is new.
func (s *set) add(v uint64) bool {
	p := s.page(v >> pageShift)
	if p == nil {
		if s.pages == nil {
			s.pages = make(map[uint64]*page)
		}
		p = new(page)
		s.pages[v>>pageShift] = p
	}
	word, bit := &p[v/64%pageWords], uint64(1)<<(v%64)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	s.n++
	return true
}

// word returns which of the numbers from 64*i to 64*i+63 are in the set, a bit each.
func (s *set) word(i uint64) uint64 {
	if p := s.page(i * 64 >> pageShift); p != nil {
		return p[i%pageWords]
	}
	return 0
}
