package codec

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"hubbub/internal/vectors"
)

// limit is the server's default for a packet towards it.
const limit = 4096

func load(t testing.TB, name string) []vectors.Block {
	t.Helper()
	blocks, err := vectors.Load("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

func dialectOf(t testing.TB, b vectors.Block) Dialect {
	t.Helper()
	for d := range Dialect(Dialects) {
		if d.String() == b.Dialect {
			return d
		}
	}
	t.Fatalf("line %d: no dialect is called %q", b.Line, b.Dialect)
	return 0
}

func TestVectors(t *testing.T) {
	for _, b := range load(t, "vectors.txt") {
		d := dialectOf(t, b)
		parsed, err := d.Parse(b.Text)
		if err != nil {
			t.Errorf("line %d: %v", b.Line, err)
			continue
		}
		if got := d.Append(nil, parsed); !bytes.Equal(got, b.Bytes) {
			t.Errorf("line %d: %s is written as\n%swant\n%s", b.Line, b.Text, hex.Dump(got), hex.Dump(b.Bytes))
		}
		read, err := d.Decode(b.Bytes)
		if err != nil || !reflect.DeepEqual(read, parsed) {
			t.Errorf("line %d: read as %+v (%v), want %+v", b.Line, read, err, parsed)
			continue
		}
		if got := Format(read); got != b.Text {
			t.Errorf("line %d: printed as\n%s, want\n%s", b.Line, got, b.Text)
		}
		packet, err := d.Next(bufio.NewReaderSize(bytes.NewReader(b.Bytes), limit), nil, limit)
		if err != nil || !bytes.Equal(packet, b.Bytes) {
			t.Errorf("line %d: Next gives %d of %d bytes (%v)", b.Line, len(packet), len(b.Bytes), err)
		}
	}
}

// TestEveryPacketHasAVector fails for a new row of a table with the block that it lacks, to be checked by hand against
// docs/PROTOCOL.md and put into vectors.txt.
func TestEveryPacketHasAVector(t *testing.T) {
	var seen [Dialects]map[Type]bool
	for i := range seen {
		seen[i] = map[Type]bool{}
	}
	for _, b := range load(t, "vectors.txt") {
		d := dialectOf(t, b)
		_, kind := d.header(b.Bytes)
		seen[d][Type(kind)] = true
	}
	for d, rows := range bothTables() {
		for _, m := range rows {
			if !seen[d][m.Type()] {
				t.Errorf("vectors.txt lacks\n%s | %s\n    %x", d, Format(m), d.Append(nil, m))
			}
		}
	}
}

// olderLogin is a LoginResponse as a client of an earlier version knows it, of which the first had no optional field.
type olderLogin struct {
	LoginResponse
	optional bool
}

func (m *olderLogin) layout(f *fields) {
	m.Answer.layout(f)
	f.u64("session", &m.Session)
	f.str("user", &m.User)
	f.u32("caps", &m.Caps)
	f.u16("heartbeat", &m.Heartbeat)
	if m.optional && f.optional(m.Latest != 0 || m.Gap != 0) {
		f.id("latest", &m.Latest)
		if f.optional(m.Gap != 0) {
			f.id("gap", &m.Gap)
		}
	}
}

// TestOlderClientsReadLogins: fields that were appended since don't change what an older client reads in any golden vector.
func TestOlderClientsReadLogins(t *testing.T) {
	logins := 0
	for _, b := range load(t, "vectors.txt") {
		m, err := dialectOf(t, b).Decode(b.Bytes)
		login, ok := m.(*LoginResponse)
		if err != nil || !ok {
			continue
		}
		logins++
		for _, optional := range []bool{false, true} {
			old := olderLogin{optional: optional}
			f := &fields{walk: reading, buf: b.Bytes[HeaderSize:]}
			old.layout(f)
			want := *login
			want.MaxMessage, want.MaxPacket, want.Rate, want.Burst, want.Online, want.Refusal = 0, 0, 0, 0, 0, Refusal{}
			if !optional {
				want.Latest, want.Gap = 0, 0
			}
			if f.err != nil || old.LoginResponse != want {
				t.Errorf("line %d: an older client reads %+v, %v, want %+v", b.Line, old.LoginResponse, f.err, want)
			}
		}
	}
	if logins < 5 {
		t.Errorf("vectors.txt has %d answers to logins", logins)
	}
}

// olderAnswer is the answer to a registration, a broadcast or a whisper as a client of an earlier version knows it.
type olderAnswer struct {
	Answer
	id   ID
	none bool // the answer has no id
}

func (m *olderAnswer) layout(f *fields) {
	m.Answer.layout(f)
	if !m.none {
		f.id("id", &m.id)
	}
}

// TestOlderClientsReadRefusals: what failed answers tell beside their code does not change what an older client reads of them.
func TestOlderClientsReadRefusals(t *testing.T) {
	told := 0
	for _, b := range load(t, "vectors.txt") {
		m, err := dialectOf(t, b).Decode(b.Bytes)
		answer, ok := m.(Explainer)
		if err != nil || !ok {
			continue
		}
		var old olderAnswer
		var id ID
		switch m := m.(type) {
		case *BroadcastResponse:
			id = m.ID
		case *WhisperResponse:
			id = m.ID
		case *RegisterResponse, *PasswordResponse:
			old.none = true
		default:
			continue // a login's is another test's
		}
		f := &fields{walk: reading, buf: b.Bytes[HeaderSize:]}
		old.layout(f)
		ref, result := answer.Outcome()
		if f.err != nil || old.Ref != ref || old.Result != result || old.id != id {
			t.Errorf("line %d: an older client reads %+v (%v)", b.Line, old, f.err)
		}
		if answer.Explained() != (Refusal{}) {
			told++
		}
	}
	if told < 3 {
		t.Errorf("vectors.txt has %d answers that tell more than a code", told)
	}
}

func TestMalformed(t *testing.T) {
	for _, b := range load(t, "malformed.txt") {
		got, err := fate(t, b)
		if got != b.Text {
			t.Errorf("line %d: got %q, want %q", b.Line, got, b.Text)
		}
		if wantViolation := b.Text != "incomplete" && b.Text != "ignored"; IsViolation(err) != wantViolation {
			t.Errorf("line %d: %v: violation should be %t", b.Line, err, wantViolation)
		}
	}
}

// fate hands a malformed packet to its reader and says what becomes of it.
func fate(t *testing.T, b vectors.Block) (string, error) {
	t.Helper()
	d := dialectOf(t, b)
	var (
		m   Message
		err error
	)
	switch b.Reader {
	case "frame":
		src := &pieces{seen: b.Bytes}
		dst, nextErr := d.Next(src, []byte("before"), d.Limit(limit))
		if string(dst) != "before" {
			t.Errorf("line %d: a failed Next returns %q", b.Line, dst)
		}
		if len(src.seen) != len(b.Bytes) {
			t.Errorf("line %d: a failed Next consumes %d bytes", b.Line, len(b.Bytes)-len(src.seen))
		}
		err = nextErr
	case "server":
		m, err = new(Decoder).Decode(d, b.Bytes)
	case "client":
		m, err = d.Decode(b.Bytes)
	default:
		t.Fatalf("line %d: there is no reader %q", b.Line, b.Reader)
	}
	switch {
	case errors.Is(err, io.ErrShortBuffer):
		return "incomplete", err
	case err != nil:
		return err.Error(), err
	case m == nil:
		return "ignored", nil
	}
	return Format(m), nil
}

// TestServerRefusesWhatOnlyServersSend makes sure that malformed.txt stays complete.
func TestServerRefusesWhatOnlyServersSend(t *testing.T) {
	refused := map[string]bool{}
	for _, b := range load(t, "malformed.txt") {
		if name, _, ok := strings.Cut(b.Text, " can't be sent"); ok {
			refused[strings.TrimPrefix(name, "packet type ")] = true
		}
	}
	for i := range Table {
		if row := &Table[i]; row.To == ToClient && !refused[row.Name] {
			t.Errorf("malformed.txt lacks a %s sent to the server", row.Name)
		}
	}
}
