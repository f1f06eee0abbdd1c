package server

import (
	"sync"
	"testing"
)

// BenchmarkPool has bursts of strands become ready at once, as after a look at many sockets.
func BenchmarkPool(b *testing.B) {
	const burst = 1024
	p, err := newPool(32, nil, func(any) {})
	if err != nil {
		b.Fatal(err)
	}
	defer p.close()
	var turns sync.WaitGroup
	b.ReportAllocs()
	for b.Loop() {
		turns.Add(burst)
		for range burst {
			p.probe(turns.Done)
		}
		turns.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*burst), "ns/turn")
}
