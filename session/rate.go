package session

// Rate is a token bucket in the form of the generic cell rate algorithm (ITU-T I.371): it keeps only the time at which
// the bucket will be full again. The zero value is a full bucket. It belongs to its session's strand.
type Rate struct{ full int64 }

// Take takes a token at the time now (nanoseconds) from a bucket of burst tokens that refills one token every interval
// nanoseconds, and reports whether there was one. An interval of 0 is no limit.
func (r *Rate) Take(now, interval int64, burst int) bool {
	if interval == 0 {
		return true
	}
	full := max(r.full, now) + interval
	if full-now > interval*int64(burst) {
		return false
	}
	r.full = full
	return true
}

// Rate returns the session's bucket for requests. Strand.
func (s *Session) Rate() *Rate { return &s.rate }

// Flood returns the session's bucket for requests that were refused: when it is empty too, the client is flooding.
// Strand.
func (s *Session) Flood() *Rate { return &s.flood }
