package audit

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawStamp(t *rapid.T) Stamp {
	return Stamp{
		Run:      rapid.Uint16().Draw(t, "run"),
		Sender:   rapid.Uint32().Draw(t, "sender"),
		Number:   rapid.Uint64Range(0, 1<<48-1).Draw(t, "number"),
		Intended: time.Duration(rapid.Int64Range(0, 1<<48-1).Draw(t, "intended")),
		Sent:     time.Duration(rapid.Int64Range(0, 1<<48-1).Draw(t, "sent")),
	}
}

func TestStampRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, size := drawStamp(t), rapid.IntRange(StampBytes, 3000).Draw(t, "size")
		text := string(s.Append([]byte("before"), size))
		message, found := strings.CutPrefix(text, "before")
		if !found || len(message) != size {
			t.Fatalf("%d bytes are appended, not %d: %q", len(message), size, text)
		}
		for i := range len(message) {
			if message[i] < ' ' || message[i] > '~' {
				t.Fatalf("byte %d of %q can't be printed", i, message)
			}
		}
		if got, err := ReadStamp(message); err != nil || got != s {
			t.Fatalf("%+v is read back as %+v, %v", s, got, err)
		}
		if again := string(s.Append(nil, size)); again != message {
			t.Fatalf("the same stamp makes %q and %q", message, again)
		}
	})
}

// TestStampSeesEveryByte: whatever happens to one or two bytes, or to the length, the text does not pass.
func TestStampSeesEveryByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, size := drawStamp(t), rapid.IntRange(StampBytes, 1024).Draw(t, "size")
		whole := s.Append(nil, size)
		altered := []byte(string(whole))
		for range rapid.IntRange(1, 2).Draw(t, "bytes") {
			altered[rapid.IntRange(0, size-1).Draw(t, "at")] ^= rapid.ByteRange(1, 255).Draw(t, "bits")
		}
		if string(altered) == string(whole) { // the same bits twice
			return
		}
		if got, err := ReadStamp(string(altered)); err == nil {
			t.Fatalf("%q passes as %+v", altered, got)
		}
		if size > StampBytes {
			cut := rapid.IntRange(StampBytes, size-1).Draw(t, "cut")
			if _, err := ReadStamp(string(whole[:cut])); !errors.Is(err, ErrAltered) {
				t.Fatalf("cut to %d of %d bytes: %v", cut, size, err)
			}
		}
	})
}

func TestForeignTexts(t *testing.T) {
	whole := string(Stamp{Run: 1, Sender: 2, Number: 3}.Append(nil, StampBytes))
	for _, text := range []string{
		"", "hello", strings.Repeat("안녕 ", 20), strings.Repeat("-", StampBytes-1), whole[1:],
		"\n" + whole[1:], whole[:StampBytes-1] + "\n", // which the decoder of base64 would overlook
	} {
		if s, err := ReadStamp(text); !errors.Is(err, ErrForeign) {
			t.Errorf("%q is read as %+v, %v", text, s, err)
		}
	}
}

func TestWhisperNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slot, sequence := rapid.IntRange(0, 15).Draw(t, "slot"), rapid.Uint32().Draw(t, "sequence")
		number := WhisperNumber(slot, sequence)
		if gotSlot, gotSequence := (Stamp{Number: number}).Whisper(); gotSlot != slot || gotSequence != sequence || number >= 1<<48 {
			t.Fatalf("%d, %d become %d, %d", slot, sequence, gotSlot, gotSequence)
		}
	})
}

func TestStampAllocatesNothing(t *testing.T) {
	buffer := make([]byte, 0, 1024)
	s := Stamp{Run: 1, Sender: 2, Number: 3, Intended: 4, Sent: 5}
	message := string(s.Append(nil, 300))
	if n := testing.AllocsPerRun(100, func() { s.Append(buffer, 1024) }); n != 0 {
		t.Errorf("Append allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = ReadStamp(message) }); n != 0 {
		t.Errorf("ReadStamp allocates %v times", n)
	}
}

func FuzzReadStamp(f *testing.F) {
	f.Add("")
	f.Add("hello")
	f.Add(string(Stamp{Run: 7, Sender: 1<<24 - 1, Number: 1<<48 - 1, Intended: 1, Sent: 2}.Append(nil, 64)))
	f.Fuzz(func(t *testing.T, message string) {
		s, err := ReadStamp(message)
		if err == nil && message[:StampBytes] != string(appendOver(s, message))[:StampBytes] {
			t.Fatalf("%q passes, and its stamp %+v is written otherwise", message, s)
		}
	})
}

// appendOver writes the stamp as it would be in front of what message has behind its own.
func appendOver(s Stamp, message string) []byte {
	text := s.Append(nil, len(message))
	if string(text[StampBytes:]) != message[StampBytes:] {
		return []byte(message) // not our filler, but a checksum that fits: nothing to compare
	}
	return text
}

func BenchmarkStamp(b *testing.B) {
	s := Stamp{Run: 1, Sender: 2, Number: 3, Intended: 4, Sent: 5}
	buffer := make([]byte, 0, 1024)
	b.Run("append/64", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Append(buffer, 64)
		}
	})
	message := string(s.Append(nil, 64))
	b.Run("read/64", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = ReadStamp(message)
		}
	})
}

// TestMarked: a message is a load test's when name and stamp are of one user of one run.
func TestMarked(t *testing.T) {
	stamp := string(Stamp{Run: 0xabc, Sender: 17, Number: 5}.Append(nil, 100))
	f := func(want bool, sender, text string) {
		t.Helper()
		if got := Marked(sender, text); got != want {
			t.Errorf("%s: %q: %t", sender, text, got)
		}
	}
	f(true, "load0abc-17", stamp)
	f(true, UserPrefix(0xabc)+"17", stamp[:0]+string(Stamp{Run: 0xabc, Sender: 17}.Append(nil, StampBytes)))
	for _, sender := range []string{"", "ann", "load0abc-1", "load0abc-170", "load0abd-17", "LOAD0abc-17", "load0ABC-17", "loadabc-17", "load0abc-017", "load0abc-17 "} {
		f(false, sender, stamp)
	}
	for _, text := range []string{"", "hi", stamp[1:], " " + stamp, stamp + " ", stamp[:len(stamp)-1], "> " + stamp, "b" + stamp[1:]} {
		f(false, "load0abc-17", text)
	}
}
