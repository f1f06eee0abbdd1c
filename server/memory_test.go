package server

import (
	"bytes"
	"math"
	"os"
	"runtime/debug"
	"testing"

	"pgregory.net/rapid"

	"hubbub/codec"
)

// TestMemoryBudget: the budget is what the operator says, else a share of what there is, and half of it is for sessions.
func TestMemoryBudget(t *testing.T) {
	f := func(asked Bytes, available uint64, want int64) {
		t.Helper()
		if got := (&Config{MemoryBudget: asked}).memoryBudget(available); got != want {
			t.Errorf("asked %s, available %d: %d, want %d", asked, available, got, want)
		}
	}
	f(0, 1000, 400)
	f(0, 24<<30, 24<<30/5*2)
	f(64<<20, 1<<30, 64<<20)
	f(1<<40, 1<<30, 1<<40)
	f(0, math.MaxUint64, 1<<60/5*2)
	if n := (&memory{budget: 64 << 20}).sessions(); n != 4096 {
		t.Errorf("%d sessions fit into half of 64 MiB, which has room for 4096 of 8 KiB", n)
	}
	if n := availableMemory(); n < 64<<20 || n > 1<<50 {
		t.Errorf("%d bytes are there, which can't be", n)
	}
}

// TestLimitHeap: the collector is told what the budget needs, but not more than there is, unless GOMEMLIMIT says so.
func TestLimitHeap(t *testing.T) {
	if before, ok := os.LookupEnv("GOMEMLIMIT"); ok {
		defer os.Setenv("GOMEMLIMIT", before)
		os.Unsetenv("GOMEMLIMIT")
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	f := func(budget Bytes, want int64) {
		t.Helper()
		got, err := (&Config{MemoryBudget: budget, Hashers: 2}).LimitHeap()
		if err != nil || got != want || debug.SetMemoryLimit(-1) != want {
			t.Errorf("a budget of %s: %d, %v, set: %d; want %d", budget, got, err, debug.SetMemoryLimit(-1), want)
		}
	}
	f(64<<20, 96<<20+heapReserve+2*hashBytes)
	f(1<<40, int64(availableMemory()/5*4))
	t.Setenv("GOMEMLIMIT", "off")
	debug.SetMemoryLimit(math.MaxInt64)
	f(64<<20, math.MaxInt64)
}

// TestInbound: in whatever pieces packets arrive, they come out whole and in order, and what is kept of an incomplete one takes
// little more memory than it has bytes.
func TestInbound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sent, got []byte
		for range rapid.IntRange(1, 20).Draw(t, "packets") {
			text := string(bytes.Repeat([]byte("x"), rapid.IntRange(0, 2000).Draw(t, "bytes")))
			sent = codec.Native.Append(sent, &codec.BroadcastRequest{Message: text})
		}
		var in inbound
		var rest []byte
		for left := sent; len(left) > 0; {
			n := rapid.IntRange(1, min(len(left), 3000)).Draw(t, "arrives")
			read := bytes.Clone(left[:n])
			left = left[n:]
			in.fill(rest, read)
			for {
				packet, err := codec.Native.Next(&in, nil, codec.MaxPacket)
				if err != nil {
					break
				}
				got = append(got, packet...)
			}
			rest = in.keep(rest)
			clear(read) // the loop reads the next connection into the same memory
			if cap(rest) > 2*len(rest)+restBytes {
				t.Fatalf("%d bytes take %d", len(rest), cap(rest))
			}
		}
		if len(rest) > 0 || !bytes.Equal(got, sent) {
			t.Fatalf("%d bytes went in, %d came out, and %d are left", len(sent), len(got), len(rest))
		}
	})
}
