package session

import (
	"math/bits"
	"sync/atomic"
)

// stats are a lane's counters since it began. Written by the loop, read by anyone.
type stats struct {
	deliveries, frames, bytes, writes, drains atomic.Uint64
	batches                                   [BatchBuckets]atomic.Uint64
}

// BatchBuckets is how many buckets Stats.Batches has: bucket i counts the drains of up to 2^i frames, and more than
// the bucket before; the last one has no bound.
const BatchBuckets = 14

// Stats is what a lane did since it began.
type Stats struct {
	Deliveries uint64 // frames handed to connections
	Bytes      uint64 // their bytes
	Writes     uint64 // writes it took
	Drains     uint64
	Frames     uint64 // frames and operations taken by all drains
	Batches    [BatchBuckets]uint64
}

// Stats returns the lane's counters. Anyone.
func (l *Lane) Stats() Stats {
	out := Stats{
		Deliveries: l.stats.deliveries.Load(), Bytes: l.stats.bytes.Load(), Writes: l.stats.writes.Load(),
		Drains: l.stats.drains.Load(), Frames: l.stats.frames.Load(),
	}
	for i := range out.Batches {
		out.Batches[i] = l.stats.batches[i].Load()
	}
	return out
}

func (s *stats) drained(frames int) {
	s.drains.Add(1)
	s.frames.Add(uint64(frames))
	s.batches[min(bits.Len(uint(max(frames, 1)-1)), BatchBuckets-1)].Add(1)
}

// written counts what a slice of a drain writes, so that the atomic counters are touched once and not with each write.
type written struct{ frames, bytes, writes int }

func (w *written) add(frames, bytes int) {
	w.frames += frames
	w.bytes += bytes
	w.writes++
}

// publish adds what was written to the lane's counters.
func (l *Lane) publish() {
	l.stats.deliveries.Add(uint64(l.written.frames))
	l.stats.bytes.Add(uint64(l.written.bytes))
	l.stats.writes.Add(uint64(l.written.writes))
	l.written = written{}
}
