package report

// Add adds the counts of o. Latency and Raw stay as they are: summaries can't be added, only the histograms that they
// were made of can.
func (t *Totals) Add(o *Totals) {
	addCounts(&t.Intended, o.Intended)
	addCounts(&t.Sent, o.Sent)
	addCounts(&t.Delivered, o.Delivered)
	t.Answered += o.Answered
	addCounts(&t.Refused, o.Refused)
	t.Logins += o.Logins
	addCounts(&t.LoginRefused, o.LoginRefused)
	addCounts(&t.Disconnects, o.Disconnects)
	t.Left += o.Left
	t.BytesIn += o.BytesIn
	t.BytesOut += o.BytesOut
}

func addCounts[K comparable](to *map[K]uint64, from map[K]uint64) {
	if *to == nil && len(from) > 0 {
		*to = make(map[K]uint64, len(from))
	}
	for k, n := range from {
		(*to)[k] += n
	}
}

// sum adds up the counts of a map.
func sum[K comparable](counts map[K]uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}
