package codec

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	names := map[string]bool{}
	for i := range Table {
		row := &Table[i]
		m := row.New()
		if m.Type() != row.Type || Lookup(row.Type) != row || row.Type.String() != row.Name {
			t.Errorf("%s: its message has type %d, Lookup gives %v", row.Name, m.Type(), Lookup(row.Type))
		}
		if names[row.Name] || row.Doc == "" || row.To == 0 || row.Type&0x8000 != 0 {
			t.Errorf("row %d: %+v", i, *row)
		}
		names[row.Name] = true
		if row.Reply != 0 {
			checkReply(t, row)
		}
		if got := new(Decoder).request(row.Type); (got != nil) != (row.To&ToServer != 0) {
			t.Errorf("%s goes to the %s, a Decoder knows it: %t", row.Name, row.To, got != nil)
		}
		if row.To == ToClient && (row.Metered || row.Stage != Connected || row.Reply != 0) {
			t.Errorf("%s: a gate for a packet that no client may send", row.Name)
		}
	}
	for _, none := range []Type{0, 103, TypeMax, 0x8000, 65535} {
		if Lookup(none) != nil {
			t.Errorf("Lookup(%d) = %s", none, Lookup(none).Name)
		}
	}
}

func checkReply(t *testing.T, row *Row) {
	t.Helper()
	if _, ok := row.New().(Request); !ok {
		t.Errorf("%s is answered, but is no Request", row.Name)
	}
	reply := Lookup(row.Reply)
	if reply == nil || reply.To&ToClient == 0 {
		t.Fatalf("%s is answered by type %d, which no client gets", row.Name, row.Reply)
	}
	if _, ok := reply.New().(Response); !ok && reply.Type != TypePong {
		t.Errorf("%s answers %s, but is no Response", reply.Name, row.Name)
	}
}

func TestClassicTable(t *testing.T) {
	for i := range ClassicTable {
		row := &ClassicTable[i]
		packet := Classic.Append(nil, row.New())
		if size, kind := Classic.header(packet); size != row.Size || len(packet) != row.Size || Type(kind) != row.Type {
			t.Errorf("%s: %d bytes, header %d, %d; want %d bytes of type %d", row.Name, len(packet), size, kind, row.Size, row.Type)
		}
		if m, _ := new(Decoder).Decode(Classic, packet); (m != nil) != (row.To == ToServer) {
			t.Errorf("%s: the server decodes it to %v", row.Name, m)
		}
	}
}

// TestFieldOffsets holds the offsets against docs/PROTOCOL.md's.
func TestFieldOffsets(t *testing.T) {
	f := func(m Message, want ...FieldDoc) {
		t.Helper()
		if got := Fields(m); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", Name(m), got, want)
		}
	}
	f(&LoginRequest{}, FieldDoc{Name: "ref", Type: "u32", Offset: 4}, FieldDoc{Name: "user", Type: "str", Offset: 8}, FieldDoc{Name: "password", Type: "str", Offset: -1},
		FieldDoc{Name: "caps", Type: "u32", Offset: -1}, FieldDoc{Name: "since", Type: "u64", Offset: -1})
	f(&LoginResponse{}, FieldDoc{Name: "ref", Type: "u32", Offset: 4}, FieldDoc{Name: "result", Type: "u16", Offset: 8}, FieldDoc{Name: "session", Type: "u64", Offset: 10},
		FieldDoc{Name: "user", Type: "str", Offset: 18}, FieldDoc{Name: "caps", Type: "u32", Offset: -1}, FieldDoc{Name: "heartbeat", Type: "u16", Offset: -1},
		FieldDoc{Name: "latest", Type: "u64", Offset: -1, Optional: true}, FieldDoc{Name: "gap", Type: "u64", Offset: -1, Optional: true},
		FieldDoc{Name: "maxMessage", Type: "u16", Offset: -1, Optional: true}, FieldDoc{Name: "maxPacket", Type: "u16", Offset: -1, Optional: true},
		FieldDoc{Name: "rate", Type: "u32", Offset: -1, Optional: true}, FieldDoc{Name: "burst", Type: "u32", Offset: -1, Optional: true},
		FieldDoc{Name: "online", Type: "u32", Offset: -1, Optional: true},
		FieldDoc{Name: "wait", Type: "u32", Offset: -1, Optional: true}, FieldDoc{Name: "detail", Type: "str", Offset: -1, Optional: true})
	f(&HistoryResponse{}, FieldDoc{Name: "ref", Type: "u32", Offset: 4}, FieldDoc{Name: "result", Type: "u16", Offset: 8},
		FieldDoc{Name: "more", Type: "u8", Offset: 10}, FieldDoc{Name: "messages", Type: "u16", Offset: 11, List: true},
		FieldDoc{Name: "messages[].id", Type: "u64", Offset: -1}, FieldDoc{Name: "messages[].user", Type: "str", Offset: -1},
		FieldDoc{Name: "messages[].message", Type: "str", Offset: -1}, FieldDoc{Name: "gap", Type: "u64", Offset: -1, Optional: true},
		FieldDoc{Name: "times", Type: "u16", Offset: -1, Optional: true, List: true},
		FieldDoc{Name: "times[].at", Type: "u64", Offset: -1, Optional: true})
	f(&LoginReq{}, FieldDoc{Name: "userId", Type: "char[33]", Offset: 4}, FieldDoc{Name: "password", Type: "char[33]", Offset: 37}, FieldDoc{Name: "username", Type: "char[33]", Offset: 70})
	f(&WhisperRes{}, FieldDoc{Name: "result", Type: "u16", Offset: 4}, FieldDoc{Name: "sender", Type: "char[33]", Offset: 6}, FieldDoc{Name: "message", Type: "char[1025]", Offset: 39})
}

// TestClassicMeetsNative: both kinds of clients are in one chat, so a classic packet means a native message.
func TestClassicMeetsNative(t *testing.T) {
	in := func(classic, native string) {
		t.Helper()
		m, err := Classic.Parse(classic)
		if err != nil {
			t.Fatal(err)
		}
		got, err := new(Decoder).Decode(Classic, Classic.Append(nil, m))
		if err != nil || Format(got) != native {
			t.Errorf("%s means %v (%v), want %s", classic, got, err, native)
		}
	}
	in(`LoginReq userId="id" password="pw" username="alice"`, `LoginRequest ref=0 user="alice" password="pw" caps=0 since=0`)
	in(`BroadcastReq message="hi"`, `BroadcastRequest ref=0 message="hi"`)
	in(`WhisperReq receiver="bob" message="hi"`, `WhisperRequest ref=0 to="bob" message="hi"`)

	out := func(native, classic string) {
		t.Helper()
		m, err := Native.Parse(native)
		if err != nil {
			t.Fatal(err)
		}
		packet := Classic.Append([]byte("before"), m)[len("before"):]
		if got := formatClassic(t, packet); got != classic {
			t.Errorf("%s becomes %s, want %s", native, got, classic)
		}
	}
	out(`LoginResponse ref=1 result=LOGIN_USER_ALREADY user="alice"`, "LoginRes result=LOGIN_USER_ALREADY")
	out(`BroadcastNotify id=1 user="alice" message="hi"`, `BroadcastRes user="alice" message="hi"`)
	out(`WhisperNotify id=1 user="alice" message="hi"`, `WhisperRes result=SUCCESS sender="alice" message="hi"`)
	for _, none := range []string{"LogoutResponse", "BroadcastResponse", "WhisperResponse", "Ping", "Pong", "GapNotify"} {
		out(none, "")
	}
	out(`SystemNotify code=REPLACED message="bye"`, `BroadcastRes user="server" message="bye"`)
	long := strings.Repeat("x", 1022)
	out(`BroadcastNotify user="alice" message="`+long+`é"`, `BroadcastRes user="alice" message="`+long+`é"`)
	out(`BroadcastNotify user="alice" message="`+long+`☺"`, `BroadcastRes user="alice" message="`+long+`"`)
}

// formatClassic prints a packet, or nothing when there is none.
func formatClassic(t *testing.T, packet []byte) string {
	t.Helper()
	if len(packet) == 0 {
		return ""
	}
	m, err := Classic.Decode(packet)
	if err != nil {
		t.Fatal(err)
	}
	return Format(m)
}

func TestAppendFailure(t *testing.T) {
	f := func(d Dialect, request Message, code Code, want string) {
		t.Helper()
		packet := d.AppendFailure([]byte("before"), request, code)[len("before"):]
		got := ""
		for run := packet; len(run) > 0; {
			packet, run = d.Cut(run)
			m, err := d.Decode(packet)
			if err != nil {
				t.Fatal(err)
			}
			if got != "" {
				got += " + "
			}
			got += Format(m)
		}
		if got != want {
			t.Errorf("%s: %s fails with\n%s, want\n%s", d, Format(request), got, want)
		}
	}
	f(Native, &LoginRequest{Asked: Asked{7}}, NameInvalid, `LoginResponse ref=7 result=NAME_INVALID session=0 user="" caps=0 heartbeat=0`)
	f(Native, &LogoutRequest{Asked{7}}, NotLoggedIn, "LogoutResponse ref=7 result=NOT_LOGGED_IN")
	f(Native, &BroadcastRequest{}, RateLimited, "BroadcastResponse ref=0 result=RATE_LIMITED id=0")
	f(Native, &WhisperRequest{Asked{7}, "bob", "hi"}, UserNotFound, "WhisperResponse ref=7 result=USER_NOT_FOUND id=0")
	f(Native, &Ping{Asked{7}}, RateLimited, `SystemNotify code=RATE_LIMITED message="`+RateLimited.Text()+`"`)
	f(Native, &Pong{Asked{7}}, RateLimited, `SystemNotify code=RATE_LIMITED message="`+RateLimited.Text()+`"`)
	f(Classic, &LoginRequest{}, AuthFailed, `LoginRes result=AUTH_FAILED + BroadcastRes user="server" message="`+AuthFailed.Text()+`"`)
	f(Classic, &BroadcastRequest{}, ServerBusy, `BroadcastRes user="server" message="`+ServerBusy.Text()+`"`)
	f(Classic, &WhisperRequest{To: "bob"}, UserNotFound, `WhisperRes result=USER_NOT_FOUND sender="bob" message="User 'bob' not found"`)
	f(Classic, &WhisperRequest{To: "bob"}, RateLimited, `WhisperRes result=RATE_LIMITED sender="bob" message="`+RateLimited.Text()+`"`)
}

func TestOutcome(t *testing.T) {
	for i := range Table {
		answer, ok := Table[i].New().(Response)
		if !ok {
			continue
		}
		answer.Answers(7, Kicked)
		if ref, code := answer.Outcome(); ref != 7 || code != Kicked {
			t.Errorf("%s: %d, %s", Table[i].Name, ref, code)
		}
	}
}

func TestAppendRefusesMoreThanTheSizeFieldHolds(t *testing.T) {
	f := func(length int, wantPanic bool) {
		t.Helper()
		defer func() {
			if got := recover(); (got != nil) != wantPanic {
				t.Errorf("a message of %d bytes: panic %v", length, got)
			}
		}()
		Native.Append(nil, &BroadcastRequest{Message: strings.Repeat("x", length)})
	}
	f(MaxPacket-10, false) // header, ref and the message's length leave so much
	f(MaxPacket-9, true)
	f(1<<16, true)
	f(1<<17, true)
}

// TestDecoderForgets: what an earlier packet left in a Decoder must not shine through in a later one.
func TestDecoderForgets(t *testing.T) {
	f := func(full, empty Message, classic Message) {
		t.Helper()
		var dec Decoder
		for d, packet := range map[Dialect][]byte{Native: Native.Append(nil, empty), Classic: Classic.Append(nil, classic)} {
			if _, err := dec.Decode(Native, Native.Append(nil, full)); err != nil {
				t.Fatal(err)
			}
			if m, err := dec.Decode(d, packet); err != nil || !reflect.DeepEqual(m, empty) {
				t.Errorf("%s: %+v, %v", d, m, err)
			}
		}
	}
	f(&LoginRequest{Asked: Asked{1}, User: "alice", Password: "secret", Caps: 1, Since: 2}, &LoginRequest{}, &LoginReq{})
	f(&BroadcastRequest{Asked{1}, "hi"}, &BroadcastRequest{}, &BroadcastReq{})
	f(&WhisperRequest{Asked{1}, "bob", "hi"}, &WhisperRequest{}, &WhisperReq{})
}

// TestDecodeSharesThePacket holds the promise of the package's comment: nothing is copied.
func TestDecodeSharesThePacket(t *testing.T) {
	packet := Native.Append(nil, &BroadcastRequest{Message: "hi"})
	m, err := new(Decoder).Decode(Native, packet)
	if err != nil {
		t.Fatal(err)
	}
	copy(packet[bytes.Index(packet, []byte("hi")):], "ho")
	if got := m.(*BroadcastRequest).Message; got != "ho" {
		t.Errorf("the message reads %q after the packet changed", got)
	}
}

func TestCutText(t *testing.T) {
	f := func(in string, limit int, want string) {
		t.Helper()
		if got := cutText(in, limit); got != want {
			t.Errorf("cutText(%q, %d) = %q, want %q", in, limit, got, want)
		}
	}
	f("", 0, "")
	f("abc", 3, "abc")
	f("abc", 2, "ab")
	f("abc", 0, "")
	f("aé", 3, "aé")
	f("aé", 2, "a")
	f("aé", 1, "a")
	f("☺", 3, "☺")
	f("☺", 2, "")
	f("☺", 1, "")
	f("a👋b", 5, "a👋")
	f("a👋b", 4, "a")
	f("a👋b", 2, "a")
	f("éé", 2, "é")
	f("éé", 3, "é")
}
