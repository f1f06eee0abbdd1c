package codec

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// pieces is a Source whose bytes arrive bit by bit. It peeks as a gnet.Conn does: Peek(n) with n <= 0 gives everything
// that is there, and io.ErrShortBuffer says that n bytes are not.
type pieces struct {
	seen   []byte // what has arrived and was not discarded
	hidden []byte // what is still on its way
}

func (p *pieces) Peek(n int) ([]byte, error) {
	if n > len(p.seen) {
		return nil, io.ErrShortBuffer
	}
	if n <= 0 {
		return p.seen, nil
	}
	return p.seen[:n:n], nil
}

func (p *pieces) Discard(n int) (int, error) {
	if n > len(p.seen) || n <= 0 {
		n = len(p.seen)
	}
	p.seen = p.seen[n:]
	return n, nil
}

// arrive reveals up to n more bytes.
func (p *pieces) arrive(n int) {
	n = min(n, len(p.hidden))
	// The copy puts the bytes elsewhere, as gnet's buffers do between two events.
	p.seen = append(bytes.Clone(p.seen), p.hidden[:n]...)
	p.hidden = p.hidden[n:]
}

func TestDetect(t *testing.T) {
	f := func(in string, want Dialect, wantErr error) {
		t.Helper()
		src := &pieces{seen: []byte(in)}
		got, err := Detect(src)
		if got != want || !errors.Is(err, wantErr) {
			t.Errorf("Detect(%q) = %s, %v; want %s, %v", in, got, err, want, wantErr)
		}
		if string(src.seen) != in {
			t.Errorf("Detect(%q) consumes bytes", in)
		}
	}
	f("", Native, io.ErrShortBuffer)
	f("\xD1\x07\x67", Native, io.ErrShortBuffer)
	f("\xD1\x07\x67\x00", Classic, nil)
	f("\xD1\x07\x67\x00alice", Classic, nil)
	f("\xB9\x0B\x05\x04", Classic, nil) // any packet of the original may come first
	f("\xBD\x0B\x26\x04", Classic, nil)
	f("\xD2\x07\x06\x00", Classic, nil)
	f("\xA3\x0F\x00\x00", Classic, nil) // a room's, of size 0
	f("\xD1\x07\x66\x00", Classic, nil) // of a wrong size
	f("\xD1\x07\xD1\x07", Native, nil)  // a native login of 2001 bytes
	f("\xB9\x0B\xB9\x0B", Native, nil)
	f("\x0F\x27\x04\x00", Native, nil) // a type that neither has
	f("\x67\x00\xD1\x07", Native, nil) // a native login of 103 bytes
	f("\x08\x00\x71\x17\x01\x00\x00\x00", Native, nil)
}

// TestNoPacketLooksLikeTheOther: every packet that exists is taken for what it is, whatever its size.
func TestNoPacketLooksLikeTheOther(t *testing.T) {
	f := func(first, second int, want Dialect) {
		t.Helper()
		src := &pieces{seen: []byte{byte(first), byte(first >> 8), byte(second), byte(second >> 8)}}
		if got, err := Detect(src); got != want || err != nil {
			t.Errorf("Detect(% x) = %s, %v; want %s", src.seen, got, err, want)
		}
	}
	for i := range Table {
		for size := HeaderSize; size <= MaxPacket; size++ {
			f(size, int(Table[i].Type), Native)
		}
	}
	for i := range ClassicTable {
		f(int(ClassicTable[i].Type), ClassicTable[i].Size, Classic)
		f(int(ClassicTable[i].Type), 0, Classic)
	}
}

func TestPeek(t *testing.T) {
	f := func(d Dialect, in string, limit int, want string, wantErr string) {
		t.Helper()
		src := &pieces{seen: []byte(in)}
		got, err := d.Peek(src, limit)
		if string(got) != want || fmt.Sprint(err) != wantErr {
			t.Errorf("%s: Peek(%q) = %q, %v; want %q, %s", d, in, got, err, want, wantErr)
		}
		if string(src.seen) != in {
			t.Errorf("%s: Peek(%q) consumes bytes", d, in)
		}
	}
	const short = "short buffer"
	f(Native, "", 10, "", short)
	f(Native, "\x04\x00\x01", 10, "", short)
	f(Native, "\x04\x00\x01\x00", 10, "\x04\x00\x01\x00", "<nil>")
	f(Native, "\x04\x00\x01\x00more", 10, "\x04\x00\x01\x00", "<nil>")
	f(Native, "\x06\x00\x01\x00a", 10, "", short)
	f(Native, "\x0A\x00\x01\x00abcdef", 10, "\x0A\x00\x01\x00abcdef", "<nil>")
	f(Native, "\x0B\x00\x01\x00", 10, "", "a packet may have at most 10 bytes, got 11 (type 1)")
	f(Native, "\x00\x00\x01\x00", 10, "", "a packet's size must be at least 4 bytes, got 0 (type 1)")
	f(Native, "\x03\x00\x01\x00", 10, "", "a packet's size must be at least 4 bytes, got 3 (type 1)")
	f(Classic, "\x0B\x00\x04\x00", 10, "\x0B\x00\x04\x00", "<nil>")
	f(Classic, "\x04\x00\x0B\x00", 10, "", "a packet may have at most 10 bytes, got 11 (type 4)")
	f(Classic, "\x04\x00\x03\x00", 10, "", "a packet's size must be at least 4 bytes, got 3 (type 4)")
}

func TestWhole(t *testing.T) {
	f := func(d Dialect, in string, want int, wantErr string) {
		t.Helper()
		if got, err := d.Whole([]byte(in), 10); got != want || fmt.Sprint(err) != wantErr {
			t.Errorf("%s: Whole(%q) = %d, %v; want %d, %s", d, in, got, err, want, wantErr)
		}
	}
	f(Native, "", 0, "<nil>")
	f(Native, "\x04\x00\x01", 0, "<nil>")
	f(Native, "\x05\x00\x01\x00", 0, "<nil>")
	f(Native, "\x05\x00\x01\x00a", 5, "<nil>")
	f(Native, "\x05\x00\x01\x00a\x04\x00\x02\x00\x06\x00\x03\x00b", 9, "<nil>")
	f(Native, "\x05\x00\x01\x00a\x0B\x00\x02\x00", 5, "a packet may have at most 10 bytes, got 11 (type 2)")
	f(Native, "\x00\x00\x02\x00", 0, "a packet's size must be at least 4 bytes, got 0 (type 2)")
	f(Classic, "\x01\x00\x05\x00a\x02\x00\x04\x00\x03", 9, "<nil>")
	f(Classic, "\x01\x00\x05\x00a\x02\x00\x0B\x00", 5, "a packet may have at most 10 bytes, got 11 (type 2)")
}

func TestNextTakesPacketsInOrder(t *testing.T) {
	stream := "\x05\x00\x01\x00a\x04\x00\x02\x00\x06\x00\x03\x00bc\x07\x00"
	src := bufio.NewReaderSize(strings.NewReader(stream), 16)
	var run []byte
	for _, want := range []string{"\x05\x00\x01\x00a", "\x04\x00\x02\x00", "\x06\x00\x03\x00bc"} {
		before := len(run)
		var err error
		if run, err = Native.Next(src, run, 16); err != nil || string(run[before:]) != want {
			t.Fatalf("Next = %q, %v; want %q", run[before:], err, want)
		}
	}
	if again, err := Native.Next(src, run, 16); !errors.Is(err, io.EOF) || len(again) != len(run) {
		t.Errorf("Next at the end = %q, %v", again, err)
	}
	if rest, _ := io.ReadAll(src); string(rest) != "\x07\x00" {
		t.Errorf("Next leaves %q", rest)
	}
}

func TestNextTellsAFailingSource(t *testing.T) {
	broken := errors.New("reset")
	src := bufio.NewReader(io.MultiReader(strings.NewReader("\x05\x00"), failing{broken}))
	if _, err := Native.Next(src, nil, 16); !errors.Is(err, broken) || IsViolation(err) {
		t.Errorf("Next = %v, want %v", err, broken)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestCut(t *testing.T) {
	f := func(d Dialect, run, wantPacket, wantRest string) {
		t.Helper()
		packet, rest := d.Cut([]byte(run))
		if string(packet) != wantPacket || string(rest) != wantRest {
			t.Errorf("%s: Cut(%q) = %q, %q; want %q, %q", d, run, packet, rest, wantPacket, wantRest)
		}
		// An append to the packet must not write into the next one.
		if cap(packet) != len(packet) {
			t.Errorf("%s: Cut(%q): the packet's capacity is %d", d, run, cap(packet))
		}
	}
	f(Native, "\x04\x00\x01\x00", "\x04\x00\x01\x00", "")
	f(Native, "\x05\x00\x01\x00a\x04\x00\x02\x00", "\x05\x00\x01\x00a", "\x04\x00\x02\x00")
	f(Classic, "\x01\x00\x05\x00a\x02\x00\x04\x00", "\x01\x00\x05\x00a", "\x02\x00\x04\x00")
}

func TestSplit(t *testing.T) {
	f := func(d Dialect, data, wantPacket, wantRest string) {
		t.Helper()
		packet, rest, err := d.Split([]byte(data))
		if err != nil || string(packet) != wantPacket || string(rest) != wantRest {
			t.Errorf("%s: Split(%q) = %q, %q, %v; want %q, %q", d, data, packet, rest, err, wantPacket, wantRest)
		}
		if packet != nil && cap(packet) != len(packet) {
			t.Errorf("%s: Split(%q): the packet's capacity is %d", d, data, cap(packet))
		}
	}
	f(Native, "", "", "")
	f(Native, "\x05\x00\x01", "", "\x05\x00\x01")
	f(Native, "\x05\x00\x01\x00", "", "\x05\x00\x01\x00")
	f(Native, "\x05\x00\x01\x00a\x04\x00", "\x05\x00\x01\x00a", "\x04\x00")
	f(Classic, "\x01\x00\x05\x00a\x02", "\x01\x00\x05\x00a", "\x02")
	if _, _, err := Native.Split([]byte("\x03\x00\x01\x00")); !IsViolation(err) {
		t.Errorf("Split of a packet of 3 bytes: %v", err)
	}
	if got := Classic.Kind([]byte("\xD1\x07\x04\x00")); got != 2001 {
		t.Errorf("Kind = %d, want 2001", got)
	}
}

func TestLimit(t *testing.T) {
	f := func(d Dialect, native, want int) {
		t.Helper()
		if got := d.Limit(native); got != want {
			t.Errorf("%s.Limit(%d) = %d, want %d", d, native, got, want)
		}
	}
	f(Native, 100, 100)
	f(Native, MaxPacket, MaxPacket)
	f(Classic, 100, ClassicMax)
	f(Classic, MaxPacket, ClassicMax)
}

// TestClassicSizeZero: a packet of the original whose size was not set is its header, and nothing else of size 0 is a packet.
func TestClassicSizeZero(t *testing.T) {
	f := func(d Dialect, in string, whole int, violation bool) {
		t.Helper()
		n, err := d.Whole([]byte(in), 4096)
		if n != whole || IsViolation(err) != violation {
			t.Errorf("%s: Whole(%q) = %d, %v", d, in, n, err)
		}
		packet, rest, err := d.Split([]byte(in))
		if len(packet) > 4 || string(packet)+string(rest) != in || IsViolation(err) != (whole == 0) {
			t.Errorf("%s: Split(%q) = %q, %q, %v", d, in, packet, rest, err)
		}
		run := []byte(in[:n])
		for len(run) > 0 {
			packet, run = d.Cut(run)
			if m, err := new(Decoder).Decode(d, packet); len(packet) != HeaderSize || m != nil || err != nil {
				t.Errorf("%s: %q means %v, %v", d, packet, m, err)
			}
		}
	}
	f(Classic, "\xA3\x0F\x00\x00", 4, false) // the original's CreateRoomReq
	f(Classic, "\xA3\x0F\x00\x00\xB9\x0B\x00\x00\xD1\x07", 8, false)
	f(Classic, "\xB9\x0B\x00\x00\x0F\x27\x00\x00", 4, true)
	f(Classic, "\x00\x00\x00\x00", 0, true)
	f(Native, "\x00\x00\xB9\x0B", 0, true)
}
