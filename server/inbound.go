package server

import "io"

// inbound is what a loop has read for a connection and nobody has taken yet. It is a handler.Source. gnet's own buffers
// for what is left over are avoided: they may be 64 KiB large for a single byte, and nobody can ask how large they are.
type inbound struct {
	data   []byte
	joined []byte // memory for a packet's beginning and what came behind it
}

// joinedKept bounds what an inbound keeps of that memory: one read of the loop behind the largest packet.
const joinedKept = 1 << 17

// fill makes what is there the source: the rest of before, and what has arrived now. Valid until the next fill.
func (in *inbound) fill(rest, arrived []byte) {
	if len(rest) == 0 {
		in.data = arrived
		return
	}
	if cap(in.joined) > joinedKept {
		in.joined = nil
	}
	in.joined = append(append(in.joined[:0], rest...), arrived...)
	in.data = in.joined
}

// InboundBuffered implements handler.Source.
func (in *inbound) InboundBuffered() int { return len(in.data) }

// Peek implements codec.Source.
func (in *inbound) Peek(n int) ([]byte, error) {
	if n > len(in.data) {
		return nil, io.ErrShortBuffer
	}
	return in.data[:n], nil
}

// Discard implements codec.Source.
func (in *inbound) Discard(n int) (int, error) {
	n = min(n, len(in.data))
	in.data = in.data[n:]
	return n, nil
}

// keep copies what nobody took into the connection's rest, in as little memory as append takes for it.
func (in *inbound) keep(rest []byte) []byte {
	if len(in.data) == 0 {
		return nil
	}
	if cap(rest) > 2*len(in.data)+restBytes {
		rest = nil
	}
	return append(rest[:0], in.data...)
}

// restBytes is how much memory is not worth giving back.
const restBytes = 64
