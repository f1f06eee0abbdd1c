package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	// HeaderSize is the length in bytes of every packet's header: two 16-bit numbers, little-endian.
	HeaderSize = 4
	// MaxPacket is the largest packet in bytes, header included, that the 16-bit size field can announce.
	MaxPacket = 65535
)

// Source is what packets are taken from: a gnet.Conn on its loop, or a bufio.Reader in a client.
type Source interface {
	// Peek returns the next n bytes without consuming them, or an error when they are not there.
	Peek(n int) ([]byte, error)
	// Discard consumes n bytes.
	Discard(n int) (int, error)
}

// ViolationError says that a peer broke the protocol. Its connection can't be read any further.
type ViolationError struct{ Problem string }

func (e *ViolationError) Error() string { return e.Problem }

func violation(format string, args ...any) error {
	return &ViolationError{Problem: fmt.Sprintf(format, args...)}
}

// IsViolation reports whether err says that the peer broke the protocol, as opposed to "not enough bytes yet".
func IsViolation(err error) bool {
	var v *ViolationError
	return errors.As(err, &v)
}

// Detect tells the dialect from a connection's first bytes without consuming them. They are classic when their first
// number is a packet type of the original and the second is no type of a native packet: a native packet with such a
// header would be refused anyway. The error is src's own when the first four bytes are not there yet.
func Detect(src Source) (Dialect, error) {
	head, err := src.Peek(HeaderSize)
	if err != nil {
		return Native, err
	}
	size, kind := Classic.header(head)
	if isClassicType(Type(kind)) && Lookup(Type(size)) == nil {
		return Classic, nil
	}
	return Native, nil
}

// header returns the two numbers of a packet's header in the dialect's order.
func (d Dialect) header(p []byte) (size int, kind uint16) {
	first, second := binary.LittleEndian.Uint16(p), binary.LittleEndian.Uint16(p[2:])
	if d == Classic {
		return int(second), first
	}
	return int(first), second
}

// size returns how many bytes the packet has that begins with head, or a *ViolationError for fewer than HeaderSize or
// more than limit. A classic packet of a known type may announce size 0: the original's clients do that for packets whose
// size they forget to set, and then the header is all there is.
func (d Dialect) size(head []byte, limit int) (int, error) {
	size, kind := d.header(head)
	if size == 0 && d == Classic && isClassicType(Type(kind)) {
		return HeaderSize, nil
	}
	if size < HeaderSize {
		return 0, violation("a packet's size must be at least %d bytes, got %d (type %d)", HeaderSize, size, kind)
	}
	if size > limit {
		return 0, violation("a packet may have at most %d bytes, got %d (type %d)", limit, size, kind)
	}
	return size, nil
}

// Whole returns how many bytes the whole packets at the beginning of p have together. The error is a *ViolationError
// when the header behind them announces fewer than HeaderSize or more than limit bytes.
func (d Dialect) Whole(p []byte, limit int) (n int, err error) {
	for len(p)-n >= HeaderSize {
		size, err := d.size(p[n:], limit)
		if err != nil {
			return n, err
		}
		if size > len(p)-n {
			break
		}
		n += size
	}
	return n, nil
}

// Peek returns the next whole packet of src, header included, without consuming it. The bytes are src's: they are
// valid until the next call on src. The error is a *ViolationError when the header announces fewer than HeaderSize or
// more than limit bytes, else src's own error, which means that the packet is not complete yet.
func (d Dialect) Peek(src Source, limit int) ([]byte, error) {
	head, err := src.Peek(HeaderSize)
	if err != nil {
		return nil, err
	}
	size, err := d.size(head, limit)
	if err != nil {
		return nil, err
	}
	return src.Peek(size)
}

// Next appends the next whole packet of src to dst, consumes it and returns the extended slice. Its errors are those
// of Peek, and then dst is returned as it was.
func (d Dialect) Next(src Source, dst []byte, limit int) ([]byte, error) {
	packet, err := d.Peek(src, limit)
	if err != nil {
		return dst, err
	}
	dst = append(dst, packet...)
	_, err = src.Discard(len(packet))
	return dst, err
}

// Cut splits the first packet off a run of whole packets, as Next strings them together. It panics on anything else.
func (d Dialect) Cut(run []byte) (packet, rest []byte) {
	size, _ := d.header(run)
	size = max(size, HeaderSize) // of a classic packet that announced 0
	return run[:size:size], run[size:]
}

// Split takes the first packet off data, bytes as they were read, in any number. packet is nil while it is not complete.
// The error is a *ViolationError, as from Peek under the limit MaxPacket.
func (d Dialect) Split(data []byte) (packet, rest []byte, err error) {
	if len(data) < HeaderSize {
		return nil, data, nil
	}
	size, err := d.size(data, MaxPacket)
	if err != nil || len(data) < size {
		return nil, data, err
	}
	return data[:size:size], data[size:], nil
}

// Kind returns a whole packet's type as its header has it, known or not. Classic types overlap with native ones.
func (d Dialect) Kind(packet []byte) Type {
	_, kind := d.header(packet)
	return Type(kind)
}
