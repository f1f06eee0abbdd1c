package audit

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"time"
	"unsafe"
)

// Stamp is what every message of a run begins with.
type Stamp struct {
	Run      uint16        // tells this run's messages from others'
	Sender   uint32        // user number
	Number   uint64        // below 1<<48; a broadcast's ordinal in the whole run, from 1, or a WhisperNumber
	Intended time.Duration // since the run's start, below 78 hours: the moment at which the plan wanted it sent
	Sent     time.Duration // likewise: the moment at which it was
}

const (
	stampBody = 24            // run, sender, number, intended, sent
	stampRaw  = stampBody + 4 // and the checksum
	bodyText  = stampBody / 3 * 4

	// StampBytes is the length of a stamp in a message, and so of the smallest message.
	StampBytes = (stampRaw*8 + 5) / 6
)

var (
	// ErrForeign says that a text does not begin with a stamp: somebody else wrote it, or it was altered beyond telling.
	ErrForeign = errors.New("the message has no stamp: it is not of a load test")
	// ErrAltered says that a text begins with a stamp whose checksum does not fit it.
	ErrAltered = errors.New("the message's checksum is wrong: it is not the text that was sent")
)

// stampText is strict, so that no two texts are read as one stamp.
var stampText = base64.RawURLEncoding.Strict()

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// filling is what messages are filled up with, twice, so that it can be read from any place in its first half.
var filling = func() string {
	const line = "The quick brown fox jumps over the lazy dog, 0123456789 times. "
	text := make([]byte, 0, 2*fillingPeriod)
	for len(text) < cap(text) {
		text = append(text, line[len(text)%fillingPeriod%len(line)])
	}
	return string(text)
}()

const fillingPeriod = 1 << 10

// Append appends a message text of exactly size bytes, at least StampBytes, that begins with the stamp. What follows it
// is printable ASCII that depends on the number, so that parts of two messages don't make a whole one. It allocates
// nothing when dst has the room. Any goroutine.
func (s Stamp) Append(dst []byte, size int) []byte {
	start, size := len(dst), max(size, StampBytes)
	dst = slices.Grow(dst, size)[:start+size]
	text := dst[start:]
	for rest := text[StampBytes:]; len(rest) > 0; {
		n := copy(rest, filling[s.Number%fillingPeriod:][:fillingPeriod])
		rest = rest[n:]
	}
	var raw [stampRaw]byte
	binary.LittleEndian.PutUint16(raw[0:], s.Run)
	binary.LittleEndian.PutUint32(raw[2:], s.Sender)
	put48(raw[6:], s.Number)
	put48(raw[12:], uint64(s.Intended))
	put48(raw[18:], uint64(s.Sent))
	stampText.Encode(text, raw[:stampBody])
	binary.LittleEndian.PutUint32(raw[stampBody:], checksum(text))
	stampText.Encode(text[bodyText:], raw[stampBody:])
	return dst
}

// ReadStamp reads the stamp of a message text. The error is ErrForeign, or ErrAltered, and then the stamp is what the
// text claims. Whether it is of this run is the caller's to compare. Any goroutine; it allocates nothing.
func ReadStamp(message string) (Stamp, error) {
	if len(message) < StampBytes {
		return Stamp{}, ErrForeign
	}
	text := unsafe.Slice(unsafe.StringData(message), len(message)) // read only
	var raw [stampRaw]byte
	if n, err := stampText.Decode(raw[:], text[:StampBytes]); err != nil || n != stampRaw {
		return Stamp{}, ErrForeign
	}
	s := Stamp{
		Run:      binary.LittleEndian.Uint16(raw[0:]),
		Sender:   binary.LittleEndian.Uint32(raw[2:]),
		Number:   get48(raw[6:]),
		Intended: time.Duration(get48(raw[12:])),
		Sent:     time.Duration(get48(raw[18:])),
	}
	if binary.LittleEndian.Uint32(raw[stampBody:]) != checksum(text) {
		return s, ErrAltered
	}
	return s, nil
}

// checksum is CRC-32C over a text but for the place of the checksum itself.
func checksum(text []byte) uint32 {
	return crc32.Update(crc32.Checksum(text[:bodyText], castagnoli), castagnoli, text[StampBytes:])
}

func put48(b []byte, v uint64) {
	binary.LittleEndian.PutUint32(b, uint32(v))
	binary.LittleEndian.PutUint16(b[4:], uint16(v>>32))
}

func get48(b []byte) uint64 {
	return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint16(b[4:]))<<32
}

// UserPrefix is what the names of a run's users begin with; their numbers follow.
func UserPrefix(run uint16) string { return fmt.Sprintf("load%04x-", run) }

// Marked reports whether a message is one that a load test left in a server's history: its text has a valid stamp, and the
// sender's name is that of the stamp's user and run. So what people say stays theirs, whatever they are called and even if
// they quote a stamp. Any goroutine.
func Marked(sender, text string) bool {
	s, err := ReadStamp(text)
	return err == nil && sender == UserPrefix(s.Run)+strconv.FormatUint(uint64(s.Sender), 10)
}

// WhisperNumber is the number of the whisper with this sequence from a sender to its partner of this slot, 0 to 15.
func WhisperNumber(slot int, sequence uint32) uint64 { return uint64(slot)<<32 | uint64(sequence) }

// Whisper takes a WhisperNumber apart.
func (s Stamp) Whisper() (slot int, sequence uint32) { return int(s.Number >> 32), uint32(s.Number) }
