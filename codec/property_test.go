package codec

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawMessage draws a message of either table. A classic text fits its field and holds no NUL: the field could not
// carry it, so writing it would lose something on purpose.
func drawMessage(t *rapid.T, d Dialect) Message {
	zero := rapid.SampledFrom(bothTables()[d]).Draw(t, "row")
	docs := Fields(zero)
	m := reflect.New(reflect.TypeOf(zero).Elem())
	left := fill(t, m.Elem(), docs)
	if len(left) != 0 {
		t.Fatalf("%s: its layout has more fields than its struct: %v", Name(zero), left)
	}
	return m.Interface().(Message)
}

// fill draws the fields of a struct, which mirror its layout, and returns the part of docs that is left.
func fill(t *rapid.T, v reflect.Value, docs []FieldDoc) []FieldDoc {
	for i := range v.NumField() {
		field := v.Field(i)
		if v.Type().Field(i).Tag.Get("wire") == "-" {
			continue
		}
		if field.Kind() == reflect.Struct {
			docs = fill(t, field, docs)
			continue
		}
		doc := docs[0]
		docs = docs[1:]
		if doc.List {
			docs = fillList(t, field, docs)
			continue
		}
		if field.Kind() == reflect.String {
			field.SetString(drawText(t, doc))
			continue
		}
		bits, err := strconv.Atoi(doc.Type[1:])
		if err != nil || bits != field.Type().Bits() {
			t.Fatalf("%s is a %s in its struct and a %s on the wire", doc.Name, field.Type(), doc.Type)
		}
		field.SetUint(rapid.Uint64Range(0, 1<<bits-1).Draw(t, doc.Name))
	}
	return docs
}

// fillList draws a list's elements, whose fields come first in docs.
func fillList(t *rapid.T, list reflect.Value, docs []FieldDoc) []FieldDoc {
	of := slices.IndexFunc(docs, func(doc FieldDoc) bool { return !strings.Contains(doc.Name, "[].") })
	if of < 0 {
		of = len(docs)
	}
	if n := rapid.IntRange(0, 3).Draw(t, "elements"); n > 0 { // an empty list is read as nil
		list.Set(reflect.MakeSlice(list.Type(), n, n))
	}
	for i := range list.Len() {
		if left := fill(t, list.Index(i), docs[:of]); len(left) != 0 {
			t.Fatalf("an element's layout has more fields than its struct: %v", left)
		}
	}
	return docs[of:]
}

// optionalFields returns those of m that need not be there; of a list the list, not its elements' fields.
func optionalFields(m Message) (fields []reflect.Value) {
	for _, doc := range Fields(m) {
		if doc.Optional && !strings.Contains(doc.Name, "[].") {
			name := strings.ToUpper(doc.Name[:1]) + doc.Name[1:]
			fields = append(fields, reflect.ValueOf(m).Elem().FieldByName(name))
		}
	}
	return fields
}

// clearOptional zeroes the fields that need not be there, which is to leave them out.
func clearOptional(m Message) {
	for _, field := range optionalFields(m) {
		field.SetZero()
	}
}

func drawText(t *rapid.T, doc FieldDoc) string {
	longest := 2000
	if width, ok := strings.CutPrefix(doc.Type, "char["); ok {
		longest, _ = strconv.Atoi(strings.TrimSuffix(width, "]"))
		longest-- // for the NUL
	}
	text := rapid.OneOf(
		rapid.StringN(0, min(longest, 40), longest),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, min(longest, 40)), func(b []byte) string { return string(b) }),
		rapid.Map(rapid.IntRange(0, longest), func(n int) string { return strings.Repeat("x", n) }),
	).Draw(t, doc.Name)
	if doc.Type != "str" {
		text = strings.ReplaceAll(text, "\x00", "")
	}
	return text
}

func eachDialect(t *testing.T, property func(t *rapid.T, d Dialect)) {
	for d := range Dialect(Dialects) {
		t.Run(d.String(), rapid.MakeCheck(func(t *rapid.T) { property(t, d) }))
	}
}

func TestBytesRoundTrip(t *testing.T) {
	eachDialect(t, func(t *rapid.T, d Dialect) {
		m := drawMessage(t, d)
		written := d.Append([]byte("before"), m)
		if string(written[:6]) != "before" {
			t.Fatal("Append changes what was there")
		}
		src := bufio.NewReaderSize(bytes.NewReader(written[6:]), MaxPacket)
		packet, err := d.Next(src, nil, MaxPacket)
		if err != nil || !bytes.Equal(packet, written[6:]) {
			t.Fatalf("Next gives %d of %d bytes: %v", len(packet), len(written)-6, err)
		}
		if got, err := d.Decode(packet); err != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("read back as %+v, %v", got, err)
		}
	})
}

func TestTextRoundTrip(t *testing.T) {
	eachDialect(t, func(t *rapid.T, d Dialect) {
		m := drawMessage(t, d)
		line := Format(m)
		if strings.Contains(line, "\n") {
			t.Fatalf("%q has more than one line", line)
		}
		if got, err := d.Parse(line); err != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("%s is parsed as %+v, %v", line, got, err)
		}
	})
}

// TestCutUndoesAppend: packets that stand in one buffer come apart as they were put in.
func TestCutUndoesAppend(t *testing.T) {
	eachDialect(t, func(t *rapid.T, d Dialect) {
		var run []byte
		var want [][]byte
		for range rapid.IntRange(1, 5).Draw(t, "packets") {
			before := len(run)
			run = d.Append(run, drawMessage(t, d))
			want = append(want, bytes.Clone(run[before:]))
		}
		for i, packet := range want {
			var got []byte
			if got, run = d.Cut(run); !bytes.Equal(got, packet) {
				t.Fatalf("packet %d is %x, want %x", i, got, packet)
			}
		}
		if len(run) != 0 {
			t.Fatalf("%d bytes are left", len(run))
		}
	})
}

// TestNativePacketsMayGrow: a later version may append fields.
func TestNativePacketsMayGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMessage(t, Native)
		for _, v := range optionalFields(m) { // what follows would be taken for one that is left out
			switch {
			case v.IsZero() && v.Kind() == reflect.Slice:
				v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			case v.IsZero() && v.Kind() == reflect.String:
				v.SetString("x")
			case v.IsZero():
				v.SetUint(1)
			}
		}
		packet := append(Native.Append(nil, m), rapid.SliceOfN(rapid.Byte(), 1, 50).Draw(t, "more")...)
		binary.LittleEndian.PutUint16(packet, uint16(len(packet)))
		if got, err := Native.Decode(packet); err != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("read as %+v, %v", got, err)
		}
	})
}

func TestTruncated(t *testing.T) {
	eachDialect(t, func(t *rapid.T, d Dialect) {
		m := drawMessage(t, d)
		clearOptional(m)
		whole := d.Append(nil, m)
		n := rapid.IntRange(0, len(whole)-1).Draw(t, "kept")
		if got, err := d.Peek(&pieces{seen: whole[:n]}, MaxPacket); err == nil || IsViolation(err) {
			t.Fatalf("Peek takes %x for a packet (%v)", got, err)
		}
		packet := whole[:max(n, HeaderSize)]
		if len(packet) == len(whole) { // a packet without a body has nothing to lose
			return
		}
		sizeAt := map[Dialect]int{Native: 0, Classic: 2}[d]
		binary.LittleEndian.PutUint16(packet[sizeAt:], uint16(len(packet)))
		if got, err := d.Decode(packet); !IsViolation(err) {
			t.Fatalf("%d of %d bytes are read as %+v, %v", len(packet), len(whole), got, err)
		}
	})
}

// TestDecoderAgrees: the server reads native requests as everybody else does.
func TestDecoderAgrees(t *testing.T) {
	var dec Decoder // one for all, as a connection has it
	rapid.Check(t, func(t *rapid.T) {
		m := drawMessage(t, Native)
		packet := Native.Append(nil, m)
		got, err := dec.Decode(Native, packet)
		if Lookup(m.Type()).To&ToServer == 0 {
			if !IsViolation(err) || got != nil {
				t.Fatalf("the server reads %+v, %v", got, err)
			}
			return
		}
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("the server reads %+v, %v", got, err)
		}
	})
}

// TestClassicTextsAreCutAtRunes: whatever a native user writes, a classic client gets valid UTF-8 that ends in a NUL.
func TestClassicTextsAreCutAtRunes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runes := rapid.SliceOfN(rapid.SampledFrom([]rune("aé☺👋")), 1, 60).Draw(t, "runes")
		user := strings.Repeat(string(runes), rapid.IntRange(1, 40).Draw(t, "times"))
		m, err := Classic.Decode(Classic.Append(nil, &BroadcastNotify{User: user, Message: user}))
		if err != nil {
			t.Fatal(err)
		}
		check := func(got string, limit int) {
			if !strings.HasPrefix(user, got) || len(got) > limit || strings.ToValidUTF8(got, "") != got ||
				len(got) < min(len(user), limit-3) {
				t.Fatalf("%q is cut to %d bytes, %q", user, len(got), got)
			}
		}
		check(m.(*BroadcastRes).User, classicName-1)
		check(m.(*BroadcastRes).Message, classicMessage-1)
	})
}
