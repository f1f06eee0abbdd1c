package codec

import (
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	f := func(in string, want Message) {
		t.Helper()
		if got, err := Native.Parse(in); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", in, got, err, want)
		}
	}
	f("Ping", &Ping{})
	f("  Ping  ", &Ping{})
	f("Ping ref=7", &Ping{Asked{7}})
	f("Ping   ref=0x7", &Ping{Asked{7}})
	f("Ping ref=4294967295", &Ping{Asked{1<<32 - 1}})
	f(`WhisperRequest to="bob" message="psst" ref=7`, &WhisperRequest{Asked{7}, "bob", "psst"}) // in any order
	f(`WhisperRequest message="a b=c \"d\" \n\u263a"`, &WhisperRequest{Message: "a b=c \"d\" \n☺"})
	f("WhisperRequest message=`a\\b`", &WhisperRequest{Message: `a\b`})
	f(`BroadcastRequest message="\xff"`, &BroadcastRequest{Message: "\xff"})
	f("SystemNotify code=KICKED", &SystemNotify{Code: Kicked})
	f("SystemNotify code=SUCCESS", &SystemNotify{})
	f("SystemNotify code=1025", &SystemNotify{Code: Kicked})
	f("SystemNotify code=4711", &SystemNotify{Code: 4711})
	f("BroadcastResponse id=18446744073709551615", &BroadcastResponse{ID: 1<<64 - 1})
}

func TestParseFails(t *testing.T) {
	f := func(d Dialect, in, want string) {
		t.Helper()
		if m, err := d.Parse(in); err == nil || err.Error() != want {
			t.Errorf("%s: Parse(%q) = %v, %v; want %s", d, in, m, err, want)
		}
	}
	f(Native, "", `no native packet is called ""`)
	f(Native, "Nothing ref=1", `no native packet is called "Nothing"`)
	f(Native, "PING ref=1", `no native packet is called "PING"`)
	f(Native, "LoginReq", `no native packet is called "LoginReq"`)
	f(Classic, "LoginRequest", `no classic packet is called "LoginRequest"`)
	f(Native, "Ping ref", `Ping: "ref" is no field=value`)
	f(Native, "Ping 7", `Ping: "7" is no field=value`)
	f(Native, "Ping ref=", "Ping: ref= is not a number of 32 bits")
	f(Native, "Ping ref=x", "Ping: ref=x is not a number of 32 bits")
	f(Native, "Ping ref=-1", "Ping: ref=-1 is not a number of 32 bits")
	f(Native, "Ping ref=4294967296", "Ping: ref=4294967296 is not a number of 32 bits")
	f(Native, `Ping ref="7"`, `Ping: ref="7" is not a number of 32 bits`)
	f(Native, "LoginResponse heartbeat=65536", "LoginResponse: heartbeat=65536 is not a number of 16 bits")
	f(Native, "BroadcastNotify id=18446744073709551616", "BroadcastNotify: id=18446744073709551616 is not a number of 64 bits")
	f(Native, "BroadcastRequest message=hi", "BroadcastRequest: message=hi is not a quoted string")
	f(Native, `BroadcastRequest message="hi`, `BroadcastRequest: message="hi is not a quoted string`)
	f(Native, "SystemNotify code=success", "SystemNotify: code=success is not a result code")
	f(Native, "SystemNotify code=65536", "SystemNotify: code=65536 is not a result code")
	f(Native, `SystemNotify code="KICKED"`, `SystemNotify: code="KICKED" is not a result code`)
	f(Native, "Ping ref=1 to=2 a=3", "Ping has no field a, to")
	f(Native, "Ping ref=1 ref=2", "Ping: ref is given twice")
	f(Native, `WhisperRequest to="a" to="b"`, "WhisperRequest: to is given twice")
	f(Native, `WhisperRequest to="a"message="b"`, `WhisperRequest: a blank must follow to="a"`)
	// The first field that is wrong in wire order is named.
	f(Native, "LoginResponse result=NO ref=x", "LoginResponse: ref=x is not a number of 32 bits")
}

func TestFormat(t *testing.T) {
	f := func(m Message, want string) {
		t.Helper()
		if got := Format(m); got != want {
			t.Errorf("Format = %s, want %s", got, want)
		}
	}
	f(&Ping{}, "Ping ref=0")
	f(&WhisperRequest{Asked{7}, "bob", "a \"b\"\n\x00\xff☺"}, `WhisperRequest ref=7 to="bob" message="a \"b\"\n\x00\xff☺"`)
	f(&LogoutResponse{Answer{1, NotLoggedIn}}, "LogoutResponse ref=1 result=NOT_LOGGED_IN")
	f(&SystemNotify{Code: 4711}, `SystemNotify code=4711 message=""`)
	f(&BroadcastNotify{ID: 1<<64 - 1}, `BroadcastNotify id=18446744073709551615 user="" message=""`)
	f(&LoginReq{"a", "b", "c"}, `LoginReq userId="a" password="b" username="c"`)
	f(&WhisperRes{UserNotFound, "a", "b"}, `WhisperRes result=USER_NOT_FOUND sender="a" message="b"`)
}

// TestNamesAreTheGoTypes: scripts are searched for by the names of the Go types.
func TestNamesAreTheGoTypes(t *testing.T) {
	for d, messages := range bothTables() {
		for _, m := range messages {
			if want := reflect.TypeOf(m).Elem().Name(); Name(m) != want {
				t.Errorf("%s: type %d is called %s, its Go type %s", d, m.Type(), Name(m), want)
			}
		}
	}
}

// bothTables returns a zero message for every row, by dialect.
func bothTables() map[Dialect][]Message {
	all := map[Dialect][]Message{}
	for i := range Table {
		all[Native] = append(all[Native], Table[i].New())
	}
	for i := range ClassicTable {
		all[Classic] = append(all[Classic], ClassicTable[i].New())
	}
	return all
}

func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for i, row := range Codes {
		if i > 0 && Codes[i-1].Code >= row.Code {
			t.Errorf("%s is out of order", row.Name)
		}
		if seen[row.Name] || row.Name == "" || row.Name != strings.ToUpper(row.Name) || row.Text == "" {
			t.Errorf("row %d: %+v", i, row)
		}
		seen[row.Name] = true
		if row.Code.String() != row.Name || row.Code.Text() != row.Text || row.Code.Error() != row.Name+": "+row.Text {
			t.Errorf("%d: %s, %s, %s", row.Code, row.Code, row.Code.Text(), row.Code.Error())
		}
	}
	if got := Code(4711).Error(); got != "4711: unknown result 4711" {
		t.Errorf("an unknown code reads %q", got)
	}
}
