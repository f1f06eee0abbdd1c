package codec

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

// packetsOf takes packets off src until it fails.
func packetsOf(d Dialect, src Source, run []byte) (_ []byte, packets int, err error) {
	for {
		if run, err = d.Next(src, run, limit); err != nil {
			return run, packets, err
		}
		packets++
	}
}

// FuzzNext: however the bytes of a stream arrive, the same packets come out of it and it ends in the same way.
// Each byte of chunks says how many bytes arrive next; what is left arrives at once.
func FuzzNext(f *testing.F) {
	for _, file := range []string{"vectors.txt", "malformed.txt"} {
		var streams [Dialects][]byte
		for _, b := range load(f, file) {
			d := dialectOf(f, b)
			streams[d] = append(streams[d], b.Bytes...)
			f.Add(d == Classic, []byte{3, 0, 1}, b.Bytes)
		}
		f.Add(false, []byte{0}, []byte{})
		for d, stream := range streams {
			f.Add(Dialect(d) == Classic, bytes.Repeat([]byte{5}, 40), stream)
		}
	}
	f.Fuzz(func(t *testing.T, classic bool, chunks, stream []byte) {
		d := Native
		if classic {
			d = Classic
		}
		whole := bufio.NewReaderSize(bytes.NewReader(stream), limit)
		want, wantPackets, wantErr := packetsOf(d, whole, nil)

		src := &pieces{hidden: stream}
		run, packets, err := packetsOf(d, src, nil)
		for len(src.hidden) > 0 && !IsViolation(err) {
			next := len(stream)
			if len(chunks) > 0 {
				next, chunks = int(chunks[0]), chunks[1:]
			}
			src.arrive(next)
			var n int
			run, n, err = packetsOf(d, src, run)
			packets += n
		}

		if packets != wantPackets || !bytes.Equal(run, want) {
			t.Fatalf("%d packets of %d bytes, at once %d of %d", packets, len(run), wantPackets, len(want))
		}
		if !sameEnd(err, wantErr) {
			t.Fatalf("the stream ends with %v, at once with %v", err, wantErr)
		}
		if !bytes.HasPrefix(stream, run) {
			t.Fatal("the packets are not what the stream began with")
		}
		for range packets {
			var packet []byte
			if packet, run = d.Cut(run); len(packet) < HeaderSize || len(packet) > limit {
				t.Fatalf("a packet of %d bytes", len(packet))
			}
		}
	})
}

// sameEnd compares how a stream ended: with the same violation, or with too few bytes, which each Source says in its
// own way.
func sameEnd(pieced, whole error) bool {
	if IsViolation(pieced) || IsViolation(whole) {
		return IsViolation(pieced) && IsViolation(whole) && pieced.Error() == whole.Error()
	}
	return errors.Is(pieced, io.ErrShortBuffer) && errors.Is(whole, io.EOF)
}

// FuzzDecode: no body makes a reader panic; what can be read is written to a packet that reads the same, and so it is
// with the textual form. The header is put in front of the body, for a fuzzer is slow to guess a size; fit gives a
// classic body the one size that its type may have.
func FuzzDecode(f *testing.F) {
	for _, file := range []string{"vectors.txt", "malformed.txt"} {
		for _, b := range load(f, file) {
			d := dialectOf(f, b)
			if len(b.Bytes) < HeaderSize {
				continue
			}
			_, kind := d.header(b.Bytes)
			f.Add(d == Classic, false, kind, b.Bytes[HeaderSize:])
			f.Add(d == Classic, true, kind, b.Bytes[HeaderSize:])
		}
	}
	f.Fuzz(func(t *testing.T, classic, fit bool, kind uint16, body []byte) {
		if len(body) > MaxPacket-HeaderSize {
			return
		}
		if !classic {
			packet := binary.LittleEndian.AppendUint16(nil, uint16(HeaderSize+len(body)))
			packet = append(binary.LittleEndian.AppendUint16(packet, kind), body...)
			fuzzNative(t, packet)
			return
		}
		if fit {
			body = fitted(Type(kind), body)
		}
		packet := binary.LittleEndian.AppendUint16(nil, kind)
		packet = binary.LittleEndian.AppendUint16(packet, uint16(HeaderSize+len(body)))
		fuzzClassic(t, append(packet, body...))
	})
}

// fitted cuts or pads body to the size of a classic packet of this type.
func fitted(kind Type, body []byte) []byte {
	for i := range ClassicTable {
		if row := &ClassicTable[i]; row.Type == kind {
			return append(bytes.Clone(body), make([]byte, row.Size)...)[:row.Size-HeaderSize]
		}
	}
	return body
}

func fuzzNative(t *testing.T, packet []byte) {
	var dec Decoder
	served, servedErr := dec.Decode(Native, packet)
	m, err := Native.Decode(packet)
	_, kind := Native.header(packet)
	if row := Lookup(Type(kind)); row == nil || row.To&ToServer == 0 {
		if served != nil || !IsViolation(servedErr) {
			t.Fatalf("the server reads %v, %v", served, servedErr)
		}
	} else if (servedErr == nil) != (err == nil) || !reflect.DeepEqual(served, m) {
		t.Fatalf("the server reads %+v, %v; a client %+v, %v", served, servedErr, m, err)
	}
	if err != nil {
		if !IsViolation(err) {
			t.Fatalf("%v is no violation", err)
		}
		return
	}
	again := Native.Append(nil, m)
	if !bytes.Equal(again[HeaderSize:], packet[HeaderSize:len(again)]) {
		t.Fatalf("%x is written back as %x", packet, again)
	}
	checkRoundTrip(t, Native, m)
	checkFailure(t, m)
}

// checkFailure: any packet can be answered with a failure, which says the code and, where it has one, the ref.
func checkFailure(t *testing.T, m Message) {
	answer, err := Native.Decode(Native.AppendFailure(nil, m, ServerBusy))
	if err != nil {
		t.Fatal(err)
	}
	switch answer := answer.(type) {
	case *SystemNotify:
		if answer.Code != ServerBusy {
			t.Fatalf("a failure of %s is told as %s", Format(m), Format(answer))
		}
	case Response:
		if ref, code := answer.Outcome(); ref != m.(Request).Reference() || code != ServerBusy {
			t.Fatalf("a failure of %s is told as %s", Format(m), Format(answer))
		}
	default:
		t.Fatalf("a failure of %s is told as %s", Format(m), Format(answer))
	}
}

func fuzzClassic(t *testing.T, packet []byte) {
	var dec Decoder
	served, err := dec.Decode(Classic, packet)
	if err != nil {
		t.Fatalf("the server fails to read a classic packet: %v", err)
	}
	m, err := Classic.Decode(packet)
	if err != nil {
		if served != nil || !IsViolation(err) {
			t.Fatalf("the server reads %+v, a client %v", served, err)
		}
		return
	}
	checkMeaning(t, served, m)
	// A text without a NUL fills its whole field; the NUL that it gets when it is written costs its end.
	shorter, err := Classic.Decode(Classic.Append(nil, m))
	if err != nil {
		t.Fatal(err)
	}
	checkPrefixes(t, reflect.ValueOf(shorter).Elem(), reflect.ValueOf(m).Elem())
	checkRoundTrip(t, Classic, shorter)
}

// checkMeaning: the server's native message holds the texts of the classic struct.
func checkMeaning(t *testing.T, served, m Message) {
	var want Message
	switch m := m.(type) {
	case *LoginReq:
		want = &LoginRequest{User: m.Username, Password: m.Password, Account: m.UserID}
	case *BroadcastReq:
		want = &BroadcastRequest{Message: m.Message}
	case *WhisperReq:
		want = &WhisperRequest{To: m.Receiver, Message: m.Message}
	}
	if !reflect.DeepEqual(served, want) {
		t.Fatalf("the server reads %+v, want %+v", served, want)
	}
}

func checkPrefixes(t *testing.T, shorter, longer reflect.Value) {
	for i := range shorter.NumField() {
		if shorter.Field(i).Kind() != reflect.String {
			continue
		}
		if got, text := shorter.Field(i).String(), longer.Field(i).String(); !strings.HasPrefix(text, got) {
			t.Fatalf("%q is written as %q", text, got)
		}
	}
}

func checkRoundTrip(t *testing.T, d Dialect, m Message) {
	again, err := d.Decode(d.Append(nil, m))
	if err != nil || !reflect.DeepEqual(again, m) {
		t.Fatalf("%+v is read back as %+v, %v", m, again, err)
	}
	parsed, err := d.Parse(Format(m))
	if err != nil || !reflect.DeepEqual(parsed, m) {
		t.Fatalf("%s is parsed as %+v, %v", Format(m), parsed, err)
	}
}
